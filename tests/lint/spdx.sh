#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every text file says its licence in the first lines. Data that a test compares byte for byte can't carry a comment.
source "$(dirname "$0")/lib.sh"

findings="$(lint_files | grep -vE '^(COPYING|(.*/)?\.gitignore)$|(^|/)(fixtures|corpus|expected)/|\.(json|pem|img|bin)$' \
    | while IFS= read -r file; do
        # no text, or nothing in it
        grep -qI . "$file" || continue
        head -n 6 "$file" | grep -qE 'SPDX-License-Identifier: GPL-2.0(-or-later| \*/$|$)' \
            || printf '%s\n' "$file"
    done)"
verdict 'every text file names its licence' "$findings"
lint_end
