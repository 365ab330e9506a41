#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# rebind: after zkey-cryptsetup re-enciphered the volume key. Its header states are those of reencipher.sh: staged, a second key
# in an unbound keyslot with a token that says so; completed, or in place, that key belongs to the segment, and the other
# keyslots are gone, or there and still named by our tokens. In between is where it was interrupted.
# (tests/unit/luks/test-reencipher.c makes them with zkey's own calls of the library.)
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
source tests/integration/reencipher.sh
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

pass() { # BINDING FILE
    "$CEXLUKS" pass "$v" "$1" --config "$CONF" >"$2" </dev/null 2>/dev/null
}
both_open() {
    local binding
    for binding in kms:prod kms:dr; do
        { pass "$binding" "$ROOM/got" && opens "$v" "$ROOM/got"; } &>/dev/null || return 1
    done
}
stage() { # KEY-FILE
    cp "$ROOM/bound" "$v"
    reencipher_stage "$v" "$1"
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

header_edit "$v" 'del(.tokens["9"])'
before="$(digest "$v")"
rebind
expect 'in place, and interrupted before the new key took over: so they do' 0 'kms:prod: nothing-to-do: '
unchanged 'and nothing is written, once more' "$v" "$before"

# --- completed, and the other keyslots left ---------------------------------------------------------------------------

# which zkey-cryptsetup does unless somebody answers; with a pipe as its input nobody can
left() { # PASSPHRASE-FILE
    stage "$1" && reencipher_complete "$v"
}
mkdir -p "$ROOM/root/etc/cexluks" "$ROOM/root/proc"
: >"$ROOM/root/proc/cmdline"
install -m 600 "$CONF" "$ROOM/root/etc/cexluks/cexluks.conf"
printf 'root %s none luks\n' "$v" >"$ROOM/root/etc/crypttab"

left "$ROOM/prod-pass"
check 'the tokens name keyslots of the old key' same "$(shape)" '[2,0,4]'
cp "$v" "$ROOM/left"
before="$(digest "$v")"
check 'no binding opens' not both_open
with_conf open "$v"
expect 'which is no refusal: what opens it is missing' 15 'not-bound' 'was that re-enciphered?' "cexluks rebind $v"
run check "$v" --config "$CONF" </dev/null
expect 'check says so, and what to do' 15 'kms:prod' 'was that re-enciphered?' "cexluks rebind $v"
run boot --sysroot "$ROOM/root" --timeout 5 </dev/null
expect 'so does the boot' 15 'not-bound' "hint: cexluks rebind $v"
with_conf list "$v"
expect 'list shows what opens it, and what does not' 0 'keyslot 7: passphrase' 'no keyslot: kms:prod' 'no keyslot: kms:dr'
check 'also to programs' same "$(run list "$v" --json && jq -c '.[0].lost' <<<"$out")" '["kms:prod","kms:dr"]'
unchanged 'and nothing is written' "$v" "$before"
rebind --header-backup "$ROOM/backup"
expect 'rebind makes them again' 0 'kms:prod: ok: ' 'kms:dr: ok: ' 'every binding opens the new volume key' \
    'keyslot 0 holds the volume key of before' luksAddKey
check 'both open, and nobody typed' both_open
check "of the keyslots only the person's old one stays" same "$(shape)" '[2,0,3]'
check 'which opens nothing' not opens_for_human "$v"
check 'the backup has the header of before' cmp -n 32768 "$ROOM/backup" "$ROOM/left"
rebind
expect 'once more it is nothing to do' 0 'kms:prod: nothing-to-do: ' 'kms:dr: nothing-to-do: '

# one binding was made anew by hand, or "bind" was interrupted: the others are still told
cp "$ROOM/left" "$v"
run bind "$v" kms:prod --config "$CONF" --key-file "$ROOM/prod-pass" </dev/null
expect 'bind makes one of them anew' 0
run check "$v" --config "$CONF" </dev/null
expect 'check proves it and names the other' 15 'kms:prod: ok' 'kms:dr: failed: not-bound' "cexluks rebind $v"
rebind
expect 'rebind makes the other' 0 'kms:prod: nothing-to-do: ' 'kms:dr: ok: '
check 'both of them open' both_open
cp "$ROOM/left" "$v"
run unbind "$v" kms:dr </dev/null
expect 'unbind takes one for good' 0
check 'with its old keyslot' same "$(shape)" '[1,0,3]'

# between the new key and its token, and while the others were removed
stage "$ROOM/prod-pass" && renc="$(header_json "$v" | jq -c '.tokens["9"]')" && reencipher_complete "$v"
# shellcheck disable=SC2016 # jq's variable
header_edit "$v" '.tokens["9"] = $t' --argjson t "$renc"
rebind
expect 'interrupted before zkey-cryptsetup took its token away' 0 'kms:prod: ok: ' 'kms:dr: ok: '
check 'both bindings open' both_open
cp "$ROOM/left" "$v"
reencipher_remove "$v" 0 1
check 'interrupted while it removed the others' same "$(shape)" '[1,1,2]'
rebind
expect 'rebind makes both again' 0 'kms:prod: ok: ' 'kms:dr: ok: '
check 'and both open' both_open
check 'with nothing left of before' same "$(shape)" '[2,0,2]'

# --- completed with a person's passphrase, and the others left --------------------------------------------------------

left "$(key_file)"
rebind --key-file "$(key_file)"
expect "with a person's passphrase" 0 'kms:prod: ok: ' 'kms:dr: ok: ' 'keyslot 0 holds the volume key of before'
check 'both bindings open, too' both_open
check "and the person's new keyslot stays beside them" same "$(shape)" '[2,0,4]'
check 'and opens' opens_for_human "$v"

# --- completed with our passphrase ------------------------------------------------------------------------------------

cp "$ROOM/left" "$v"
reencipher_remove "$v" 0 1 2
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

stage "$(key_file)" && reencipher_complete "$v" && reencipher_remove "$v" 0 1 2
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

# Something opens always: the keyslot of zkey-cryptsetup, or a binding. Every seventh moment, fewer with sanitizers; EVERY_WRITE=yes takes
# all.
lost='' tried=0 writes=() n_writes=0
one_opens() {
    opens "$v" "$ROOM/prod-pass" || { pass kms:prod "$ROOM/got" && opens "$v" "$ROOM/got"; } ||
        { pass kms:dr "$ROOM/got" && opens "$v" "$ROOM/got"; }
}
# the library wipes a keyslot's key before it takes its number out of the header: what is left between opens nothing
killed_everywhere() { # STATE SHAPES…: that rebind may leave
    local moment
    lost='' tried=0
    cp "$1" "$v"
    writes_of "$(kill_step 7)" "$v" "$CEXLUKS" rebind "$v" --config "$CONF"
    for moment in "${writes[@]}"; do
        cp "$1" "$v"
        ! killed_at "$moment" "$v" "$CEXLUKS" rebind "$v" --config "$CONF" || lost+=" lived:$moment"
        tried=$((tried + 1))
        one_opens &>/dev/null || lost+=" shut:$moment"
        rebind
        { [[ $status -eq 0 && " ${*:2} " == *" $(shape) "* ]] && both_open && not opens "$v" "$ROOM/prod-pass"; } &>/dev/null ||
            lost+=" unrepaired:$moment:$status:$(shape)"
    done
}
killed_everywhere "$ROOM/completed" '[2,0,2]' '[2,0,3]'
check "killed at $tried of $n_writes writes, a way in was left, and the next run made it whole" same "$lost" ''
check 'and there are as many as two new keyslots take' test "$n_writes" -ge 60
killed_everywhere "$ROOM/left" '[2,0,3]' '[2,0,4]'
check "so it is with keyslots of the old key: killed at $tried of $n_writes writes" same "$lost" ''
check 'and these are to be removed, too' test "$n_writes" -ge 60
summary
