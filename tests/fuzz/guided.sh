#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# guided.sh [TARGET…]: the fuzz targets under libFuzzer, which follows what the code does; SECONDS_EACH (60) seconds
# each, on build-fuzz, made by "make fuzz" with clang. What was found new stays in FUZZ_ROOM (cexluks/fuzz of the user's cache,
# so that it outlives a tree) and is where the next run begins; a failing input is FUZZ_ROOM/TARGET.crash-…, and
# "build-fuzz/tests/fuzz/fuzz-TARGET FILE" runs it again. Each run adds a line to FUZZ_ROOM/runs: target, seconds of a
# processor, executions, edges reached, status; what all of them came to is said at the end.
#
# guided.sh --table: over all runs, and what share of its parser each target has reached by now, as docs/security.md has it.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
B="${B:-build-fuzz}"
room="${FUZZ_ROOM:-${XDG_CACHE_HOME:-$HOME/.cache}/cexluks/fuzz}"
export ASAN_OPTIONS="detect_leaks=1" UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1"

targets() { # [TARGET…]: all, or those
    local source name
    for source in tests/fuzz/fuzz-*.c; do
        name="${source#tests/fuzz/fuzz-}"
        [[ $# -gt 0 && " $* " != *" ${name%.c} "* ]] || printf '%s\n' "${name%.c}"
    done
}

# The parser that a target is about, for the share of it that was reached.
parser_of() {
    case $1 in
        base64) echo helper/base/base64.c ;;
        boot-entries) echo helper/op/boot-entries.c helper/op/boot-value.c ;;
        cards) echo helper/op/cards-file.c ;;
        certificate) echo helper/base/certificate.c ;;
        cmdline) echo helper/op/cmdline.c ;;
        config) echo helper/op/config.c helper/op/config-keys.c ;;
        cpio) echo helper/base/cpio.c helper/base/initramfs.c ;;
        crypttab) echo helper/op/crypttab.c ;;
        header) echo helper/luks/rules.c helper/luks/rules-keyslot.c ;;
        http) echo helper/kms/keyprotect.c helper/kms/iam.c ;;
        keyblob) echo helper/cex/keyblob.c helper/cex/token-cca.c helper/cex/token-ep11.c helper/cex/token-cardless.c ;;
        keys) echo helper/op/keys-directory.c ;;
        masterkey) echo helper/cex/masterkey.c ;;
        message) echo helper/kms/message.c ;;
        old-config) echo helper/op/config-old.c ;;
        sealed) echo helper/base/sealed.c ;;
        report) echo helper/base/json-check.c ;;
        repository) echo helper/cex/apqn.c ;;
        token) echo helper/luks/token.c helper/base/json-check.c ;;
        uevent) echo helper/cex/watch.c ;;
    esac
}

one() { # TARGET: 0, unless it found something
    local program="$B/tests/fuzz/fuzz-$1" folders=() folder options=() status seconds executions edges
    local TIMEFORMAT='%U %S'
    mkdir -p "$room/$1" "$room/seeds-$1"
    for folder in "tests/fuzz/corpus/$1" "tests/fixtures/$1"; do
        [[ ! -d $folder ]] || folders+=("$folder")
    done
    [[ ! -e tests/fuzz/dictionaries/$1 ]] || options+=("-dict=tests/fuzz/dictionaries/$1")
    { time FUZZ_SEEDS="$room/seeds-$1" LLVM_PROFILE_FILE="$room/$1.profraw" "$program" \
        -max_total_time="${SECONDS_EACH:-60}" -max_len=65536 -timeout=10 -rss_limit_mb=1024 -artifact_prefix="$room/$1." \
        -print_final_stats=1 "${options[@]}" "$room/$1" "$room/seeds-$1" "${folders[@]}" </dev/null >"$room/$1.log" 2>&1; } \
        2>"$room/$1.time"
    status=$?
    seconds="$(awk '{ printf "%d", $1 + $2 }' "$room/$1.time")"
    executions="$(sed -nE 's/^stat::number_of_executed_units: *//p' "$room/$1.log")"
    edges="$(sed -nE 's/.* cov: ([0-9]+) .*/\1/p' "$room/$1.log" | tail -n 1)"
    printf '%s %s %s %s %s\n' "$1" "$seconds" "${executions:-0}" "${edges:-0}" "$status" >>"$room/runs"
    if [[ $status -ne 0 ]]; then
        printf 'not ok - fuzz-%s\n' "$1"
        tail -n 60 "$room/$1.log"
        return 1
    fi
    printf 'ok - fuzz-%s: %s executions, %s edges\n' "$1" "$executions" "$edges"
}

reached() { # TARGET: "lines % of parser": its corpus of now, once more
    local folders=("$room/$1" "$room/seeds-$1") folder sources
    for folder in "tests/fuzz/corpus/$1" "tests/fixtures/$1"; do
        [[ ! -d $folder ]] || folders+=("$folder")
    done
    LLVM_PROFILE_FILE="$room/$1.profraw" "$B/tests/fuzz/fuzz-$1" -runs=0 "${folders[@]}" </dev/null >/dev/null 2>&1
    llvm-profdata merge -o "$room/$1.profdata" "$room/$1.profraw" || return
    read -ra sources <<<"$(parser_of "$1")"
    llvm-cov export --summary-only -instr-profile "$room/$1.profdata" "$B/tests/fuzz/fuzz-$1" "${sources[@]}" |
        jq -r '.data[0].totals | "\(.lines.percent | floor) \(.regions.percent | floor)"'
}

table() {
    local target seconds executions lines regions sources
    printf '| target | parser | seconds | executions | lines reached | regions reached |\n|---|---|---:|---:|---:|---:|\n'
    for target in $(targets); do
        read -r seconds executions < <(awk -v t="$target" '$1 == t { s += $2; n += $3 } END { print s + 0, n + 0 }' "$room/runs")
        read -r lines regions < <(reached "$target")
        sources="$(parser_of "$target")"
        # shellcheck disable=SC2016 # back quotes are the document's
        printf '| %s | `%s` | %d | %d | %d %% | %d %% |\n' "$target" "${sources// /\` \`}" "$seconds" "$executions" "$lines" "$regions"
    done
}

totals() {
    printf '# %-12s %8s %14s %6s %6s\n' target seconds executions edges failed
    sort "$room/runs" | awk '{ s[$1] += $2; n[$1] += $3; if ($4 > e[$1]) e[$1] = $4; f[$1] += $5 + 0 != 0 }
        END { for (t in s) printf "# %-12s %8d %14d %6d %6d\n", t, s[t], n[t], e[t], f[t] }' | sort
}

if [[ ${1-} == --table ]]; then
    table
    exit
fi
passed=0 failed=0
for target in $(targets "$@"); do
    if one "$target"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
totals
printf '%d passed, %d failed, 0 skipped\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
