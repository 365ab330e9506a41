# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# To be sourced: examples of the manual, which tests run as they stand there.

manual_dir="$(realpath "$(dirname "${BASH_SOURCE[0]}")/../docs/man")"

# Each example of pages, as a reader would copy it: its lines, then a NUL.
manual_blocks() { # PAGE…
    (cd "$manual_dir" && awk '
        /^\.Bd/ { text = ""; inside = 1; next }
        /^\.Ed/ { inside = 0; printf "%s%c", text, 0; next }
        /^\.Dl / { line = substr($0, 5); gsub(/\\e/, "\\", line); printf "%s\n%c", line, 0; next }
        inside { gsub(/\\e/, "\\"); text = text $0 "\n" }' "$@")
}

# The commands among them, those that root types, each on one line.
manual_commands() { # PAGE…
    manual_blocks "$@" | tr '\0' '\n' | awk '
        { sub(/^[ \t]+/, ""); open = sub(/[ \t]*\\$/, "") || /(&&|\|)$/ }
        /^# / { line = ""; sub(/^# /, ""); typed = 1 }
        typed { line = line (line == "" ? "" : " ") $0; if (!open) { print line; typed = 0 } }'
}

manual() { # REGEX [PAGE]: the first example of the page, by default cexluks.conf(5), with a line that matches
    manual_blocks "${2:-cexluks.conf.5}" | awk -v RS='\0' -v ORS='' -v regex="$1" '
        { n = split($0, line, "\n"); for (i = 1; i <= n; i++) if (line[i] ~ regex) { print; exit } }'
}
