#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# memory.sh: peak resident memory of core and net child while one passphrase is fetched, just before the keyslot's KDF.
# A measurement, not a test. The simulator delays its answer, and /proc/PID/status is read meanwhile.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
B="${B:-build}"
export SIM="$B/kms-sim"
work="$(mktemp -d)"
# shellcheck source=tests/integration/sim.sh
source tests/integration/sim.sh
trap 'sim_stop 2>/dev/null || true; rm -rf "$work"' EXIT

sim_start
sim_conf prod key-protect >"$work/cexluks.conf"
truncate -s 32M "$work/volume"
printf 'a passphrase' >"$work/human"
cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$work/volume" "$work/human"
"$B/cexluks" bind "$work/volume" kms:prod --key-file "$work/human" --config "$work/cexluks.conf" >/dev/null
sim_fault '{"listener":"*","method":"POST","path":"*/actions/unwrap","times":1,"delay_ms":1500,"action":"none"}'
"$B/cexluks" pass "$work/volume" kms:prod --config "$work/cexluks.conf" >"$work/out" &
core=$!
until grep -q actions/unwrap "$SIM_DIR/requests.jsonl" && [[ $(grep -c actions/unwrap "$SIM_DIR/requests.jsonl") -ge 3 ]]; do
    sleep 0.05
done
child="$(cat "/proc/$core/task/$core/children")"
peak() {
    sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}
private() {
    awk '/^(Private|Pss)/ { s[$1] += $2 } END { print s["Private_Clean:"] + s["Private_Dirty:"], s["Pss:"] }' "/proc/$1/smaps"
}
c="$(peak "$core")" n="$(peak "${child%% *}")"
printf 'peak resident memory, one volume, without KDF:\n'
printf '  core       %6d kB  (private, proportional: %s kB)\n' "$c" "$(private "$core")"
printf '  net child  %6d kB  (private, proportional: %s kB)\n' "$n" "$(private "${child%% *}")"
printf '  together   %6d kB\n' $((c + n))
wait "$core"
