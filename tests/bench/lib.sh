# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# To be sourced: what the measurements in this folder share. Each is a program of its own that run starts; it prints what
# it finds, and leaves a fragment of docs/performance.md in OUT, with the data of its plot if it has one. B names the
# build. QUICK=1 makes everything tiny: it shows that a measurement still works, and its numbers mean nothing.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
B="$(realpath "${B:-build}")"
OUT="$(realpath -m "${OUT:-$B/bench}")"
export B OUT SIM="$B/kms-sim"
mkdir -p "$OUT"

work="$(mktemp -d "${TMPDIR:-/tmp}/cexluks-bench.XXXXXX")"
children=() # process ids to end with the measurement
# shellcheck source=tests/integration/sim.sh
source tests/integration/sim.sh

tidy_up() {
    local pid
    for pid in "${children[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    [[ -z ${SIM_PID-} ]] || sim_stop || true
    rm -rf --one-file-system "$work"
}
trap tidy_up EXIT

need() { # TOOL…
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || {
            printf '%s: %s is not installed, see "tests/deps.sh bench"\n' "${0##*/}" "$tool" >&2
            exit 1
        }
    done
}

quick() { # NORMAL TINY: one of them
    if [[ -n ${QUICK-} ]]; then printf '%s\n' "$2"; else printf '%s\n' "$1"; fi
}

# Builds to measure: name and folder, the static one only where it was made.
builds() {
    printf 'dynamic %s\n' "$B"
    [[ ! -x $B/static/cexluks ]] || printf 'static %s\n' "$B/static"
}

service_start() { # a simulator, and $work/cexluks.conf for it
    sim_start
    sim_conf prod key-protect >"$work/cexluks.conf"
    chmod 600 "$work/cexluks.conf"
    printf 'a passphrase' >"$work/human"
}

volume() { # FILE [luksFormat's options…]: a LUKS2 header in a file, bound
    truncate -s 32M "$1"
    cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "${@:2}" "$1" "$work/human"
    "$B/cexluks" bind "$1" kms:prod --key-file "$work/human" --config "$work/cexluks.conf" >/dev/null
}

system_root() { # a tree for "load": the same configuration in $work/root, passphrases go into the keyring
    etc="$work/root/etc"
    mkdir -p "$etc/cexluks"
    {
        printf '[cexluks]\nopen = systemd\n'
        sed "s,^api-key.*,api-key = file:/etc/cexluks/api-key,; s,^ca-file.*,ca-file = /etc/cexluks/ca.pem," "$work/cexluks.conf"
    } >"$etc/cexluks/cexluks.conf"
    cp "$SIM_CA" "$etc/cexluks/ca.pem"
    install -m 600 "$SIM_API_KEY_FILE" "$etc/cexluks/api-key"
}

crypttab() { # KIND HOW-MANY: the tree names the volumes KIND1, KIND2, … in $work
    local n
    for ((n = 1; n <= $2; n++)); do
        printf '%s%d %s none luks\n' "$1" "$n" "$work/$1$n"
    done >"$etc/crypttab"
}

now_us() {
    printf '%s\n' "${EPOCHREALTIME/./}"
}

microseconds() { # COMMAND…: how long it took; what it writes goes to $work/out
    local began
    began="$(now_us)"
    "$@" >"$work/out"
    echo $(($(now_us) - began))
}

median() { # FILE: of one number per line
    sort -n "$1" | awk '{ v[NR] = $1 } END { n = int((NR + 1) / 2); print NR % 2 ? v[n] : (v[n] + v[n + 1]) / 2 }'
}

calc() { # FORMAT EXPRESSION
    awk "BEGIN { printf \"$1\\n\", $2 }"
}

# --- the fragment ----------------------------------------------------------------------------------------

fragment() { # PART: what is printed from here on goes to the terminal and into the part's fragment
    exec > >(tee "$OUT/$1.md")
}

# target WHAT at-least|at-most WANTED MEASURED UNIT: a line that document.sh collects. Written like a list for people.
target() {
    local verdict
    verdict="$(awk -v how="$2" -v want="$3" -v have="$4" 'BEGIN {
        miss = how == "at-least" ? 1 - have / want : have / want - 1
        if (miss <= 0) print "met"; else printf "missed by %.0f %%\n", miss * 100 }')"
    printf -- '- target: %s | %s %s %s | %s %s | %s\n' "$1" "${2/-/ }" "$3" "$5" "$4" "$5" "$verdict"
}
