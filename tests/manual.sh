# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# To be sourced: examples of the manual, which tests run as they stand there.

manual() { # REGEX: the first example of cexluks.conf(5) with a line that matches, as a reader would copy it
    awk -v regex="$1" '
        /^\.Bd/ { text = ""; found = 0; inside = 1; next }
        /^\.Ed/ { inside = 0; if (found) { printf "%s", text; exit } }
        inside { gsub(/\\e/, "\\"); text = text $0 "\n"; if ($0 ~ regex) found = 1 }' \
        "$(dirname "${BASH_SOURCE[0]}")/../docs/man/cexluks.conf.5"
}
