#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pass.sh [ROUNDS]: how long does it take to get one passphrase, whole process? cexluks (IAM token and unwrap over TLS,
# simulator on loop-back) beside "clevis luks pass" (tang over plain HTTP on loop-back), on the same LUKS2 header, in
# turns. A measurement, not a test. Needs the packages clevis-luks, tang and socat.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
B="${B:-build}"
rounds="${1:-30}"
export SIM="$B/kms-sim"

for tool in clevis jose socat jq cryptsetup; do
    command -v "$tool" >/dev/null || {
        printf 'pass.sh: %s is not installed\n' "$tool" >&2
        exit 1
    }
done
tangd=''
for tangd in /usr/libexec/tangd /usr/lib/*/tangd; do
    [[ ! -x $tangd ]] || break
done

work="$(mktemp -d)"
# shellcheck source=tests/integration/sim.sh
source tests/integration/sim.sh
trap 'sim_stop 2>/dev/null || true; kill "${socat_pid:-0}" 2>/dev/null || true; rm -rf "$work"' EXIT

sim_start
sim_conf prod key-protect >"$work/cexluks.conf"
mkdir "$work/keys"
/usr/libexec/tangd-keygen "$work/keys" >/dev/null 2>&1
port=$((20000 + RANDOM % 20000))
socat "TCP4-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork" "EXEC:$tangd $work/keys" &
socat_pid=$!

truncate -s 32M "$work/volume"
printf 'a passphrase' >"$work/human"
cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$work/volume" "$work/human"
"$B/cexluks" bind "$work/volume" kms:prod --key-file "$work/human" --config "$work/cexluks.conf" >/dev/null
sleep 0.2
curl -fsS "http://127.0.0.1:$port/adv" >"$work/adv.jws"
clevis luks bind -d "$work/volume" -k "$work/human" -y tang "{\"url\":\"http://127.0.0.1:$port\",\"adv\":\"$work/adv.jws\"}"
slot="$(clevis luks list -d "$work/volume" | head -n 1 | cut -d : -f 1)"

milliseconds() {
    local began=${EPOCHREALTIME/./}
    "$@" >"$work/out"
    echo $(((${EPOCHREALTIME/./} - began) / 1000))
    cryptsetup open --test-passphrase --key-file "$work/out" "$work/volume"
}

: >"$work/ours"
: >"$work/theirs"
for ((n = 0; n < rounds; n++)); do
    milliseconds "$B/cexluks" pass "$work/volume" kms:prod --config "$work/cexluks.conf" >>"$work/ours"
    milliseconds clevis luks pass -d "$work/volume" -s "$slot" >>"$work/theirs"
done

median() {
    sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
ours="$(median "$work/ours")" theirs="$(median "$work/theirs")"
printf 'one passphrase, median of %d, whole process:\n' "$rounds"
printf '  cexluks pass      %5d ms  (IAM + unwrap, TLS)\n' "$ours"
printf '  clevis luks pass  %5d ms  (tang, plain HTTP)\n' "$theirs"
awk "BEGIN { printf \"  ratio             %5.1f\n\", $theirs / ($ours ? $ours : 1) }"
