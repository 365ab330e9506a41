# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
# What happens to an open volume.

read_direct() {
    dd if=/dev/mapper/v of=/dev/null bs=64k count=4 iflag=direct status=none
}

use aescipher
opens 'a volume, to live with'
turn 'remove,00'
works 'the card goes away: I/O goes on' read_direct
works 'and the plaintext is right' witness
run_boot
is 'and another boot has nothing to do' 0 "$status"
turn invalidate
fails 'a migration to where no card is: I/O fails' read_direct
turn 'add,00,CEX8C;add,00.0047,second'
fails 'nor does a card with another master key help' read_direct
turn 'mk,00.0047,cur,first'
works 'the right master key does' read_direct
works 'and nothing was harmed' witness
dd if=/dev/mapper/v of=/dev/null bs=4k iflag=direct status=none &
turn invalidate
if wait $!; then ok 'a migration in the middle of I/O, with a card there: nobody notices'; else
    not_ok 'a migration in the middle of I/O, with a card there: nobody notices'
fi
turn 'rotate,00,second'
turn invalidate
works 'the master key changed, ours is OLD: I/O goes on' read_direct
cexluks close v >/dev/null
opens 'and the volume opens again with the OLD one'
said 'and with a warning' 'master-key-old'
cexluks close v >/dev/null
turn 'rotate,00,third'
closed 'the master key changed twice' master-key-unknown ''
