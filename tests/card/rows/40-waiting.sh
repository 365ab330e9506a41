# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
# Cards that come late, go at the wrong moment, or are busy.

fresh none
use aescipher
turn 'after,20000,add,00,CEX8C;after,20100,add,00.0047'
opens 'card 20 s late' 26
awk "BEGIN { exit !($took >= 15) }" || not_ok 'card 20 s late: but that was too early to be true'

# Long after the timeout, with the operator before the prompt.
fresh none
use aescipher
closed 'card later than the timeout' no-card ''
turn 'after,6000,add,00,CEX8C;after,6100,add,00.0047'
run_boot --retry
judge_open 'and behind the prompt it opens' 60

fresh none
use aescipher
turn 'add,00,CEX8C;add,00.0047;offline,00'
turn 'after,4000,online,00'
opens 'card set online while waiting' 15

fresh '' second
use aescipher
turn 'after,4000,mk,00,cur,first'
opens 'master key set while waiting' 18

# the card goes between being found and being used
fresh 00:CEX8C:0047
use aescipher
echo 1500 >/sys/module/softcex/parameters/delay
turn 'after,2200,offline,00'
closed 'queue goes offline between list and use' card-offline ''
echo 0 >/sys/module/softcex/parameters/delay

fresh
use aescipher
turn 'fail,verify,EBUSY,2;fail,unwrap,EBUSY,2'
opens 'busy after a change of the master key' 18

fresh
use aescipher
turn 'fail,verify,EBUSY,-1;fail,unwrap,EBUSY,-1'
closed 'busy for ever' card-offline 'busy'

fresh
use aescipher
turn 'fail,unwrap,EIO,-1'
closed 'the card refuses to unwrap' device-mapper 'refuses the key'

echo 0 >/sys/module/softcex/parameters/einval
fresh
use aescipher
turn 'fail,unwrap,EBUSY,2'
opens 'the same with Linux 6.16: busy' 18
fresh
use aescipher
opens 'the same with Linux 6.16: good'
echo 1 >/sys/module/softcex/parameters/einval

# Before Linux 5.4 there was only AESDATA.
echo -n new >/sys/module/softcex/parameters/enotty
fresh
use aesdata
opens 'old kernel: AESDATA'
echo -n '' >/sys/module/softcex/parameters/enotty
