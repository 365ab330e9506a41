#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fleet.sh (part g): a site comes back from a power cut. 10,000 machines start within two seconds and need a token and an
# unwrap each from services that grant 200 requests a second and refuse the rest: fleet.c, on a virtual clock. Seconds.
# shellcheck source=tests/bench/lib.sh disable=SC2016
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
clients="$(quick 10000 200)" rate="$(quick 200 20)"

fragment g
printf '%s clients, %d requests a second granted by each of IAM and KMS; the least possible time to 99 %% is %s s.\n\n' \
    "$clients" "$rate" "$(calc %.0f "$clients * 0.99 / $rate")"
printf '| | half of them | 99 %% | the last | requests in all | most in one second | the same after 5 s |\n'
printf '|---|---:|---:|---:|---:|---:|---:|\n'
row() { # TITLE MODE
    local half most last requests peak later
    "$B/tests/bench/fleet" "$clients" "$rate" "$2" "$OUT/g-${2%%=*}.data" >"$work/said"
    read -r _ half most last requests peak later _ <"$work/said"
    printf '| %s | %s s | %s s | %s s | %d | %d | %d |\n' "$1" "$(calc %.1f "$half / 1000")" "$(calc %.1f "$most / 1000")" \
        "$(calc %.1f "$last / 1000")" "$requests" "$peak" "$later"
}
row 'cexluks' ours
row 'cexluks, refusals carry `Retry-After: 2`' ours-retry-after=2
row 'cexluks, refusals carry `Retry-After: 10`' ours-retry-after=10
row 'naive: again a second after each refusal' naive
