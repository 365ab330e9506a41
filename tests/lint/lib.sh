# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the checks in this folder share. Each prints "ok - …", "not ok - …" or "skipped - …" per thing it looked at,
# findings above the verdict they belong to, and ends with 0 when there was no "not ok".
set -uo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

lint_failures=0

ok() {
    printf 'ok - %s\n' "$*"
}

not_ok() {
    printf 'not ok - %s\n' "$*"
    lint_failures=$((lint_failures + 1))
}

skipped() {
    printf 'skipped - %s\n' "$*"
}

# Prints findings, indented, and the verdict: verdict TITLE FINDINGS
verdict() {
    if [[ -z $2 ]]; then
        ok "$1"
    else
        printf '    %s\n' "${2//$'\n'/$'\n    '}"
        not_ok "$1"
    fi
}

lint_end() {
    [[ $lint_failures -eq 0 ]]
    exit
}

# need TOOL TITLE: ends the script with "skipped" where the tool is missing
need() {
    if ! command -v "$1" >/dev/null; then
        skipped "$2: $1 is not installed (make deps)"
        exit 0
    fi
}

# Files of the tree, one per line: what git tracks or would track. Works in an unpacked tarball too.
# lint_files [PATTERN…], as git ls-files understands them
lint_files() {
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard --deduplicate -- "$@" | while IFS= read -r file; do
            [[ -f $file && ! -L $file ]] && printf '%s\n' "$file"
        done
    else
        local pattern file
        find . -type f -not -path './.git/*' -not -path './build*/*' -printf '%P\n' | sort | while IFS= read -r file; do
            for pattern in "${@:-*}"; do
                # shellcheck disable=SC2053 # the right side is a pattern
                [[ $file == $pattern || $file == $pattern/* ]] && printf '%s\n' "$file" && break
            done
        done
    fi
}

# The flags that decide how the helper's sources are read (warnings are the compiler's business in make).
# shellcheck disable=SC2034 # used by the checks
mapfile -t lint_cflags < <(
    printf '%s\n' -std=gnu17 -D_GNU_SOURCE '-DCEXLUKS_VERSION="lint"' '-DCEXLUKS_PROGRAM="lint"' -Ihelper
    pkg-config --cflags libcryptsetup blkid devmapper libcurl libcjson libkeyutils inih 2>/dev/null \
        | tr ' ' '\n' | sed '/^$/d'
)
