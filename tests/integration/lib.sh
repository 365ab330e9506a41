# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# To be sourced: what the tests in this folder share. A test is a list of steps (run …) with what must be true after
# each (expect …); every line that begins with "ok" or "not ok" says one thing about the program. B names the build.
set -uo pipefail
shopt -s inherit_errexit
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

B="$(realpath "${B:-build}")"
CEXLUKS="$B/cexluks"
SIM="$B/kms-sim"
ROOM="$(mktemp -d "${TMPDIR:-/tmp}/cexluks-test.XXXXXX")"
CONF="$ROOM/cexluks.conf"
PASSPHRASE='correct horse, 7 staples' # what the human of these tests types
export TMPDIR="$ROOM"

# shellcheck source=tests/integration/sim.sh
source tests/integration/sim.sh

passed=0 failed=0 skipped=0
children=() # process ids to end with the test
out='' err='' status=0

tidy_up() {
    local pid
    trap '' INT TERM
    for pid in "${children[@]}"; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    [[ -z ${SIM_PID-} ]] || sim_stop
    rm -rf --one-file-system "$ROOM"
}
trap tidy_up EXIT
trap 'exit 1' INT TERM

ok() {
    printf 'ok - %s\n' "$*"
    passed=$((passed + 1))
}

not_ok() { # TITLE [DETAIL]
    printf 'not ok - %s\n' "$1"
    failed=$((failed + 1))
    [[ -z ${2-} ]] || printf '%s\n' "$2" | head -n 40 | sed 's/^/    /'
}

skip() { # TITLE, with the reason
    printf 'skipped - %s\n' "$*"
    skipped=$((skipped + 1))
}

can_unpack_images() { # says so when it cannot
    [[ $EUID -eq 0 ]] && command -v cpio >/dev/null && unshare -m true 2>/dev/null && return
    skip 'images that can be booted: needs root, cpio and a mount namespace'
    return 1
}

bootable() { # NAME CONF [FILE…]: a boot entry below $tree with an image that has this configuration ("": none), and these files
    local image="$ROOM/image.$1" name="$1" file
    rm -rf "$image" && mkdir -p "$image/etc/cexluks" "$tree/boot/loader/entries"
    [[ -z $2 ]] || cp "$2" "$image/etc/cexluks/cexluks.conf"
    shift 2
    for file; do
        mkdir -p "$image${file%/*}" && cp -p "$file" "$image$file"
    done
    (cd "$image" && find . | cpio --quiet -o -H newc) >"$tree/boot/$name.img"
    printf 'title %s\ninitrd /%s.img\n' "$name" "$name" >"$tree/boot/loader/entries/$name.conf"
}

summary() { # the last line; ends the test
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    [[ $failed -eq 0 ]]
    exit
}

need() { # WHAT-FOR TOOL…: ends the test when one is missing
    local tool
    for tool in "${@:2}"; do
        if ! command -v "$tool" >/dev/null; then
            skip "$1: '$tool' is not installed"
            summary
        fi
    done
}

check() { # TITLE COMMAND…: it must succeed
    local said
    if said="$("${@:2}" 2>&1)"; then
        ok "$1"
    else
        not_ok "$1" "${said:-"${*:2}"}"
    fi
}

not() {
    ! "$@"
}

same() { # ONE OTHER
    [[ $1 == "$2" ]] || { printf '%s\n' "$1" 'is not' "$2" && return 1; }
}

contains() { # TEXT PART…
    local part
    for part in "${@:2}"; do
        [[ $1 == *"$part"* ]] || { printf '%s\n' "$1" "does not contain: $part" && return 1; }
    done
}

run() { # VERB ARGUMENT…: sets out, err and status. Standard input is that of the caller.
    "$CEXLUKS" "$@" >"$ROOM/out" 2>"$ROOM/err"
    status=$?
    out="$(tr -d '\0' <"$ROOM/out")"
    err="$(<"$ROOM/err")"
    sane "$ROOM/err" "$*"
}

sane() { # FILE WHAT: a build with sanitizers complains there
    ! grep -qE 'Sanitizer|runtime error:' "$1" || not_ok "sanitizers complain: $2" "$(<"$1")"
}

is_static() { # is it one file without a loader?
    ! readelf -l "$CEXLUKS" | grep -q INTERP
}

with_conf() { # VERB ARGUMENT…: with the test's configuration, and no input
    run "$@" --config "$CONF" </dev/null
}

expect() { # TITLE STATUS PART…: of the last run, where the parts are in what it said
    local part
    if [[ $status -ne $2 ]]; then
        not_ok "$1" "status $status, not $2"$'\n'"$out"$'\n'"$err"
        return 1
    fi
    for part in "${@:3}"; do
        if [[ $out$'\n'$err != *"$part"* ]]; then
            not_ok "$1" "lacks: $part"$'\n'"$out"$'\n'"$err"
            return 1
        fi
    done
    ok "$1"
}

alone() { # from here to together, tests that run at the same time wait: root has one user keyring
    exec 8<tests/integration
    flock 8
}

together() {
    exec 8<&-
}

# --- volumes: LUKS2 headers in files, which need no device mapper -----------------------------------------------------

