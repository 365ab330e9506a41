#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pass.sh (part a): how long does it take to get one passphrase, whole process? "cexluks pass" (IAM token and unwrap over
# TLS, simulator on loop-back), dynamic and static, beside "clevis luks pass" (tang over plain HTTP on loop-back), on the
# same LUKS2 header, in turns; each of them also proves that the passphrase opens the keyslot. A minute or two.
# shellcheck source=tests/bench/lib.sh disable=SC2016
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need clevis jose socat jq curl cryptsetup
rounds="${ROUNDS:-$(quick 40 2)}"
ratio=()

tang_start() { # sets tang_port
    local tangd
    for tangd in /usr/libexec/tangd /usr/lib/*/tangd; do
        [[ ! -x $tangd ]] || break
    done
    mkdir "$work/keys"
    "${tangd%/*}/tangd-keygen" "$work/keys" >/dev/null 2>&1
    tang_port=$((20000 + RANDOM % 20000))
    socat "TCP4-LISTEN:$tang_port,bind=127.0.0.1,reuseaddr,fork" "EXEC:$tangd $work/keys" 2>/dev/null &
    children+=($!)
    curl -fsS --retry 20 --retry-delay 1 --retry-connrefused "http://127.0.0.1:$tang_port/adv" >"$work/adv.jws"
}

service_start
tang_start
volume "$work/volume"
clevis luks bind -d "$work/volume" -k "$work/human" -y tang \
    "{\"url\":\"http://127.0.0.1:$tang_port\",\"adv\":\"$work/adv.jws\"}"
slot="$(clevis luks list -d "$work/volume" | head -n 1 | cut -d : -f 1)"

# Processor time tells more than the clock where others use the machine as well.
TIMEFORMAT='%3U %3S'
measure() { # NAME COMMAND…
    { time microseconds "${@:2}" </dev/null >>"$work/$1"; } 2>"$work/time"
    awk '{ print ($1 + $2) * 1000 }' "$work/time" >>"$work/$1.cpu"
    cryptsetup open --test-passphrase --key-file "$work/out" "$work/volume"
}

for ((n = 0; n < rounds; n++)); do
    while read -r name folder; do
        measure "$name" "$folder/cexluks" pass "$work/volume" kms:prod --config "$work/cexluks.conf"
    done < <(builds)
    measure clevis clevis luks pass -d "$work/volume" -s "$slot"
done

fragment a
printf 'Median of %d rounds; a ratio is that of two runs of one round, and the table has the median of those.\n\n' "$rounds"
printf '| | median | fastest | clevis needs | processor time | clevis needs |\n|---|---:|---:|---:|---:|---:|\n'
row() { # TITLE NAME RATIO OF-PROCESSOR-TIME
    printf '| %s | %s ms | %s ms | %s | %s ms | %s |\n' "$1" "$(calc %.1f "$(median "$work/$2") / 1000")" \
        "$(calc %.1f "$(sort -n "$work/$2" | head -n 1) / 1000")" "$3" \
        "$(calc %.0f "$(median "$work/$2.cpu")")" "${4-}"
}
while read -r name _; do
    paste "$work/$name" "$work/clevis" | awk '{ print $2 / $1 }' >"$work/ratios"
    ratio[${#ratio[@]}]="$name $(calc %.1f "$(median "$work/ratios")")"
    row "\`cexluks pass\`, $name (IAM and unwrap, TLS)" "$name" "${ratio[-1]#* } times as long" \
        "$(calc %.1f "$(median "$work/clevis.cpu") / $(median "$work/$name.cpu")") times as much"
done < <(builds)
row '`clevis luks pass` (tang, plain HTTP)' clevis ''
printf '\n'
for each in "${ratio[@]}"; do
    target "one passphrase, ${each% *}, against clevis" at-least 10 "${each#* }" times
done
