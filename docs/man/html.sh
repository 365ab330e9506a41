#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# html.sh DIR: the manual as web pages that link each other, and manpages.debian.org for all else; index.html lists them.
set -euo pipefail
export LC_ALL=C.UTF-8
mkdir -p "$1"
to="$(realpath "$1")"
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=docs/man/rows.sh
source ./rows.sh

command -v mandoc >/dev/null || { echo 'html: mandoc is not installed (make deps)' >&2 && exit 1; }
room="$(mktemp -d)"
trap 'rm -rf "$room"' EXIT

{
    printf '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/><title>cexluks</title></head><body><h1>cexluks</h1>\n<dl>\n'
    for page in *.[578]; do
        section="${page##*.}"
        cp "$page" "$room/$page"
        # each name of the page is a page for links; mandoc looks for such files
        page_names "$page" | while IFS= read -r name; do
            [[ -e $name.$section ]] || ln -s "$page" "$room/$name.$section"
            [[ -e $name.$section ]] || ln -sf "$page.html" "$to/$name.$section.html"
        done
        printf '<dt><a href="%s.html">%s(%s)</a></dt><dd>%s</dd>\n' "$page" "${page%.*}" "$section" "$(sed -n 's/^\.Nd //p' "$page")"
    done
    printf '</dl>\n</body></html>\n'
} >"$to/index.html"
cd "$room"
for page in *.[578]; do
    [[ -L $page ]] || mandoc -T html -O 'man=%N.%S.html;https://manpages.debian.org/%N.%S.en.html' "$page" >"$to/$page.html"
done
