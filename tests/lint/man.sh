#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The manual pages are well-formed, and man(1) shows them without a warning. Long input lines and other matters of taste are no
# findings.
source "$(dirname "$0")/lib.sh"

need mandoc 'manual pages'

while IFS= read -r page; do
    # on stderr mandoc also complains about the machine's own database of pages
    verdict "$page is well-formed" "$(mandoc -T lint -W warning "$page" 2>/dev/null)"
    if command -v groff >/dev/null; then
        verdict "$page is shown without warnings" "$(groff -mdoc -ww -z -Tutf8 "$page" 2>&1)"
    else
        skipped "$page is shown without warnings: groff is not installed (make deps)"
    fi
done < <(lint_files 'docs/man/*.[1-9]')

# and as web pages, whose links lead somewhere
web="$(mktemp -d)"
trap 'rm -rf "$web"' EXIT
verdict 'the pages become web pages' "$(docs/man/html.sh "$web" 2>&1)"
verdict 'their links lead to pages and sections that are there' "$(cd "$web" && for page in *.html; do
    # a page of ours that is nowhere would be looked for among Debian's
    sed -nE 's,.*"https://[^"]*/((cexluks|hpcs-for-luks)[^"]*)\.en\.html".*,no page \1,p' "$page"
    sed 's/href=/\n&/g' "$page" | sed -nE 's/^href="([^"]*)".*/\1/p' | grep -v '^https:' | sort -u \
        | while IFS='#' read -r file id; do
            if [[ ! -e ${file:-$page} ]]; then
                printf '%s: no page %s\n' "$page" "$file"
            elif [[ -n $id ]] && ! grep -qF "id=\"$id\"" "${file:-$page}"; then
                printf '%s: no section %s\n' "$page" "$file#$id"
            fi
        done
done)"
lint_end
