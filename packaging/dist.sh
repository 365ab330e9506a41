#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dist.sh VERSION FOLDER: FOLDER/cexluks-VERSION.tar.gz, the source as a release has it; prints its path.
#
# The same tree gives the same bytes, whoever makes it and wherever: order, owner, modes and times are fixed. In a clone it
# is what git knows, dated as the last commit; in an unpacked release it is that release, again.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

version=$1
mkdir -p "$2"
out="$(cd "$2" && pwd)/cexluks-$version.tar.gz"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ -e .git ]]; then
    date="@$(git log -1 --format=%ct)"
    [[ -z $(git status --porcelain --untracked-files=no) ]] || echo "dist.sh: with changes that are not committed" >&2
    list() { git ls-files -z; }
else
    date="@$(stat -c %Y NEWS.md)"
    list() { find . \( -path './build*' -o -path ./debian \) -prune -o ! -type d -printf '%P\0'; }
fi
list | sort -z \
    | tar -cf - --format=ustar --mtime="$date" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
        --transform="s,^,cexluks-$version/,S" --no-recursion --null -T - \
    | gzip -9n >"$out.new"
mv "$out.new" "$out"
printf '%s\n' "$out"
