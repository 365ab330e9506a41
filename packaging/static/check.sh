#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh MAKE: is the static program what it should be? One file that needs no other; small; the same bytes from
# another folder and with nothing in the cache but the sources; and all integration tests hold with it. Of another
# architecture (ARCH=s390x) under emulation: it starts, and gets a passphrase from the simulated service.
#
# ONLY="sources file same integration" chooses. The second build takes some minutes: with TIER=ci, as tests/tier.sh has it,
# "same" is left out.
# shellcheck source=packaging/static/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$here/../.."
make="${1:-make}"
B="${B:-build}" ARCH="${ARCH:-$(uname -m)}" LIBC="${LIBC:-musl}"
program="${STATIC:-$B/static}/cexluks"
declare -A limits=([x86_64-musl]=1400000 [s390x-musl]=1600000 [x86_64-glibc]=2600000)
limit="${limits[$ARCH-$LIBC]-2800000}"
emulated=()
[[ $ARCH == "$(uname -m)" ]] || emulated=(tests/s390x/emulation.sh)
if [[ ${TIER-} == ci ]]; then
    ONLY="${ONLY:-sources file integration}"
    printf '# left to make check-all: static helper: building it twice\n'
fi
only="${ONLY:-sources file same integration}"
passed=0 failed=0 skipped=0

work="$(mktemp -d "${TMPDIR:-/tmp}/cexluks-check.XXXXXX")"
trap 'rm -rf "$work"' EXIT

verdict() { # TITLE COMMAND…
    local said
    if said="$("${@:2}" 2>&1)"; then
        printf 'ok - %s\n' "$1"
        passed=$((passed + 1))
    else
        printf 'not ok - %s\n%s\n' "$1" "$said"
        failed=$((failed + 1))
    fi
}

needs_no_other_file() {
    ! readelf -ld "$1" | grep -E 'INTERP|NEEDED'
}

ldd_finds_nothing() {
    local said
    said="$(ldd "$1" 2>&1)"
    [[ $said == *'statically linked'* || $said == *'not a dynamic executable'* ]] || { echo "$said" && return 1; }
}

is_position_independent() {
    readelf -h "$1" | grep -q 'Type:.*DYN' && readelf -ld "$1" | grep -q 'GNU_RELRO'
}

is_small() {
    [[ $(stat -c %s "$1") -le $limit ]] || { stat -c '%s bytes' "$1" && return 1; }
}

# No path of the machine that built it, which would make two builds differ.
names_no_folder() {
    ! strings -n 6 "$1" | grep -F -e "$PWD" -e "$cache" -e /tmp/
}

same_from_elsewhere() { # PROGRAM
    local name
    mkdir "$work/cache"
    for name in "$cache"/static-source-*/; do
        cp -al "$name" "$work/cache/" 2>/dev/null || cp -a "$name" "$work/cache/"
    done
    mkdir "$work/another-folder"
    cp -a Makefile helper packaging "$work/another-folder/"
    CEXLUKS_CACHE="$work/cache" TMPDIR="$work" B="$work/build" \
        "$make" --no-print-directory -C "$work/another-folder" static ARCH="$ARCH" LIBC="$LIBC" \
        && cmp "$1" "$work/build/${program#"$B/"}"
}

# The tests take "$B/cexluks"; a script that names a program of its own would judge another one.
names_no_other_helper() {
    ! grep -n 'build/cexluks' tests/integration/*.sh
}

integration() {
    local folder="${program%/*}"
    "$make" --no-print-directory "$B/kms-sim" && ln -sfn "$(realpath "$B/kms-sim")" "$folder/kms-sim" \
        && B="$folder" tests/integration/run | tee "$work/integration"
    read -r passed_there _ failed_there _ skipped_there _ < <(tail -n 1 "$work/integration" | tr -d ,)
    passed=$((passed + passed_there)) failed=$((failed + failed_there)) skipped=$((skipped + skipped_there))
}

gets_a_passphrase() {
    "$make" --no-print-directory "$B/cexluks" "$B/kms-sim" && "${emulated[@]}" packaging/static/unwrap.sh "$B" "$program"
}

if [[ $only == *sources* ]]; then
    verdict "what is wrong with a source is said, with what to type" packaging/static/test-fetch.sh
fi
"$make" --no-print-directory static ARCH="$ARCH" LIBC="$LIBC"
if [[ $only == *file* ]]; then
    verdict "it names no other file to be loaded with" needs_no_other_file "$program"
    verdict "ldd says so too" ldd_finds_nothing "$program"
    verdict "it can be loaded at any address, and what was relocated is read-only" is_position_independent "$program"
    verdict "it has at most $limit bytes" is_small "$program"
    verdict "it names no folder of the machine that built it" names_no_folder "$program"
    verdict "it starts" "${emulated[@]}" "$program" --version
    verdict "it helps" "${emulated[@]}" "$program" help
fi
if [[ $only == *same* ]]; then
    verdict "built elsewhere it is the same, byte for byte" same_from_elsewhere "$program"
fi
if [[ $only == *integration* && ${#emulated[@]} -gt 0 ]]; then
    verdict "it gets a passphrase from the service" gets_a_passphrase
elif [[ $only == *integration* ]]; then
    verdict "integration tests name no other helper" names_no_other_helper
    integration || failed=$((failed + 1))
fi
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[[ $failed -eq 0 ]]
