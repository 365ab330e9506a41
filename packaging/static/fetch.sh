#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fetch.sh: bring every source of sources.txt into the cache, unless it is there. The only step that needs a network.
#
# A source is taken in the version and with the hash that sources.txt records, or not at all. A mirror keeps a version
# only until there is a newer one; then it is time for refresh.sh.
# shellcheck source=packaging/static/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mkdir -p "$cache"
exec {lock}>"$cache/static-source.lock"
flock "$lock"
updated=''
while read -r name _; do
    source_row "$name"
    # shellcheck disable=SC2154 # set by source_row
    folder="$(source_folder "$hash")"
    if [[ -d $folder ]]; then
        touch "$folder"
        continue
    fi
    if [[ -z $updated ]]; then
        say "asking the mirror for its list of sources"
        apt_own_update
        updated=yes
    fi
    # shellcheck disable=SC2154 # set by source_row
    dpkg --compare-versions "$version" ge "$minimum" || die "$name $version is older than $minimum"
    say "$name $version"
    rm -rf "$folder.new"
    download "$name" "$version" "$folder.new" \
        || die "$name $version is not on the mirror any more: see packaging/static/README.md, refresh"
    [[ $(hash_of "$folder.new") == "$hash" ]] || die "$name $version is not what sources.txt recorded"
    # shellcheck disable=SC2154 # set by lib.sh
    mv -T "$folder.new" "$folder"
done < <(source_rows)
