# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by run: "make dist", and where the version is.
# shellcheck disable=SC2154 # scratch, version: run's

release="cexluks-$version.tar.gz"

# dist_in FOLDER OUT [COMMAND…]: another run, elsewhere
dist_in() {
    (cd "$1" && umask 077 && TZ=Asia/Tokyo make --no-print-directory dist "B=$2")
}

same_twice() {
    make --no-print-directory dist "B=$scratch/one" && sleep 1.1 && dist_in . "$scratch/two" \
        && cmp "$scratch"/{one,two}/"$release"
}

# An unpacked release makes itself again.
same_from_itself() {
    mkdir "$scratch/unpacked" && tar -C "$scratch/unpacked" -xzf "$scratch/one/$release" \
        && dist_in "$scratch/unpacked/cexluks-$version" "$scratch/three" && cmp "$scratch"/{one,three}/"$release"
}

owned_by_nobody_and_writable_by_one() {
    ! tar -tvzf "$scratch/one/$release" --numeric-owner | grep -vE '^(-rw-r--r--|-rwxr-xr-x|l.........) 0/0 '
}

holds_what_git_has() {
    diff <(tar -tzf "$scratch/one/$release" | sed 's,^[^/]*/,,') <(git ls-files | sort)
}

program_says_the_version() {
    make -s "$B/cexluks" && [[ $("$B/cexluks" --version) == "cexluks $version" ]]
}

news_begins_with_the_version() {
    [[ $(sed -n '/^## /{s///p;q}' NEWS.md) == "$version" ]]
}

verdict 'make dist gives the same bytes twice' same_twice
verdict 'an unpacked release gives the same bytes once more' same_from_itself
verdict 'it holds what git has' holds_what_git_has
verdict 'nobody owns its files, and nobody else could write them' owned_by_nobody_and_writable_by_one
verdict 'the program says the version of the Makefile' program_says_the_version
verdict 'NEWS.md begins with it' news_begins_with_the_version
