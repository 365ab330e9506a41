#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each header compiles alone, and twice: self-contained and guarded.
source "$(dirname "$0")/lib.sh"

cc="${CC:-cc}"
need "${cc%% *}" 'headers compile alone'

findings='' count=0
while IFS= read -r header; do
    count=$((count + 1))
    case $header in
        helper/*) name=${header#helper/} ;;
        *) name=$header ;;
    esac
    # shellcheck disable=SC2086 # CC may carry words
    findings+="$(printf '#include "%s"\n#include "%s"\nextern int lint_not_empty;\n' "$name" "$name" \
        | $cc "${lint_cflags[@]}" -iquote . -iquote tests/unit -iquote "$(dirname "$header")" -Wall -Wextra -Werror -fsyntax-only -x c - 2>&1 \
        | grep -E 'error|warning' | sed "s|^|$header: |")"
    [[ -z $findings || $findings == *$'\n' ]] || findings+=$'\n'
done < <(lint_files 'helper/*.h' 'tests/*.h')

verdict "$count headers compile alone" "${findings%$'\n'}"
lint_end
