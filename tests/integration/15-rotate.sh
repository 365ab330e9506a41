#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# rotate: a new secret for every binding that nobody has to type for, and the same secret under a new root key; killed at
# every write, and repeated. Also "key rotate". A card binding is rotated in tests/unit/op/test-bind-card.c.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'rotate' cryptsetup jq curl xxd strace

sim_start --instance prod=key-protect --instance dr=key-protect-dedicated || exit 1
{
    sim_conf prod key-protect prod
    sim_conf dr key-protect-dedicated dr
} >"$CONF"
v="$ROOM/volume"
volume_make "$v"
bind "$v" kms:prod
bind "$v" kms:dr
expect 'a volume has two bindings' 0
cp "$v" "$ROOM/bound"

pass() { # BINDING FILE
    "$CEXLUKS" pass "$v" "$1" --config "$CONF" >"$2" </dev/null 2>/dev/null
}

serials() {
    tokens "$v" '[.[] | [.profile, .serial]] | sort'
}

# --- new secrets ------------------------------------------------------------------------------------------------------

pass kms:prod "$ROOM/old-prod"
with_conf rotate "$v" --dry-run
expect 'a dry run says what could be done' 0 'kms:prod: ok: ' 'kms:dr: ok: '
unchanged 'and changes nothing' "$v" "$(digest "$ROOM/bound")"
with_conf rotate "$v" --header-backup "$ROOM/backup"
expect 'every binding gets a new secret, and nobody types' 0 'kms:prod: ok: ' 'kms:dr: ok: ' 'opens with kms:dr'
check 'the old header is in the backup' cryptsetup luksDump "$ROOM/backup"
pass kms:prod "$ROOM/new-prod"
check 'the new secret opens' opens "$v" "$ROOM/new-prod"
check 'the old one does not' not opens "$v" "$ROOM/old-prod"
check 'the person of before still gets in' opens_for_human "$v"
check 'there are as many tokens as before, with higher serials' same "$(serials)" '[["dr",4],["prod",3]]'
check 'and as many keyslots' same "$(header_json "$v" | jq '.keyslots | length')" 3
with_conf rotate "$v" kms:dr
expect 'one binding alone' 0 'kms:dr: ok: '
check 'leaves the other' same "$(serials)" '[["dr",5],["prod",3]]'
with_conf rotate "$v" card
expect 'a binding that is not there' 15 'has no binding card'

sim_listener prod down
with_conf rotate "$v" --timeout 2
expect 'a service that is away keeps the others not' 24 'kms:prod: kms-unreachable' 'kms:dr: ok: '
check 'its own binding stays' same "$(serials)" '[["dr",6],["prod",3]]'
sim_listener prod up

# --- interrupted ------------------------------------------------------------------------------------------------------

# Killed at each write and sync of the volume (with sanitizers at every fourth): some way in by each binding must be left, and
# a second run ends with one keyslot each.
lost=0 tried=0 writes=() n_writes=0
cp "$ROOM/bound" "$v"
writes_of "$(kill_step 1)" "$v" "$CEXLUKS" rotate "$v" --config "$CONF"
for moment in "${writes[@]}"; do
    cp "$ROOM/bound" "$v"
    ! killed_at "$moment" "$v" "$CEXLUKS" rotate "$v" --config "$CONF" || lost=$((lost + 1))
    tried=$((tried + 1))
    for binding in kms:prod kms:dr; do
        { pass "$binding" "$ROOM/got" && opens "$v" "$ROOM/got"; } >/dev/null 2>&1 || lost=$((lost + 1))
    done
    opens_for_human "$v" 2>/dev/null || lost=$((lost + 1))
    # a run takes a second, and its middle is like its beginning: one repair in four
    ((tried % 4 == 1)) || continue
    with_conf rotate "$v"
    [[ $status -eq 0 && $(tokens "$v" 'map(select(.keyslots != [])) | length') -eq 2 &&
        $(header_json "$v" | jq '.keyslots | length') -eq 3 ]] || lost=$((lost + 1))
done
check "killed at $tried of its $n_writes writes, every way in was left, and the next run made it whole" same "$lost" 0
check 'and there are as many as two new keyslots take' test "$n_writes" -ge 60

# --- two at once ------------------------------------------------------------------------------------------------------

# With its binding as the only way in, so that nobody else's keyslot hides a loss.
cp "$ROOM/bound" "$v"
with_conf unbind "$v" kms:dr
cryptsetup luksKillSlot -q "$v" 0 </dev/null >/dev/null 2>&1
shut=0 refused=0
for ((round = 0; round < 12; round += 1)); do
    "$CEXLUKS" rotate "$v" --config "$CONF" </dev/null >/dev/null 2>&1 &
    other=$!
    with_conf rotate "$v"
    [[ $status -eq 0 || $status -eq 13 ]] || shut=$((shut + 1))
    wait "$other"
    other=$?
    [[ $status -eq 0 && $other -eq 0 ]] || refused=$((refused + 1))
    { pass kms:prod "$ROOM/got" && opens "$v" "$ROOM/got"; } >/dev/null 2>&1 || shut=$((shut + 1))
done
check 'two runs at once never shut a volume' same "$shut" 0
check 'and one of them is told to wait' test "$refused" -gt 0

# --- a backup, and one that fails -------------------------------------------------------------------------------------

cp "$ROOM/bound" "$v"
root_key="$(sim_info '.instances[] | select(.name == "prod") | .root_key')"
sim_key_state "$root_key" 3
with_conf rotate "$v" --header-backup "$ROOM/backup-2"
check 'with a backup too, a binding that fails keeps the others not' contains "$out$err" 'kms:prod: kms-' 'kms:dr: ok: '
sim_key_state "$root_key" 1

# --- the same secret under a new root key -----------------------------------------------------------------------------

cp "$ROOM/bound" "$v"
pass kms:prod "$ROOM/old-prod"
with_conf rotate "$v" --rewrap-only
expect 'there is nothing to rewrap before a rotation' 0 'kms:prod: nothing-to-do: ' 'kms:dr: nothing-to-do: '
unchanged 'and nothing is written' "$v" "$(digest "$ROOM/bound")"
with_conf key rotate prod
expect 'the service makes a new version of the root key' 0 'ok: the root key of prod has a new version'
with_conf key rotate prod
expect 'twice in an hour it refuses' 25 KEY_ROTATION_NOT_PERMITTED 'once an hour'
run check "$v" --config "$CONF" </dev/null
expect 'check tells that it is due' 0 "$v: kms:prod: warning: rewrap-due: " "$v: kms:prod: ok: "
before="$(header_json "$v" | jq -c '[.keyslots, .digests, .segments]')"
with_conf rotate "$v" --rewrap-only
expect 'the binding is wrapped anew' 0 'kms:prod: ok: kms:prod is wrapped by the newest root key' 'kms:dr: nothing-to-do: '
check 'no keyslot changed' same "$(header_json "$v" | jq -c '[.keyslots, .digests, .segments]')" "$before"
pass kms:prod "$ROOM/new-prod"
check 'the secret is the same' cmp "$ROOM/old-prod" "$ROOM/new-prod"
with_conf rotate "$v" card --rewrap-only
expect 'what no KMS wraps is not rewrapped' 15 'has no binding card'
run check "$v" --config "$CONF" </dev/null
check 'and check has nothing to say about it' not contains "$out" rewrap-due

summary
