# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# To be sourced by deb.sh and rpm.sh, which build from a release and leave only what they are asked for.
#
#   package_begin VERSION FOLDER   sets "work", a folder that goes away, "tarball", the release, and SOURCE_DATE_EPOCH
#   package_end FILE…              these replace what is in FOLDER; prints their paths

package_begin() {
    mkdir -p "$2"
    folder="$(cd "$2" && pwd)"
    work="$(mktemp -d "${TMPDIR:-/tmp}/cexluks-package.XXXXXX")"
    trap 'rm -rf "$work"' EXIT
    tarball="$("$(dirname "${BASH_SOURCE[0]}")/dist.sh" "$1" "$work/dist")"
    # all files of a release have the same time
    SOURCE_DATE_EPOCH="$(tar -tvzf "$tarball" --full-time --utc | awk 'NR == 1 { print $4 " " $5 " UTC" }' | date -f - +%s)"
    # the caller's make is none of the package's
    unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR B
    export SOURCE_DATE_EPOCH CEXLUKS_CACHE="${CEXLUKS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cexluks}"
}

package_end() {
    rm -rf "${folder:?}"/*
    cp -p "$@" "$folder/"
    printf '%s\n' "$folder"/*
}