key_file() { # the human's passphrase as a file
    [[ -e $ROOM/passphrase ]] || printf '%s' "$PASSPHRASE" >"$ROOM/passphrase"
    printf '%s' "$ROOM/passphrase"
}

volume_make() { # FILE [luksFormat's options…]: small, and cheap to open
    local key
    key="$(key_file)"
    truncate -s 5M "$1"
    cryptsetup luksFormat -q --type luks2 --luks2-metadata-size 16k --luks2-keyslots-size 3m --offset 8192 \
        --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "${@:2}" "$1" "$key" >"$ROOM/luksformat" 2>&1 ||
        { cat "$ROOM/luksformat" >&2 && return 1; }
}

opens() { # FILE KEY-FILE [cryptsetup's options…]: does a plain cryptsetup open it?
    cryptsetup open --test-passphrase -d "$2" "${@:3}" "$1" </dev/null
}

opens_for_human() { # FILE
    opens "$1" "$(key_file)"
}

bind() { # FILE BINDING [OPTION…]
    run bind "$1" "$2" --config "$CONF" --key-file "$(key_file)" "${@:3}" </dev/null
}

digest() { # FILE…: of every byte, data included
    sha256sum "$@" | cut -d' ' -f1
}

unchanged() { # TITLE FILE DIGEST
    check "$1" same "$(digest "$2")" "$3"
}

header_json() { # FILE: the metadata of its primary header
    dd if="$1" bs=4096 skip=1 count=3 status=none | tr -d '\0'
}

header_set() { # FILE JSON: as somebody would who has the disk: both copies, with checksums that are right
    local at copy="$ROOM/header-copy"
    for at in 0 4; do
        dd if="$1" bs=4096 skip="$at" count=1 status=none of="$copy"
        printf '%s' "$2" >>"$copy"
        truncate -s 16384 "$copy"
        dd if=/dev/zero bs=1 seek=448 count=64 conv=notrunc status=none of="$copy"
        sha256sum "$copy" | cut -c1-64 | xxd -r -p | dd bs=1 seek=448 conv=notrunc status=none of="$copy"
        dd if="$copy" bs=4096 seek="$at" conv=notrunc status=none of="$1"
    done
}

header_edit() { # FILE JQ-FILTER [jq's options…]
    header_set "$1" "$(header_json "$1" | jq -c "${@:3}" "$2")"
}

# A verb that is ended by SIGKILL: at every write and sync of a file that a run which is left alone makes, if EVERY_WRITE is
# set (tests/all.sh), else at every STEP-th. strace counts each system call by itself, so a moment names one: write:3.

kill_step() { # STEP: every which moment to kill at; the build with sanitizers is slower, and they say nothing of what is killed
    if [[ -n ${EVERY_WRITE-} ]]; then echo 1; elif [[ ${B-} == *-san ]]; then echo $((4 * $1)); else echo "$1"; fi
}

writes_of() { # STEP FILE COMMAND…: sets writes, every STEP-th moment to kill at, the last too, and n_writes, of all
    local calls=write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,ftruncate,fallocate
    ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o "$ROOM/trace" -P "$2" -e "trace=$calls" "${@:3}" </dev/null \
        >"$ROOM/killed-said" 2>&1
    mapfile -t writes < <(sed -nE 's/^[0-9]+ +([a-z0-9]+)\(.*/\1/p' "$ROOM/trace" | awk '{ print $1 ":" ++n[$1] }')
    # shellcheck disable=SC2034 # for titles
    n_writes=${#writes[@]}
    mapfile -t writes < <(printf '%s\n' "${writes[@]}" | awk -v step="$1" '{ last = $0 } (NR - 1) % step == 0 { print; last = "" }
        END { if (last) print last }')
}

killed_at() { # MOMENT FILE COMMAND…: ends it there; did it live?
    ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -P "$2" -e "trace=${1%:*}" \
        -e "inject=${1%:*}:signal=KILL:when=${1#*:}" "${@:3}" </dev/null >"$ROOM/killed-said" 2>&1
} 2>/dev/null # where the shell tells of what was killed

REFUSED_BY=(pass open bind unbind)
refuses_header() { # WHAT PART…: of $v, by verbs that read a header, and no byte changes
    local verb changed
    changed="$(digest "$v")"
    for verb in "${REFUSED_BY[@]}"; do
        case $verb in
            pass) with_conf pass "$v" kms:prod ;;
            open) with_conf open "$v" ;;
            bind) bind "$v" kms:prod ;;
            unbind) run unbind "$v" kms:prod </dev/null ;;
            rotate) with_conf rotate "$v" ;;
            rewrap) with_conf rotate "$v" --rewrap-only ;;
            migrate) with_conf migrate "$v" --to dr ;;
        esac
        expect "$1: $verb" 14 header-refused "$v" "${@:2}"
    done
    run list "$v"
    expect "$1: list" 14 header-refused "${@:2}"
    unchanged "$1: and every byte stays" "$v" "$changed"
}

tokens() { # FILE [JQ-FILTER]: over the array of tokens of ours
    header_json "$1" | jq -c "[.tokens[] | select(.type == \"cexluks\")] | ${2:-.}"
}
