#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tidy.sh [FILE…]: clang-tidy on the helper, two files at a time; the checks and their reasons are in .clang-tidy.
source "$(dirname "$0")/lib.sh"

need clang-tidy 'clang-tidy'

files=("$@")
[[ ${#files[@]} -gt 0 ]] || mapfile -t files < <(lint_files 'helper/*.c')
# The analyzer does not know the cleanup attribute and calls every cleaned-up variable a leak; leaks are for the
# sanitizer runs (SAN=1). Only the verdicts are shown here: run clang-tidy on the file for the way there.
findings="$(printf '%s\0' "${files[@]}" \
    | xargs -0 -P 2 -I '{}' nice clang-tidy --quiet '{}' -- "${lint_cflags[@]}" -include tests/lint/analyzer.h 2>/dev/null \
    | sed "s|^$PWD/||" | grep -E ': (warning|error): ' | grep -vE ': Potential (leak of memory|memory leak)' | sort -u)"
verdict "clang-tidy, ${#files[@]} files" "$findings"
lint_end
