# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Source this file.
#
#   guide_lines GUIDE   what a reader of docs/guides/GUIDE.md types: its indented lines, from the first to the last

guide_lines() {
    sed -n 's/^ \{4,\}//p' "${BASH_SOURCE[0]%/*}/../docs/guides/$1.md" | sed '/^$/d'
}
