#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test-fetch.sh: fetch.sh and refresh.sh with a table of one source and a stand-in for apt, whose "mirror" is a folder with
# one .dsc per version: each way in which a source can be wrong is said in one line that names what to type.
set -uo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
work="$(mktemp -d "${TMPDIR:-/tmp}/cexluks-fetch.XXXXXX")"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{static,bin,mirror}
cp "$here"/{lib,fetch,refresh}.sh "$work/static/"
export CEXLUKS_CACHE="$work/cache" DEBIAN_MIRROR=http://mirror.example PATH="$work/bin:$PATH" MIRROR="$work/mirror"
failed=0

cat >"$work/bin/apt-get" <<'END'
#!/bin/sh
case $* in
    *update) exit 0 ;;
    *indextargets*)
        for dsc in "$MIRROR"/*.dsc; do
            [ ! -e "$dsc" ] || printf 'Package: toy\nVersion: %s\n\n' "$(basename "$dsc" .dsc)"
        done >"$MIRROR/Sources"
        echo "trixie stable $MIRROR/Sources"
        ;;
    *source*)
        wanted="$MIRROR/${*##*=}.dsc"
        [ -e "$wanted" ] && cp "$wanted" . || { echo "E: Can not find version '${*##*=}'" && exit 100; }
        ;;
esac
END
chmod +x "$work/bin/apt-get"

mirror_has() { # VERSION…
    local version
    rm -f "$work"/mirror/*
    for version; do
        echo "toy $version" >"$work/mirror/$version.dsc"
    done
}

recorded() { # MINIMUM VERSION [HASH]
    local hash="${3-$(echo "toy $2" | sha256sum | cut -d' ' -f1)}"
    rm -rf "$work/cache"
    printf '# a comment\n%-12s %-8s %-9s %-23s %s\n' toy "$1" trixie "$2" "$hash" >"$work/static/sources.txt"
}

says() { # STATUS TEXT SCRIPT: its last line
    local said status
    said="$("$work/static/$3" 2>&1)"
    status=$?
    if [[ $status -ne $1 || $(tail -n 1 <<<"$said") != *"$2"* ]]; then
        printf 'status %d, not %d with: %s\n%s\n' "$status" "$1" "$2" "$said"
        failed=1
    fi
}

recorded 1.2 1.5
mirror_has 1.5
says 0 'toy 1.5' fetch.sh
mirror_has
says 0 '' fetch.sh # it is in the cache
recorded 1.2 1.5
says 1 "the mirror has no source 'toy' in trixie" fetch.sh
mirror_has 1.4 1.6
says 1 'toy 1.5 is not on the mirror any more, which has 1.6: type packaging/static/refresh.sh toy' fetch.sh
mirror_has 1.5
recorded 1.2 1.5 0000000000000000000000000000000000000000000000000000000000000000
says 1 'toy 1.5 is not what sources.txt recorded: to take what the mirror has, type packaging/static/refresh.sh toy' fetch.sh
[[ -z $(find "$work/cache" -name '*.new') ]] || { echo 'what was refused is kept' && failed=1; }
recorded 1.6 1.5
says 1 'toy 1.5 is older than 1.6, which is needed: type packaging/static/refresh.sh toy' fetch.sh
says 1 'toy: trixie has only 1.5, and 1.6 is needed' refresh.sh
mirror_has 1.5 1.10 1.9
says 0 'toy: 1.5, now 1.10' refresh.sh
grep -q "^toy *1.6 *trixie *1.10 *$(echo 'toy 1.10' | sha256sum | cut -d' ' -f1)\$" "$work/static/sources.txt" \
    || { cat "$work/static/sources.txt" && failed=1; }
says 0 '' fetch.sh # refresh.sh left it in the cache
mirror_has
says 1 "the mirror has no source 'toy' in trixie" refresh.sh
exit "$failed"
