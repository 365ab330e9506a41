#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# refresh.sh [NAME…]: take the newest version that the mirror has of all sources, or those named, and record it with
# its hash in sources.txt. Then: make static, run the tests with it, and commit sources.txt.
# shellcheck source=packaging/static/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# newest NAME: downloads it and prints its line of the table
newest() {
    local new folder digest
    source_row "$1"
    new="$(versions_of "$1" "$suite" | head -n 1)"
    [[ -n $new ]] || die "the mirror has no source '$1' in $suite"
    dpkg --compare-versions "$new" ge "$minimum" || die "$1: $suite has only $new, and $minimum is needed"
    folder="$cache/static-source-new"
    rm -rf "$folder"
    download "$1" "$new" "$folder" || die "$1 $new cannot be fetched"
    digest="$(hash_of "$folder")"
    if [[ $digest == "$hash" ]]; then
        rm -rf "$folder"
    else
        say "$1: $version, now $new"
        rm -rf "$(source_folder "$digest")"
        mv -T "$folder" "$(source_folder "$digest")"
    fi
    printf '%-12s %-8s %-9s %-23s %s\n' "$1" "$minimum" "$suite" "$new" "$digest"
}

mkdir -p "$cache"
exec {lock}>"$cache/static-source.lock"
flock "$lock"
apt_own_update
[[ $# -gt 0 ]] || mapfile -t all < <(source_rows | awk '{ print $1 }')
for name in "${@:-"${all[@]}"}"; do
    line="$(newest "$name")"
    sed -i "s|^$name .*|$line|" "$here/sources.txt"
done
