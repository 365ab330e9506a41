# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# To be sourced by the scripts beside it: the table of sources, the cache, and apt with lists of its own.
#
# Nothing of the system is changed: apt reads deb-src lines that only it sees here, from the mirror that the system
# uses, and checks Debian's signatures with the system's keyring.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cache="${CEXLUKS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cexluks}"

say() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
    say "$*"
    exit 1
}

# source_rows: the table without its comments
source_rows() {
    grep -v '^#' "$here/sources.txt"
}

# source_row NAME: sets minimum, suite, version and hash
# shellcheck disable=SC2034 # for those who source this
source_row() {
    local name
    while read -r name minimum suite version hash; do
        [[ $name != "$1" ]] || return 0
    done < <(source_rows)
    die "no source '$1' in sources.txt"
}

# The folder of a source's files; its name is their content.
source_folder() { # HASH
    printf '%s/static-source-%s\n' "$cache" "${1:0:16}"
}

mirror() {
    local site
    # shellcheck disable=SC2016 # apt's own variable, not the shell's
    site="$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Component: main' 'Origin: Debian' \
        'Label: Debian' 2>/dev/null | head -n 1)" || true
    site="${DEBIAN_MIRROR:-$site}"
    if [[ -z $site ]]; then
        say "this machine's apt has no Debian mirror: name one in DEBIAN_MIRROR"
        return 1
    fi
    printf '%s\n' "$site"
}

# apt_own COMMAND…: apt-get or apt-cache with our lists; apt_own_update once before
apt_own() {
    APT_CONFIG="$cache/static-apt/apt.conf" "$@"
}

apt_own_update() {
    local own="$cache/static-apt" one keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    command -v apt-get >/dev/null || die "apt-get is needed to fetch sources"
    [[ -e $keyring ]] || die "$keyring is missing (package debian-archive-keyring)"
    mkdir -p "$own"/{lists/partial,cache/archives/partial}
    for one in $(source_rows | awk '{ print $3 }' | sort -u); do
        printf 'deb-src [signed-by=%s] %s %s main\n' "$keyring" "$(mirror)" "$one"
    done >"$own/sources.list"
    cat >"$own/apt.conf" <<END
Dir::Etc::sourcelist "$own/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$own/lists";
Dir::Cache "$own/cache";
Acquire::Languages "none";
APT::Sandbox::User "$(id -un)";
END
    apt_own apt-get -q update >"$own/log" 2>&1 || { cat "$own/log" >&2 && die "apt-get update failed"; }
}

# versions_of NAME SUITE: what the mirror's list of that suite has, newest first
versions_of() {
    # shellcheck disable=SC2016 # apt's own variables, not the shell's
    apt_own apt-get indextargets --format '$(CODENAME) $(SUITE) $(FILENAME)' 'Created-By: Sources' \
        | while read -r code alias file; do
            [[ $code != "$2" && $alias != "$2" ]] || /usr/lib/apt/apt-helper cat-file "$file"
        done \
        | awk -v name="$1" '$1 == "Package:" { mine = $2 == name } mine && $1 == "Version:" { print $2 }' | sort -rV
}

# download NAME VERSION FOLDER: the files of one version; apt compares them with what Debian signed
download() {
    mkdir -p "$3"
    (cd "$3" && apt_own apt-get -q source --download-only "$1=$2") >"$3/log" 2>&1 \
        || { grep -E '^(E|W|Err)' "$3/log" >&2 && return 1; }
    rm "$3/log"
}

# hash_of FOLDER: of the .dsc, which has the hashes of the rest
hash_of() {
    sha256sum "$1"/*.dsc | cut -d ' ' -f 1
}
