#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two services for one volume: one that answers nothing costs seconds, not the boot, and one that answers is asked alone.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'failover' cryptsetup jq curl keyctl unshare
if ! unshare -Ur keyctl session - true 2>/dev/null; then
    skip 'failover: no user namespaces with a keyring of their own here'
    summary
fi

sim_start --instance first=hpcs,aad=ignore --instance second=key-protect || exit 1
v="$ROOM/volume" etc="$ROOM/root/etc"
mkdir -p "$etc/cexluks"
volume_make "$v"
{
    printf '[cexluks]\nopen = systemd\n'
    sim_conf first hpcs first
    sim_conf second key-protect second
} >"$CONF"
bind "$v" kms:first
expect 'bound to the first service' 0
bind "$v" kms:second
expect 'and to the second' 0
sed "s,^api-key.*,api-key = file:/etc/cexluks/api-key,; s,^ca-file.*,ca-file = /etc/cexluks/ca.pem," "$CONF" \
    >"$etc/cexluks/cexluks.conf"
cp "$SIM_CA" "$etc/cexluks/ca.pem"
install -m 600 "$SIM_API_KEY_FILE" "$etc/cexluks/api-key"
printf 'planted %s none luks\n' "$v" >"$etc/crypttab"

load() { # TIMEOUT: with a keyring of its own; sets out, err, status and took (milliseconds)
    local began=${EPOCHREALTIME/./}
    unshare -Ur keyctl session - "$CEXLUKS" load --sysroot "$ROOM/root" --timeout "$1" >"$ROOM/out" 2>"$ROOM/err" </dev/null
    status=$?
    took=$(((${EPOCHREALTIME/./} - began) / 1000))
    out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
}

unwraps() { # how many so far
    sim_requests 'map(select(.path | endswith("/actions/unwrap"))) | length'
}

from="$(unwraps)"
load 60
expect 'both are there' 0 '1 keys of volumes loaded'
check 'and one of them is asked' same "$(($(unwraps) - from))" 1

sim_listener first hang
load 60
expect 'the first takes connections and says nothing: the second does it' 0 '1 keys of volumes loaded' \
    'no answer from kms:first yet'
check "which costs some seconds ($took ms)" test "$took" -ge 5000 -a "$took" -lt 20000
load 6
expect 'with little time the second gets its share of it' 0 '1 keys of volumes loaded'
check "($took ms)" test "$took" -lt 6000
sim_listener second hang
load 3
expect 'when both are silent, that is said within the time' 24 kms-unreachable

sim_listener first up
load 20
expect 'the first is back, and the second is not waited for' 0 '1 keys of volumes loaded'
summary
