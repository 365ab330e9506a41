#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# docs/checks.md: each fault has a test that plants it, and tells it by a word that there is; and there are enough of them.
# shellcheck source-path=SCRIPTDIR disable=SC2016 # backquotes of the page
source "$(dirname "$0")/lib.sh"
page=docs/checks.md

rows() { # [WHERE]: "where|word|test|title" of each row, without the blanks around
    sed -n 's/^| *\([^|]*[^| ]\) *|[^|]*| *`\([a-z-]*\)` *| *\([0-9a-z]*\): \([^|]*[^| ]\) *|$/\1|\2|\3|\4/p' "$page" | grep "^${1-.*}|"
}
file_of() { # TEST
    case $1 in
        unit) echo tests/unit/op/test-check.c ;;
        *) echo tests/integration/"$1"-*.sh ;;
    esac
}

check 'each line of the table is a row' same "$(rows | wc -l)" "$(grep -c '^| [a-zK]' "$page" | awk '{ print $1 - 1 }')"
check 'there are 25 at least' test "$(rows | wc -l)" -ge 25
for where in configuration KMS header card image; do
    check "some are in: $where" test "$(rows "$where" | wc -l)" -ge 5
done
words=" $("$CEXLUKS" help --table outcomes | awk '{ print $1 }' | tr '\n' ' ')$("$CEXLUKS" help --table warnings | awk '{ print $1 }' | tr '\n' ' ')"
unknown='' untested=''
while IFS='|' read -r _ word test title; do
    [[ $words == *" $word "* ]] || unknown+=" $word"
    grep -qF -- "$title" "$(file_of "$test")" || untested+=" '$title'"
done < <(rows)
check 'each word is one of an outcome or a warning' same "$unknown" ''
check 'each row has its test' same "$untested" ''

summary
