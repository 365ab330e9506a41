#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# rebind: after zkey-cryptsetup re-enciphered the volume key. Its header states are made here with cryptsetup and jq, on a
# volume without a card: staged, a second key in an unbound keyslot with a token that says so; completed, that key belongs
# to the segment, and the other keyslots are gone or still named by our tokens.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'rebind' cryptsetup jq curl xxd strace

sim_start --instance prod=key-protect --instance dr=key-protect-dedicated || exit 1
{
    sim_conf prod key-protect prod
    sim_conf dr key-protect-dedicated dr
} >"$CONF"
v="$ROOM/volume"
volume_make "$v"
bind "$v" kms:prod
bind "$v" kms:dr
expect 'a volume has two bindings and a person' 0
cp "$v" "$ROOM/bound"
head -c 64 /dev/urandom >"$ROOM/new-key"

pass() { # BINDING FILE
    "$CEXLUKS" pass "$v" "$1" --config "$CONF" >"$2" </dev/null 2>/dev/null
}
both_open() {
    local binding
    for binding in kms:prod kms:dr; do
        { pass "$binding" "$ROOM/got" && opens "$v" "$ROOM/got"; } &>/dev/null || return 1
    done
}
stage() { # KEY-FILE: what "reencipher --staged" leaves, run with that passphrase
    cp "$ROOM/bound" "$v"
    cryptsetup luksAddKey -q --unbound --key-size 512 --volume-key-file "$ROOM/new-key" --pbkdf pbkdf2 \
        --pbkdf-force-iterations 1000 --key-slot 7 "$v" "$1" </dev/null >/dev/null 2>&1 || return 1
    header_edit "$v" '.tokens["9"] = {type: "paes-reencipher", keyslots: ["7"], "verification-pattern": "42",
        "original-keyslot": 0, "unbound-keyslot": 7}'
}
# shellcheck disable=SC2016 # jq's variables
complete() { # "reencipher --complete", or in place: the new key is the volume's, and our keyslots are of the old one
    header_edit "$v" 'del(.tokens["9"]) | (.digests | to_entries | map(select(.value.keyslots == ["7"]))[0].key) as $new |
        .digests |= with_entries(.value.segments = (if .key == $new then ["0"] else [] end))'
}
remove_others() { # as zkey-cryptsetup offers to; the library takes them out of our tokens
    local slot
    for slot in 0 1 2; do
        cryptsetup luksKillSlot -q "$v" "$slot" </dev/null >/dev/null 2>&1 || return 1
    done
}
rebind() { # [OPTION…]
    with_conf rebind "$v" "$@"
}
shape() { # how many tokens of ours with a keyslot, without one, and keyslots
    header_json "$v" | jq -c '[([.tokens[] | select(.type == "cexluks" and .keyslots != [])] | length),
        ([.tokens[] | select(.type == "cexluks" and .keyslots == [])] | length), (.keyslots | length)]'
}

# --- nothing to rebind ------------------------------------------------------------------------------------------------

rebind
expect 'bindings that work are left' 0 'kms:prod: nothing-to-do: ' 'kms:dr: nothing-to-do: '
unchanged 'and nothing is written' "$v" "$(digest "$ROOM/bound")"
pass kms:prod "$ROOM/prod-pass"
check 'a new volume key is staged' stage "$ROOM/prod-pass"
before="$(digest "$v")"
rebind
expect 'while it is staged the bindings work' 0 'kms:prod: nothing-to-do: ' 'kms:dr: nothing-to-do: '
unchanged 'and nothing is written, either' "$v" "$before"

# --- completed, and the other keyslots left ---------------------------------------------------------------------------

complete
before="$(digest "$v")"
rebind
expect 'tokens that name keyslots of the old key are refused, by name' 14 'which opens nothing'
unchanged 'and nothing is written' "$v" "$before"

# --- completed with our passphrase ------------------------------------------------------------------------------------

remove_others
check 'the tokens are left without keyslots' same "$(shape)" '[0,2,1]'
check 'no binding opens' not both_open
cp "$v" "$ROOM/completed"
sim_listener dr down
rebind --timeout 2
expect 'a service that is away keeps the other not' 24 'kms:prod: ok: ' 'kms:dr: kms-unreachable'
rebind --timeout 2
expect 'again and again' 24 'kms:prod: nothing-to-do: ' 'kms:dr: kms-unreachable'
check 'and its token is not forgotten' contains "$(tokens "$v" '[.[] | [.profile, .keyslots]]')" '["dr",[]]'
sim_listener dr up
rebind
expect 'the next run makes it whole' 0 'kms:prod: nothing-to-do: ' 'kms:dr: ok: ' 'every binding opens the new volume key'
check 'both open, and nobody typed' both_open
check 'the keyslot that only our old passphrase opened is gone' same "$(shape)" '[2,0,2]'
check 'the old passphrase opens nothing' not opens "$v" "$ROOM/prod-pass"
rebind
expect 'again it is nothing to do' 0 'kms:prod: nothing-to-do: '

# --- completed with a person's passphrase -----------------------------------------------------------------------------

stage "$(key_file)" && complete && remove_others
rebind
check 'without a passphrase of ours somebody has to type' not test "$status" -eq 0
check 'and the tokens stay' same "$(shape)" '[0,2,1]'
rebind --key-file "$(key_file)"
expect 'with it both bindings are made' 0 'kms:prod: ok: ' 'kms:dr: ok: '
check 'both open' both_open
check "the person's keyslot stays" opens_for_human "$v"
check 'and no bare token' same "$(shape)" '[2,0,3]'
volume_make "$v"
rebind
expect 'a volume without a token of ours' 15 'has no token of ours'

# --- killed at every write of the header ------------------------------------------------------------------------------

# Something opens always: the keyslot of zkey-cryptsetup, or a binding. Of some 50 moments every fifth; KILL_STEP=1
# takes all.
lost='' tried=0
killed_at() { # NUMBER
    strace -f -qq -o /dev/null -P "$v" -e trace=write,fsync -e "inject=write,fsync:signal=KILL:when=$1" \
        "$CEXLUKS" rebind "$v" --config "$CONF" </dev/null >/dev/null
}
one_opens() {
    opens "$v" "$ROOM/prod-pass" || { pass kms:prod "$ROOM/got" && opens "$v" "$ROOM/got"; } ||
        { pass kms:dr "$ROOM/got" && opens "$v" "$ROOM/got"; }
}
for ((moment = 1; moment < 300; moment += ${KILL_STEP:-5})); do
    cp "$ROOM/completed" "$v"
    killed_at "$moment" 2>/dev/null && break
    tried=$((tried + 1))
    one_opens &>/dev/null || lost+=" shut:$moment"
    rebind
    # the library wipes a keyslot's key before it takes its number out of the header: what is left between opens nothing
    { [[ $status -eq 0 && "$(shape)" == '[2,0,'[23]']' ]] && both_open && not opens "$v" "$ROOM/prod-pass"; } &>/dev/null ||
        lost+=" unrepaired:$moment:$status:$(shape)"
done
check "killed at $tried moments, a way in was left, and the next run made it whole" same "$lost" ''
check 'as many moments as there are writes' test "$tried" -gt 5
summary
