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

format_asks() {
    local moment
    format_begin
    terminal_type "$PASSPHRASE"
    terminal_see "$second"
    terminal_type "$PASSPHRASE"
    terminal_end
    expect 'format takes a passphrase that is typed twice' 0 'lock: '
    check 'tells what it does' contains "$screen" 'a card makes a secure key ...' 'writing the header ...'
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
}

with_card="$B/tests/faults/with-card" # the helper with a card of its own
if [[ -x $with_card ]]; then
    format_asks
else
    skip 'format on a terminal: this build has no helper with a card of its own'
fi

# --- progress and colours, for those who look -------------------------------------------------------------------------

red=$'\033[31m' green=$'\033[32m' plain=$'\033[0m'

at_terminal() { # COMMAND…
    terminal_begin env TERM=xterm "$@"
    terminal_end
}

volume_make "$ROOM/second"
mkdir -p "$ROOM/root/etc/cexluks"
{
    sim_conf prod key-protect | sed 's,^api-key.*,api-key = file:/etc/cexluks/api-key,; s,^ca-file.*,ca-file = /etc/cexluks/ca.pem,'
    printf '[volume root]\nuuid = %s\n' "$(cryptsetup luksUUID "$ROOM/vol")"
} >"$ROOM/root/etc/cexluks/cexluks.conf"
cp "$SIM_CA" "$ROOM/root/etc/cexluks/ca.pem"
install -m 600 "$SIM_API_KEY_FILE" "$ROOM/root/etc/cexluks/api-key"
printf 'root %s none luks\n' "$ROOM/vol" >"$ROOM/root/etc/crypttab"
with_root=(--sysroot "$ROOM/root")
at_terminal "$CEXLUKS" bind "$ROOM/second" kms:prod --config "$CONF" --key-file "$(key_file)"
expect 'bind tells what it does' 0 'making a new passphrase for kms:prod ...' 'getting it back as the next boot will ...'
bind "$ROOM/second" kms:prod
check 'to nobody else' not contains "$err$out" '...'
at_terminal "$CEXLUKS" migrate "$ROOM/second" --to prod --config "$CONF"
expect 'so does migrate' 0 'proving the binding kms:prod that is there ...'
at_terminal "$CEXLUKS" bind "$ROOM/third" kms:prod --config "$CONF" --key-file "$(key_file)"
check 'an error is red' contains "$screen" "${red}cannot bind: device-missing"

at_terminal "$CEXLUKS" check "$ROOM/vol" "${with_root[@]}" --offline
expect 'check --offline asks nobody' 0 "trying "
check 'and says so' not contains "$screen" 'asking '
at_terminal "$CEXLUKS" check "$ROOM/vol" "${with_root[@]}"
expect 'check tells what it does' 0 'asking kms:prod ...' "trying " "kms:prod: ${green}ok$plain: TLS" \
    "the next boot: ${green}ok$plain: 1 of 1"
for way in NO_COLOR=1 TERM=dumb; do
    at_terminal env "$way" "$CEXLUKS" check "$ROOM/vol" "${with_root[@]}"
    expect "$way: the same" 0 'asking kms:prod ...' 'the next boot: ok: 1 of 1'
    check "$way: and no colour" not contains "$screen" $'\033'
done
at_terminal env NO_COLOR= "$CEXLUKS" check "$ROOM/vol" "${with_root[@]}"
check 'an empty NO_COLOR is none' contains "$screen" "$green"
sim_listener prod down
at_terminal "$CEXLUKS" check "$ROOM/vol" "${with_root[@]}" --timeout 1
expect 'a failure' 24 "kms:prod: ${red}failed$plain: kms-unreachable" "the next boot: ${red}kms-unreachable$plain"
run check "$ROOM/vol" "${with_root[@]}" --timeout 1 </dev/null
expect 'without a terminal it is the same' 24 'kms:prod: failed: kms-unreachable'
check 'without colours' not contains "$out$err" $'\033'
check 'and without progress' not contains "$out$err" '...'
sim_listener prod up
at_terminal "$CEXLUKS" boot "${with_root[@]}" --timeout 5
check 'what runs at boot has no colours on any console' not contains "$screen" $'\033'
summary
