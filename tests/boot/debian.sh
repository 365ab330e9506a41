# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Source this file.
#
#   debian_root NAME SUITE PACKAGE…   print the path of a root directory with these packages of that Debian suite; make it,
#                                     below NAME-SUITE-… in the cache, when there is none
#
# Nobody may write into a root: its users put an overlay on top. The cache key is the calling script, this file and the
# packages, so any edit of a list or of a hook makes a new root; a suite that moves ("testing") gets a new one each month.

say() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# debian_sources SUITE: lines for apt. Only 'main', from where the host's own apt gets this suite, else from where it gets
# Debian; nothing, which is mmdebstrap's default, where it knows neither.
debian_sources() {
    local suite=$1 lines site
    # shellcheck disable=SC2016 # apt's own variables, not the shell's
    lines="$(apt-get indextargets --format 'deb $(SITE) $(RELEASE) main' 'Created-By: Packages' \
        'Component: main' 'Origin: Debian' | grep -E " $suite(-updates|-security)? " | sort -u || true)"
    if [[ -z $lines ]]; then
        # shellcheck disable=SC2016 # as above
        site="$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Component: main' 'Origin: Debian' \
            'Label: Debian' | sort -u | head -n 1)"
        site="${site:-${CEXLUKS_DEBIAN-}}"
        lines="${site:+deb $site $suite main}"
    fi
    printf '%s' "$lines"
}

debian_root() {
    local name=$1 suite=$2 cache key root tmp started sources lock
    shift 2
    cache="${CEXLUKS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cexluks}"
    key="$({
        cat "$0" "${BASH_SOURCE[0]}"
        printf '%s\n' "$@"
        if [[ $suite == testing ]]; then date +%Y-%m; fi
    } | sha256sum | cut -c1-16)"
    root="$cache/$name-$suite-$key"

    if [[ -d $root ]]; then
        printf '%s\n' "$root"
        return 0
    fi
    if [[ $EUID -ne 0 ]] || ! command -v mmdebstrap >/dev/null; then
        say "needs to run as root, with mmdebstrap installed"
        return 1
    fi

    # The lock makes a second caller wait for the first instead of downloading everything twice; it goes with
    # the process, so an interrupted run leaves nothing to clean but the temporary tree, removed by the next one.
    mkdir -p "$cache"
    exec {lock}>"$root.lock"
    flock "$lock"
    if [[ ! -d $root ]]; then
        rm -rf --one-file-system "$root.tmp".*
        tmp="$root.tmp.$$"
        # shellcheck disable=SC2064 # $tmp as it is now
        trap "rm -rf --one-file-system '$tmp'" EXIT
        say "making a Debian $suite root with mmdebstrap, once (some 2 minutes)"
        started=$SECONDS
        sources="$(debian_sources "$suite")"
        # shellcheck disable=SC2016 # $1 is for mmdebstrap's shell
        # INITRD=No: the kernel package would build an initramfs that nobody boots.
        # 11-ifcfg.conf: asks dracut for a module that Debian does not ship.
        # Check-Valid-Until: a mirror of a suite that moves may be some days behind.
        INITRD=No DEBIAN_FRONTEND=noninteractive mmdebstrap --quiet --variant=minbase --components=main \
            --dpkgopt='path-exclude=/usr/share/doc/*' \
            --dpkgopt='path-exclude=/usr/share/man/*' \
            --dpkgopt='path-exclude=/usr/share/info/*' \
            --dpkgopt='path-exclude=/usr/share/locale/*' \
            --aptopt='Apt::Install-Recommends "false"' \
            --aptopt='Acquire::Check-Valid-Until "false"' \
            --include="$(
                IFS=,
                printf '%s' "$*"
            )" \
            --customize-hook='rm -f "$1/etc/dracut.conf.d/11-ifcfg.conf"' \
            --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin' \
            "$suite" "$tmp" ${sources:+-} <<<"$sources" >&2
        mv -T "$tmp" "$root"
        trap - EXIT
        say "root made in $((SECONDS - started)) s: $(du -sh "$root" | cut -f1)"
    fi
    printf '%s\n' "$root"
}
