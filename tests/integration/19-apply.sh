#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# apply: volumes become what the configuration's "bindings" say: added, proven, and what is not named any more goes after
# a boot has used what is; killed at every write of the header, and repeated.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'apply' cryptsetup jq curl xxd strace

sim_start --instance prod=key-protect --instance dr=key-protect-dedicated --instance old=hpcs,aad=ignore || exit 1
v="$ROOM/volume" w="$ROOM/second"
volume_make "$v"
volume_make "$w"
tree="$ROOM/tree"
mkdir -p "$tree/etc" "$tree/run/cexluks"
for file in "$SIM_CA" "$SIM_API_KEY_FILE"; do
    mkdir -p "$tree${file%/*}"
    cp -p "$file" "$tree$file"
done
printf '%s none luks\n' "v $v" "w $w" >"$tree/etc/crypttab"
{
    sim_conf prod key-protect prod
    sim_conf dr key-protect-dedicated dr
    sim_conf old hpcs old
} >"$ROOM/services"

wish() { # VOLUME BINDINGS […]: what the configuration says
    cp "$ROOM/services" "$CONF"
    while [[ $# -ge 2 ]]; do
        printf '[volume %s]\nuuid = %s\nbindings = %s\n' "${1##*/}" "$(cryptsetup luksUUID "$1")" "$2" >>"$CONF"
        shift 2
    done
}
apply() { # [OPTION…]
    run apply --config "$CONF" --sysroot "$tree" "$@" </dev/null
}
bound() { # VOLUME
    tokens "$1" '[.[] | .profile] | sort | join(" ")'
}
boot_reports() { # VOLUME BINDING: as a boot leaves it
    jq -n --arg uuid "$(cryptsetup luksUUID "$1")" --arg binding "$2" \
        '{version: 1, runs: [{mode: "boot", volumes: [{uuid: $uuid, binding: $binding, outcome: "ok"}]}]}' \
        >"$tree/run/cexluks/report.json"
}

# --- add --------------------------------------------------------------------------------------------------------------

wish "$v" 'kms:prod, kms:dr, keyfile:/etc/luks/cex.key' "$w" kms:old
before="$(digest "$v" "$w")"
apply --key-file "$(key_file)" --dry-run
expect 'a dry run says what could be done' 0 "$v: kms:prod: ok: " "$v: kms:dr: ok: " "$w: kms:old: ok: "
check 'and changes nothing' same "$(digest "$v" "$w")" "$before"
apply
check 'without any binding somebody has to type' not test "$status" -eq 0
check 'and without a passphrase nothing changes' same "$(digest "$v" "$w")" "$before"
apply "$v" --key-file "$(key_file)"
expect 'the bindings of one volume are made' 0 "$v: kms:prod: ok: $v opens with kms:prod" "$v: kms:dr: ok: " 'dracut --force'
check 'they are there' same "$(bound "$v")" '"dr prod"'
check 'the other volume is as it was' same "$(bound "$w")" '""'
apply --key-file "$(key_file)"
expect 'all volumes: what is there is proven' 0 "$v: kms:prod: nothing-to-do: " "$w: kms:old: ok: "
before="$(digest "$v" "$w")"
apply
expect 'then nothing is left, and nobody types' 0 'nothing-to-do: every volume is as the configuration says'
check 'and nothing is written' same "$(digest "$v" "$w")" "$before"

# --- switch and retire ------------------------------------------------------------------------------------------------

wish "$v" 'kms:old' "$w" 'kms:old'
cp "$v" "$ROOM/two-ways"
sim_listener old down
boot_reports "$v" kms:old
apply --timeout 2
expect 'a service that is away' 24 "$v: kms:old: kms-unreachable"
check 'takes nothing away' same "$(bound "$v")" '"dr prod"'
sim_listener old up
boot_reports "$v" kms:prod
apply --dry-run
expect 'a dry run of a switch' 42 "$v: kms:old: ok: " "$v: kms:prod: image-stale: "
check 'changes nothing' same "$(bound "$v")" '"dr prod"'
apply
expect 'the new binding is made by an old one, which stays until a boot used the new' 42 "$v: kms:old: ok: " \
    "$v: kms:prod: image-stale: stays until a boot" "$v: kms:dr: image-stale: " 'hint: rebuild'
check 'all are there' same "$(bound "$v")" '"dr old prod"'
cp "$v" "$ROOM/three-ways"
boot_reports "$v" kms:old
sim_key_state "$(sim_info '.instances[] | select(.name == "old") | .root_key')" 2
apply "$v"
expect 'a new binding that stopped to work' 27 "$v: kms:old: kms-key-disabled"
check 'keeps the others' same "$(bound "$v")" '"dr old prod"'
sim_key_state "$(sim_info '.instances[] | select(.name == "old") | .root_key')" 1
apply
expect 'after that boot the others go' 0 "$v: kms:old: nothing-to-do: " "$v: kms:prod: ok: removed" "$v: kms:dr: ok: removed"
check 'what is named is left' same "$(bound "$v")" '"old"'
check 'the person of before still gets in' opens_for_human "$v"
apply
expect 'then nothing is left' 0 'nothing-to-do: every volume'

# --- what cannot be ---------------------------------------------------------------------------------------------------

wish "$v" card
apply "$v"
expect 'a card binding of what no card protects' 38 "$v: card: not-a-secure-key"
check 'takes nothing away' same "$(bound "$v")" '"old"'
wish "$v" kms:old
apply "$w"
expect 'a volume that the configuration does not know' 11 "$w: config-error: " 'no [volume] section'
wish "$v" kms:old "$w" kms:old
sed -i '/^w /d' "$tree/etc/crypttab"
apply
expect 'a volume that is not there fails, the others do not' 12 'second: device-missing: ' "$v: kms:old: nothing-to-do: "
rm "$CONF"
apply
check 'no configuration is none' contains "$out$err" config-error

# --- killed at every write of the header ------------------------------------------------------------------------------

# When adding (from two ways to three) and when retiring (from three to one): a way in that is configured, or was, is left,
# and the next run makes it whole. Every eleventh moment; EVERY_WRITE=yes takes all.
wish "$v" kms:old
lost=0 tried=0 of=0 writes=() n_writes=0 step=11
[[ -z ${EVERY_WRITE-} ]] || step=1
applying=("$v" "$CEXLUKS" apply "$v" --config "$CONF" --sysroot "$tree")
pass() { # BINDING
    "$CEXLUKS" pass "$v" "$1" --config "$CONF" >"$ROOM/got" </dev/null 2>/dev/null && opens "$v" "$ROOM/got"
}
for from in two-ways three-ways; do
    used="$([[ $from == two-ways ]] && echo kms:prod || echo kms:old)"
    cp "$ROOM/$from" "$v"
    boot_reports "$v" "$used"
    writes_of "$step" "${applying[@]}"
    of=$((of + n_writes))
    for moment in "${writes[@]}"; do
        cp "$ROOM/$from" "$v"
        boot_reports "$v" "$used"
        ! killed_at "$moment" "${applying[@]}" || lost=$((lost + 1))
        tried=$((tried + 1))
        if [[ $from == two-ways ]]; then
            { pass kms:prod && pass kms:dr; } &>/dev/null || lost=$((lost + 1))
        else
            pass kms:old &>/dev/null || lost=$((lost + 1))
        fi
        ((tried % 2)) || continue
        boot_reports "$v" kms:old
        apply "$v"
        [[ $status -eq 0 && $(bound "$v") == '"old"' && $(header_json "$v" | jq '.keyslots | length') -eq 2 &&
            $(header_json "$v" | jq '.tokens | length') -eq 1 ]] || lost=$((lost + 1))
    done
done
check "killed at $tried of $of writes, every way in was left, and the next run made it whole" same "$lost" 0
check 'and there are as many as one keyslot more and two less take' test "$of" -ge 40
summary
