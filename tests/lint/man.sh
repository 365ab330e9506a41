#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The manual pages are well-formed. Long input lines and other matters of taste are no findings.
source "$(dirname "$0")/lib.sh"

need mandoc 'manual pages'

while IFS= read -r page; do
    # on stderr mandoc also complains about the machine's own database of pages
    verdict "$page is well-formed" "$(mandoc -T lint -W warning "$page" 2>/dev/null)"
done < <(lint_files 'docs/man/*.[1-9]')
lint_end
