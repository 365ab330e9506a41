#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is typed on a terminal: passphrases once and twice, in silence, and interrupted.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/terminal.sh
source tests/integration/terminal.sh
need 'a terminal' script cryptsetup jq curl

sim_start --instance prod=key-protect || exit 1
sim_conf prod key-protect >"$CONF"

# --- a passphrase that is there ---------------------------------------------------------------------------------------

volume_make "$ROOM/vol"
before="$(digest "$ROOM/vol")"
question="Passphrase that opens $ROOM/vol now: "

terminal_begin "$CEXLUKS" bind "$ROOM/vol" kms:prod --config "$CONF"
terminal_see "$question"
terminal_interrupt
terminal_end
expect 'Ctrl-C at the question ends bind as the signal does' 130
check 'and the terminal shows again what is typed' same "$echo_after" on
unchanged 'the volume is as it was' "$ROOM/vol" "$before"

terminal_begin "$CEXLUKS" bind "$ROOM/vol" kms:prod --config "$CONF"
terminal_see "$question"
terminal_type ''
terminal_end
expect 'Enter alone is no passphrase' 2 'no passphrase was typed'

terminal_begin "$CEXLUKS" bind "$ROOM/vol" kms:prod --config "$CONF"
terminal_see "$question"
terminal_type "$(printf '%0513d' 0)"
terminal_end
expect 'nor is one that is too long' 2 '512 bytes at most'

terminal_begin "$CEXLUKS" bind "$ROOM/vol" kms:prod --config "$CONF"
terminal_see "$question"
terminal_type "$PASSPHRASE"
terminal_end
expect 'bind takes a typed passphrase' 0 'ok: '
check 'which nobody sees' not contains "$screen" "$PASSPHRASE"
check 'and the terminal is as it was' same "$echo_after" on

# --- a new one, which is typed twice ----------------------------------------------------------------------------------

with_card="$B/tests/faults/with-card" # the helper with a card of its own
mkdir "$ROOM/root"
cp -r tests/fixtures/sysfs/two-cards-one-offline/{sys,dev,proc} "$ROOM/root/"
first="New passphrase for $ROOM/disk: " second="The same for $ROOM/disk again: "

format_begin() { # up to the first question, on a disk that holds nothing
    rm -f "$ROOM/disk"
    truncate -s 24M "$ROOM/disk"
    before="$(digest "$ROOM/disk")"
    terminal_begin env FAULTS_CARD=1 "$with_card" format "$ROOM/disk" --sysroot "$ROOM/root"
    terminal_see "$first"
}

format_begin
terminal_type "$PASSPHRASE"
terminal_see "$second"
terminal_type "$PASSPHRASE"
terminal_end
expect 'format takes a passphrase that is typed twice' 0 'lock: '
check 'which nobody sees' not contains "$screen" "$PASSPHRASE"
check 'the terminal is as it was' same "$echo_after" on
check 'and the volume has it, and nothing else' same "$(header_json "$ROOM/disk" | jq -c '.keyslots | keys')" '["0"]'
check 'and opens with it' opens_for_human "$ROOM/disk"

format_begin
terminal_type "$PASSPHRASE"
terminal_see "$second"
terminal_type "$PASSPHRASE!"
terminal_end
expect 'two that differ are none' 2 'these are two different passphrases' 'nothing was written'
unchanged 'and the disk is as it was' "$ROOM/disk" "$before"

for moment in first second; do
    format_begin
    if [[ $moment == second ]]; then
        terminal_type "$PASSPHRASE"
        terminal_see "$second"
    fi
    terminal_interrupt
    terminal_end
    expect "Ctrl-C at the $moment question ends format" 130
    check "and the terminal shows again what is typed ($moment)" same "$echo_after" on
    unchanged "and the disk is as it was ($moment)" "$ROOM/disk" "$before"
done
summary
