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
lint_end
