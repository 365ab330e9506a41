#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# man-matches.sh: the manual pages against the program's own tables (cexluks help --table NAME), both ways: what the
# program knows is documented, and what is documented exists.
#
# It reads the mdoc source, which therefore has a form:
#   verbs     .It Cm VERB … Ar ARGUMENT, in section VERBS of cexluks(8) or of a family's page, cexluks-bind(8) for instance
#   options   .It Fl -NAME Ar ARGUMENT, nested in their verb's item; those of every verb in section OPTIONS of cexluks(8)
#   config    .It Ic KEY …, in section "SECTION [cexluks]", … of cexluks.conf(5), with "Default: VALUE." where there is one
#   cmdline   .It Cm WORD …, in section OPTIONS of cexluks.cmdline(7)
#   outcomes  .It Sy WORD , No CODE [ , No retried ], in section OUTCOMES of cexluks-outcomes(7)
source "$(dirname "$0")/lib.sh"

program="${CEXLUKS:-${B:-build}/cexluks}"
if [[ ! -x $program ]]; then
    skipped "manual pages match the program: $program is not built"
    exit 0
fi

page5=docs/man/cexluks.conf.5
page7=docs/man/cexluks.cmdline.7
mapfile -t pages8 < <(lint_files 'docs/man/cexluks*.8')

table() {
    "$program" help --table "$1" </dev/null
}

# What the pages say, in the tables' form: verbs "verb<TAB>ARGUMENTS", options "verb<TAB>--name<TAB>ARGUMENT"
# (verb "*" for those of every verb), config "section<TAB>key<TAB>default", cmdline "word", outcomes "word<TAB>code<TAB>retry"
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
        want == "outcomes" && part == "OUTCOMES" && /^\.It Sy / {
            print $3 "\t" $6 "\t" ($NF == "retried" ? "yes" : "no")
        }
        END { flush() }
    ' "${@:2}"
}

# compare TITLE PROGRAM-ROWS PAGE-ROWS: the same set of lines
compare() {
    local lacking extra
    lacking="$(comm -23 <(sort -u <<<"$2") <(sort -u <<<"$3") | sed '/^$/d; s/^/the page lacks: /')"
    extra="$(comm -13 <(sort -u <<<"$2") <(sort -u <<<"$3") | sed '/^$/d; s/^/the program lacks: /')"
    verdict "$1" "$lacking${lacking:+${extra:+$'\n'}}$extra"
}

# check_verbs PAGE-NAME ROWS PAGE…: only names are compared as a set; of arguments, each word in capitals must be there.
check_verbs() {
    local page
    page="$(page_rows verbs "${@:3}")"
    compare "$1 has every verb" "$(cut -f1 <<<"$2")" "$(cut -f1 <<<"$page")"
    compare "$1 has the arguments of every verb" \
        "$(while IFS=$'\t' read -r verb args _; do
            grep -oE '[A-Z][A-Z]+' <<<"$args" | sed "s/^/$verb /"
        done <<<"$2")" \
        "$(while IFS=$'\t' read -r verb args; do
            grep -oE '[A-Z][A-Z]+' <<<"$args" | sed "s/^/$verb /"
        done <<<"$page")"
}

# check_options PAGE-NAME ROWS PAGE…: one of every verb stands in the table once for all ("-" or "*") or once for each
check_options() {
    local page every
    page="$(page_rows options "${@:3}")"
    every="$(awk -F '\t' '$1 == "*" { print $2 "\t" $3 }' <<<"$page")"
    compare "$1 has every option" \
        "$(awk -F '\t' -v every="$every" '
            BEGIN { n = split(every, list, "\n"); for (i = 1; i <= n; i++) common[list[i]] = 1 }
            { option = $2 "\t" $3 }
            $1 == "-" || $1 == "*" || option in common { print "*\t" option; next }
            { print $1 "\t" option }' <<<"$2")" \
        "$page"
}

for name in verbs options config cmdline outcomes; do
    if ! rows="$(table "$name")" || [[ -z $rows ]]; then
        not_ok "$program help --table $name prints a table"
        continue
    fi
    case $name in
        verbs) check_verbs 'cexluks(8)' "$rows" "${pages8[@]}" ;;
        options) check_options 'cexluks(8)' "$rows" "${pages8[@]}" ;;
        config)
            compare 'cexluks.conf(5) has every key and its default' "$(cut -f1-3 <<<"$rows")" "$(page_rows config "$page5")"
            compare 'the example configuration has every key' "$(cut -f1,2 <<<"$rows")" \
                "$(sed -nE 's/^#\[([a-z]+).*\]$/[\1/p; s/^#([a-z-]+) *=.*/\1/p' docs/cexluks.conf.example \
                    | awk '/^\[/ { section = substr($0, 2); next } { print section "\t" $0 }')"
            ;;
        cmdline)
            compare 'cexluks.cmdline(7) has every word' "$(cut -f1 <<<"$rows")" "$(page_rows cmdline "$page7")"
            ;;
        outcomes)
            compare 'cexluks-outcomes(7) has every outcome' "$(cut -f1-3 <<<"$rows")" \
                "$(page_rows outcomes docs/man/cexluks-outcomes.7)"
            ;;
    esac
done

# The same program under its other name.
alias_dir="$(mktemp -d)"
ln -s "$(realpath "$program")" "$alias_dir/hpcs-for-luks"
program="$alias_dir/hpcs-for-luks"
check_verbs 'hpcs-for-luks(8)' "$(table verbs)" docs/man/hpcs-for-luks.8
check_options 'hpcs-for-luks(8)' "$(table options)" docs/man/hpcs-for-luks.8
rm -rf "$alias_dir"
lint_end
