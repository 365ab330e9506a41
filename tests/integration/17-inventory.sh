#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# inventory: volumes, key files, services and the days that are left, as text, as JSON and for Prometheus; without asking
# anybody.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'inventory' cryptsetup jq curl xxd

sim_start --instance old=hpcs,aad=ignore --instance new=key-protect || exit 1
{
    printf '[cexluks]\nkeys-profile = old\n'
    sim_conf old hpcs old
    sim_conf new key-protect new
} >"$CONF"
v="$ROOM/volume" w="$ROOM/unbound \"one\"" gone="$ROOM/gone"
volume_make "$v"
bind "$v" kms:old
bind "$v" kms:new
expect 'a volume is bound to a service that ends, and to one that stays' 0
volume_make "$w"
tree="$ROOM/tree"
mkdir -p "$tree/etc/cexluks/keys.d/logon" "$tree/etc/cexluks/keys.d/user"
printf 'root %s none luks\n%s' "$v" "gone $gone none luks,nofail"$'\n' >"$tree/etc/crypttab"
# the configuration names by UUID what crypttab names by path: that is one volume
printf '[volume root]\nuuid = %s\n' "$(cryptsetup luksUUID "$v")" >>"$CONF"
with_conf wrap old --gen
printf '%s\n' "$out" >"$tree/etc/cexluks/keys.d/logon/dmcrypt:data"
: >"$tree/etc/cexluks/keys.d/user/empty"
days=$(((1806192000 - $(date +%s)) / 86400)) # may be the next one when the test runs over midnight
[[ $days -ge 0 ]] || days=0
sim_listener old down
sim_listener new down

look() { # [OPTION…]
    with_conf inventory --sysroot "$tree" "$@"
}
before="$(digest "$v" "$w")"

# --- text -------------------------------------------------------------------------------------------------------------

look
expect 'services, volumes and key files, and nobody is asked' 0 "kms:old: hpcs at https://" \
    ", service-ends: $days days left" 'kms:new: key-protect at https://' "$v  " 'lock: KMS alone' \
    "binding kms:old: hpcs, service-ends: $days days left" 'binding kms:new: key-protect' \
    "$gone: device-missing: " "/logon/dmcrypt:data: kms:old: hpcs, service-ends: " \
    '/user/empty: kms:old: hpcs' 'config-error: it is empty'
check 'a volume that is named twice is shown once' same "$(grep -c "^$v  " "$ROOM/out")" 1
check 'a service that stays has no last day' not contains "$out" 'key-protect, service-ends'
look "$w"
expect 'one volume alone' 0 'lock: passphrase'
check 'and no other' not contains "$out" "$v  "
look "$gone"
expect 'which must be there' 12 device-missing
look --json --prometheus
expect 'one form at a time' 2 'not both'

# --- JSON -------------------------------------------------------------------------------------------------------------

look --json
check 'services with the days that are left' same \
    "$(jq -c '[.services[] | [.profile, .service, .days_left]]' "$ROOM/out")" \
    "[[\"old\",\"hpcs\",$days],[\"new\",\"key-protect\",null]]"
check 'volumes with their bindings' same \
    "$(jq -c '.volumes[0] | [.device, .outcome, [.bindings[] | [.binding, .service, .days_left]]]' "$ROOM/out")" \
    "[\"$v\",\"ok\",[[\"kms:old\",\"hpcs\",$days],[\"kms:new\",\"key-protect\",null]]]"
check 'what is not there' same "$(jq -c "[.volumes[] | select(.device == \"$gone\") | .outcome]" "$ROOM/out")" \
    '["device-missing"]'
check 'key files' same "$(jq -c '[.key_files[] | [.type, .outcome, .service, .days_left]]' "$ROOM/out")" \
    "[[\"logon\",\"ok\",\"hpcs\",$days],[\"user\",\"config-error\",\"hpcs\",$days]]"

# --- Prometheus -------------------------------------------------------------------------------------------------------

# The text format's grammar, of what can come here: comments, and samples with labels and a whole number. HELP and TYPE
# stand once and before their samples, samples of a metric together, and none twice.
exposition() { # FILE: says what is wrong
    awk -F '[{ ]' '
        /^# HELP [a-z_]+ ./ { if (seen[$3]++) print "twice: " $0; name = $3; next }
        /^# TYPE [a-z_]+ gauge$/ { if ($3 != name) print "TYPE without HELP: " $0; typed = $3; next }
        !/^[a-z_]+\{([a-z_]+="([^"\\]|\\["\\n])*",?)*\} [0-9]+$/ { print "no sample: " $0; next }
        $1 != typed { print "out of place: " $0 }
        sample[substr($0, 1, length($0) - length($NF))]++ { print "sample twice: " $0 }' "$1"
}
look --prometheus
check 'every line has the form that Prometheus wants' same "$(exposition "$ROOM/out")" ''
uuid="$(cryptsetup luksUUID "$v")"
expect 'days, bindings, keyslots and key files are there' 0 \
    "cexluks_service_days_left{profile=\"old\",service=\"hpcs\"} $days"$'\n' \
    "cexluks_volume_usable{device=\"$v\",uuid=\"$uuid\",outcome=\"ok\"} 1"$'\n' \
    "cexluks_volume_usable{device=\"$gone\",uuid=\"\",outcome=\"device-missing\"} 0"$'\n' \
    "cexluks_binding_serial{device=\"$v\",uuid=\"$uuid\",token=\"1\",binding=\"kms:new\",service=\"key-protect\"} 2"$'\n' \
    "cexluks_volume_keyslots{device=\"$v\",uuid=\"$uuid\",kind=\"binding\"} 2"$'\n' \
    'cexluks_key_files{type="logon",profile="old",service="hpcs",usable="yes"} 1'$'\n' \
    'cexluks_key_files{type="user",profile="old",service="hpcs",usable="no"} 1'$'\n'
check 'and no days of a service that stays' not contains "$out" 'days_left{profile="new"'
look "$w" --prometheus
check 'a name with quotes breaks nothing' same "$(exposition "$ROOM/out")" ''
expect 'and is told whole' 0 'unbound \"one\"'

# --- what is not as it should be --------------------------------------------------------------------------------------

cp "$v" "$ROOM/whole"
header_edit "$v" '.segments."0".encryption = "cipher_null-ecb"'
look --json
check 'a header that is refused is a line' same "$(jq -c '.volumes[0].outcome' "$ROOM/out")" '"header-refused"'
look --prometheus
expect 'and a zero for Prometheus' 0 "outcome=\"header-refused\"} 0"
cp "$ROOM/whole" "$v"
sed -i '/^\[kms old\]/,/^ca-file/d; /^keys-profile/d' "$CONF"
look
expect 'a binding whose service the configuration does not know' 0 'binding kms:old: unknown'
echo 'nonsense = 1' >>"$CONF"
look
expect 'a wrong configuration is said' 11 config-error
rm "$CONF"
run inventory "$v" --sysroot "$tree" </dev/null
expect 'no configuration at all is none' 0 "$v  " 'binding kms:old: unknown' 'logon/dmcrypt:data: unknown'
unchanged 'nothing was changed' "$v" "${before%%$'\n'*}"
summary
