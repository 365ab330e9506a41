#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cppcheck [FILE…]: a second reader of the helper and the simulator, with another idea of what can go wrong.
source "$(dirname "$0")/lib.sh"

need cppcheck 'cppcheck'

files=("$@")
[[ ${#files[@]} -gt 0 ]] || mapfile -t files < <(lint_files 'helper/*.c' 'tests/kms-sim/*.c')
# memleak, resourceLeak: it does not know the cleanup attribute; leaks are for the sanitizer runs (SAN=1)
# missingInclude: libraries are judged by their calls; unmatchedSuppression: files come and go
output="$(printf '%s\n' "${files[@]}" | nice cppcheck --quiet -j 2 --file-list=- \
    --enable=warning,performance,portability --inline-suppr --error-exitcode=9 \
    --suppress=memleak --suppress=resourceLeak \
    --suppress=missingInclude --suppress=missingIncludeSystem --suppress=unmatchedSuppression \
    --std=c11 --platform=unix64 -D_GNU_SOURCE '-DCEXLUKS_VERSION="lint"' -Ihelper \
    '-DcJSON_ArrayForEach(e,a)=while((e=(a)->child))' \
    --template='{file}:{line}: {severity}: {message} [{id}]' --template-location='' 2>&1)"
status=$?
if [[ $status -ne 0 && -z $output ]]; then
    output="cppcheck ended with $status"
elif [[ $status -eq 0 ]]; then
    output=''
fi
verdict "cppcheck, ${#files[@]} files" "$output"
lint_end
