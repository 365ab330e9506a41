#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# document.sh LETTER…: put the fragments that the measurements left into docs/performance.md, between the marks of their
# parts, draw the plots, and write the table of targets from all "target" lines of the document.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
B="${B:-build}"
document=docs/performance.md

between() { # MARK FILE: what lies between the marks becomes the file's text
    awk -v begin="<!-- begin $1 -->" -v end="<!-- end $1 -->" -v file="$2" '
        $0 == begin { print; print ""; while ((getline line < file) > 0) print line; print ""; skip = 1; found = 1 }
        $0 == end { skip = 0 }
        !skip { print }
        END { exit !found }' "$document" >"$document.new"
    mv "$document.new" "$document"
}

plot() { # LETTER, with a gnuplot script and data of the same name
    [[ -e tests/bench/$1.gnuplot ]] || return 0
    if ! command -v gnuplot >/dev/null; then
        printf 'document.sh: gnuplot is not installed, no plot\n' >&2
        return 0
    fi
    mkdir -p docs/performance
    gnuplot -e "data='$B/bench/$1'; set output '$work/plot.svg'" "tests/bench/$1.gnuplot"
    sed -e 's/[[:space:]]*$//' -e '1a <!-- SPDX-License-Identifier: GPL-2.0-or-later -->' "$work/plot.svg" \
        >"docs/performance/$1.svg"
}

machine() {
    local model
    model="$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1)"
    printf '%s, %d processors (%s), %d GiB of memory, Linux %s, %s; QEMU without hardware support.\n' "$(uname -m)" "$(nproc)" \
        "${model:-unknown}" "$(awk '$1 == "MemTotal:" { printf "%.0f", $2 / 1048576 }' /proc/meminfo)" \
        "$(uname -r | cut -d . -f 1,2)" "$(. /etc/os-release && printf '%s' "$PRETTY_NAME")"
}

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
for letter in "$@"; do
    between "$letter" "$B/bench/$letter.md"
    plot "$letter"
done
machine >"$work/machine"
between machine "$work/machine"
{
    printf '| what | wanted | measured | |\n|---|---|---|---|\n'
    sed -n 's/^- target: \(.*\)$/| \1 |/p' "$document"
} >"$work/targets"
between targets "$work/targets"
