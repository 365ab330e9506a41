#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fill.sh [--write] PAGE…: the page with its generated parts as the program's tables have them (cexluks help --table NAME),
# to standard output, or with --write into the page. "make man" does so for all; lint compares.
#
# A generated part stands between two comments, and what is between them is replaced:
#
#   .\" table: NAME [ARGUMENT]
#   .\" end of table
#
#   names            the page, and cexluks-VERB for each verb that its section VERBS documents; "make install" makes links of them
#   synopsis         of the verbs that section VERBS of the page documents
#   verbs            all verbs, each with the page that documents it
#   config SECTION   the keys of a section, with their defaults
#   cmdline          the words of the kernel command line
#   outcomes         words, exit status, and what the boot does then
#   warnings         words, and the next step
set -euo pipefail
export LC_ALL=C
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=docs/man/rows.sh
source "$here/rows.sh"

program="$(realpath "${CEXLUKS:-${B:-build}/cexluks}")"
names="$(mktemp -d)"
trap 'rm -rf "$names"' EXIT
ln -s "$program" "$names/cexluks"
ln -s "$program" "$names/hpcs-for-luks"

# The name under which the program has the verbs of a page.
name_of() { # PAGE
    case ${1##*/} in
        hpcs-for-luks.*) echo hpcs-for-luks ;;
        *) echo cexluks ;;
    esac
}

table() { # PROGRAM NAME
    "$names/$1" help --table "$2" </dev/null
}

# Text for mdoc: nothing in it is a request, a macro or an escape. "[PROFILE]" becomes "Op Ar PROFILE".
awk_words='
    function text(s) { gsub(/\\/, "\\e", s); sub(/^[.\x27]/, "\\\\\\&&", s); return s }
    # as an argument of a macro, where words can be macros too
    function cell(s,    n, i, list, out) {
        n = split(text(s), list, " ")
        for (i = 1; i <= n; i++) {
            gsub(/"/, "\\(dq", list[i])
            if (list[i] ~ /^([A-Z][a-z][a-z]?|[[:punct:]])$/) list[i] = "\\&" list[i]
            out = out (i == 1 ? "" : " ") list[i]
        }
        return out == "" ? "\\&" : out
    }
    function arguments(s,    n, i, list, out) {
        n = split(s, list, " ")
        for (i = 1; i <= n; i++) {
            if (list[i] ~ /^\[/) { gsub(/[][]/, "", list[i]); out = out " Op" }
            out = out (list[i] ~ /^--/ ? " Fl " substr(list[i], 2) : " Ar " list[i])
        }
        gsub(/\|/, " Ns | Ns Ar ", out)
        return out
    }'

table_names() { # PAGE
    local own verb
    own="$(basename "$1" .8)"
    page_rows verbs "$1" | while IFS=$'\t' read -r verb _; do
        verb="cexluks-${verb// /-}"
        [[ $verb == "$own" ]] || printf '%s\n' "$verb"
    done | awk -v own="$own" '{ print ".Nm " last " ,"; last = $0 } BEGIN { last = own } END { print ".Nm " last }'
}

table_synopsis() { # PAGE
    local name
    name="$(name_of "$1")"
    awk -F '\t' -v name="$name" "$awk_words"'
        FILENAME == ARGV[1] { documented[$1] = 1; next }
        FILENAME == ARGV[2] { if ($1 in documented) { order[++n] = $1; args[$1] = $2 }; next }
        $1 in documented && index(args[$1] " ", $2 " ") == 0 {
            options[$1] = options[$1] "\n.Op Fl " substr($2, 2) ($3 == "-" ? "" : " Ar " $3)
        }
        END {
            for (i = 1; i <= n; i++)
                print ".Nm " name " Cm " order[i] arguments(args[order[i]]) options[order[i]]
        }' <(page_rows verbs "$1") <(table "$name" verbs) <(table "$name" options)
}

table_verbs() {
    local page verb
    echo '.Bl -tag -width "pattern verify" -compact'
    awk -F '\t' "$awk_words"'
        FILENAME == ARGV[1] { page[$1] = $2; next }
        { print ".It Cm " $1; print text($3); print "(" page[$1] ")" }' \
        <(for page in "$here"/cexluks*.8; do
            page_rows verbs "$page" | while IFS=$'\t' read -r verb _; do
                printf '%s\t%s\n' "$verb" "$(basename "$page" .8)"
            done
        done) <(table cexluks verbs) \
        | sed -E 's/^\((.*)\)$/.Pq Xr \1 8/; s/^\.Pq Xr cexluks 8$/(below)/'
    echo '.El'
}

table_config() { # PAGE SECTION
    echo '.Bl -tag -width verification-pattern -compact'
    table cexluks config | awk -F '\t' -v section="$2" "$awk_words"'
        $1 == section { print ".It Ic " $2; print text($4); if ($3 != "-") print ".Pq Ql " $3 }'
    echo '.El'
}

table_cmdline() {
    echo '.Bl -tag -width rd.cexluks.pattern -compact'
    table cexluks cmdline | awk -F '\t' "$awk_words"'
        { print ".It Cm " $1; print text($3) }'
    echo '.El'
}

table_outcomes() {
    echo '.Bl -column "master-key-unknown" "00" "refused"'
    table cexluks outcomes | awk -F '\t' "$awk_words"'
        { print ".It Sy " $1 " Ta " $2 " Ta " ($3 == "yes" ? "retried" : $5 == "yes" ? "refused" : "\\&") " Ta " cell($4) }'
    echo '.El'
}

table_warnings() {
    echo '.Bl -column "public-passphrase"'
    table cexluks warnings | awk -F '\t' "$awk_words"'{ print ".It Sy " $1 " Ta " cell($2) }'
    echo '.El'
}

fill() { # PAGE
    local line lines inside=no words
    mapfile -t lines <"$1"
    for line in "${lines[@]}"; do
        if [[ $line == '.\" end of table' ]]; then inside=no; fi
        [[ $inside == yes ]] || printf '%s\n' "$line"
        if [[ $line == '.\" table: '* ]]; then
            inside=yes
            read -ra words <<<"${line#*: }"
            "table_${words[0]}" "$1" "${words[@]:1}"
        fi
    done
    [[ $inside == no ]] || { printf '%s: a table without an end\n' "$1" >&2 && return 1; }
}

write=no
[[ ${1-} != --write ]] || { write=yes && shift; }
for page in "$@"; do
    if [[ $write == no ]]; then
        fill "$page"
        continue
    fi
    fill "$page" >"$names/page"
    cmp -s "$names/page" "$page" || { cat "$names/page" >"$page" && printf '%s: filled in\n' "$page"; }
done
