#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# man-matches.sh: the manual pages against the program's own tables (cexluks help --table NAME), both ways: what the
# program knows is documented, and what is documented exists.
#
# What the mdoc source has to look like for that: docs/man/rows.sh.
source "$(dirname "$0")/lib.sh"
# shellcheck source=docs/man/rows.sh
source docs/man/rows.sh

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

# check_help ROWS PAGE…: where the help of a verb sends its reader, there is a page of that name
check_help() {
    local verb words names
    names="$(page_names "${@:2}")"
    verdict 'the help of each verb names a page' "$(cut -f1 <<<"$1" | while IFS= read -r verb; do
        read -ra words <<<"$verb"
        "$program" help "${words[@]}" </dev/null | sed -n 's/^The manual: man //p' \
            | grep -vxF -e "$names" | sed "s/^/$verb: no page is called /"
    done)"
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

for name in verbs options config cmdline outcomes warnings; do
    if ! rows="$(table "$name")" || [[ -z $rows ]]; then
        not_ok "$program help --table $name prints a table"
        continue
    fi
    case $name in
        verbs)
            check_verbs 'cexluks(8)' "$rows" "${pages8[@]}"
            check_help "$rows" "${pages8[@]}"
            ;;
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
            verdict 'cexluks-outcomes(7) has causes and a remedy for every failure' "$(awk '
                function leave() { if (word != "" && parts != 2) print word " lacks its causes or what to do"; word = "" }
                /^\.It Sy / || /^\.El/ { leave() }
                /^\.It Sy .* , No [1-9]/ { word = $3; parts = 0 }
                /^\.Em (Likely causes|What to do) :$/ { parts++ }' docs/man/cexluks-outcomes.7)"
            ;;
        warnings)
            compare 'cexluks-outcomes(7) has every warning' "$(cut -f1 <<<"$rows")" \
                "$(page_rows warnings docs/man/cexluks-outcomes.7)"
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
