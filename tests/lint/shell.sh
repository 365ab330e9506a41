#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Everything that a shell reads, by name or by first line, through shellcheck; settings in .shellcheckrc.
source "$(dirname "$0")/lib.sh"

need shellcheck 'shellcheck'

mapfile -t scripts < <(lint_files | while IFS= read -r file; do
    case $file in
        *.sh) printf '%s\n' "$file" ;;
        *.[ch] | *.md | *.[1-9]) ;;
        *) head -n 1 "$file" | grep -qaE '^#!.*\b(ba|da)?sh\b|^# shellcheck shell=' && printf '%s\n' "$file" ;;
    esac
done)
if [[ ${#scripts[@]} -eq 0 ]]; then
    not_ok 'shellcheck: found no shell file at all'
else
    verdict "shellcheck, ${#scripts[@]} files" \
        "$(printf '%s\0' "${scripts[@]}" | xargs -0 -P 2 -n 8 nice shellcheck -x -f gcc 2>&1)"
    no_bit="$(for file in "${scripts[@]}"; do
        head -n 1 "$file" | grep -q '^#!' && [[ ! -x $file ]] && printf '%s has a first line with #! but no run bit\n' "$file"
    done)"
    verdict 'scripts have their run bit' "$no_bit"
fi
lint_end
