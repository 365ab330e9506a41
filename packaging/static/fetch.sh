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

# give_up NAME: why it did not come, and what to type
give_up() {
    local newest
    newest="$(versions_of "$1" "$suite" | head -n 1)"
    [[ -n $newest ]] || die "the mirror has no source '$1' in $suite"
    [[ $newest != "$version" ]] || die "$1 $version cannot be fetched, see above"
    die "$1 $version is not on the mirror any more, which has $newest: type packaging/static/refresh.sh $1"
}

updated=''
while read -r name _; do
    source_row "$name"
    # shellcheck disable=SC2154 # set by source_row
    dpkg --compare-versions "$version" ge "$minimum" \
        || die "$name $version is older than $minimum, which is needed: type packaging/static/refresh.sh $name"
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
    say "$name $version"
    rm -rf "$folder.new"
    download "$name" "$version" "$folder.new" || give_up "$name"
    if [[ $(hash_of "$folder.new") != "$hash" ]]; then
        rm -rf "$folder.new"
        die "$name $version is not what sources.txt recorded: to take what the mirror has, type" \
            "packaging/static/refresh.sh $name, and look at what changed"
    fi
    # shellcheck disable=SC2154 # set by lib.sh
    mv -T "$folder.new" "$folder"
done < <(source_rows)
