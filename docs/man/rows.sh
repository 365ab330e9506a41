# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# To be sourced: what the manual pages document, read from their mdoc source, which therefore has a form:
#   verbs     .It Cm VERB … Ar ARGUMENT, in section VERBS of cexluks(8) or of a family's page, cexluks-bind(8) for instance
#   options   .It Fl -NAME Ar ARGUMENT, nested in their verb's item; those of every verb in section OPTIONS of cexluks(8)
#   config    .It Ic KEY …, in section "SECTION [cexluks]", … of cexluks.conf(5), with "Default: VALUE." where there is one
#   cmdline   .It Cm WORD …, in section OPTIONS of cexluks.cmdline(7)
#   outcomes  .It Sy WORD , No CODE [ , No retried ], in section OUTCOMES of cexluks-outcomes(7)
#   warnings  .It Sy WORD, in section WARNINGS of cexluks-outcomes(7)
# What stands between marks of docs/man/fill.sh came from the program and proves nothing: it is not read.

# What the pages say, in the tables' form: verbs "verb<TAB>ARGUMENTS", options "verb<TAB>--name<TAB>ARGUMENT"
# (verb "*" for those of every verb), config "section<TAB>key<TAB>default", cmdline "word", outcomes "word<TAB>code<TAB>retry",
# warnings "word": page_rows TABLE PAGE…
page_rows() {
    awk -v want="$1" '
        function flush() { if (key != "") print section "\t" key "\t" fallback; key = ""; fallback = "-" }
        function arguments(from,    i, list) {
            list = ""
            for (i = from; i <= NF; i++)
                if ($i ~ /^[A-Z][A-Z-]*$/) list = list (list == "" ? "" : " ") $i
            return list == "" ? "-" : list
        }
        # "key list" of ".It Cm key list Op Ar PROFILE"
        function words(    i, text) {
            text = $3
            for (i = 4; i <= NF && $i ~ /^[a-z]/; i++)
                text = text " " $i
            return text
        }
        /^\.\\" table: / { generated = 1 }
        /^\.\\" end of table/ { generated = 0 }
        generated { next }
        /^\.Sh / { flush(); part = $0; sub(/^\.Sh /, "", part); depth = 0; section = "" }
        /^\.Sh SECTION/ { section = $3; gsub(/[][]/, "", section) }
        /^\.Bl / { depth++ }
        /^\.El/ { depth-- }
        want == "verbs" && part == "VERBS" && depth == 1 && /^\.It Cm / { print words() "\t" arguments(4) }
        want == "options" && part == "VERBS" && depth == 1 && /^\.It Cm / { verb = words() }
        want == "options" && part == "VERBS" && depth == 2 && /^\.It Fl / { print verb "\t-" $3 "\t" arguments(4) }
        want == "options" && part == "OPTIONS" && /^\.It Fl / { print "*\t-" $3 "\t" arguments(4) }
        want == "config" && section != "" && depth == 1 && /^\.It Ic / { flush(); key = $3 }
        want == "config" && key != "" && /^Default: / { fallback = $2; sub(/\.$/, "", fallback) }
        want == "cmdline" && part == "OPTIONS" && /^\.It Cm / { print $3 }
        want == "outcomes" && part == "OUTCOMES" && depth == 1 && /^\.It Sy / {
            print $3 "\t" $6 "\t" ($NF == "retried" ? "yes" : "no")
        }
        want == "warnings" && part == "WARNINGS" && depth == 1 && /^\.It Sy / { print $3 }
        END { flush() }
    ' "${@:2}"
}

# The names under which pages can be asked for.
page_names() { # PAGE…
    awk 'FNR == 1 { head = 1 } /^\.Nd/ { head = 0 } head && /^\.Nm / { print $2 }' "$@"
}
