#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The generated parts of the manual pages are what the program's tables say now: otherwise "make man" fills them in.
source "$(dirname "$0")/lib.sh"

program="${CEXLUKS:-${B:-build}/cexluks}"
if [[ ! -x $program ]]; then
    skipped "generated parts of the manual pages: $program is not built"
    exit 0
fi
filled="$(mktemp)"
trap 'rm -f "$filled"' EXIT
while IFS= read -r page; do
    if said="$(docs/man/fill.sh "$page" 2>&1 >"$filled")"; then
        said="$(diff -u --label "$page" --label 'after "make man"' "$page" "$filled")"
    fi
    verdict "$page has the tables of the program" "$said"
done < <(lint_files 'docs/man/*.[1-9]' | xargs grep -l '^\.\\" table: ')
lint_end
