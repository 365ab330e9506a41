# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# To be sourced after lib.sh, in a mount namespace: roots that are this machine's with an installed tree laid over it, each
# with what it writes kept to itself, in memory. What a test has in its own folder is there too, by the same path.
#
# LAID_OVER_BASE in the environment: the root of another release in place of this machine's, with LAID_OVER_TREE, what
# "make install" copies of a build for that.

laid_over_tree() { # TREE: what "make install" copies, of the build that is tested
    if [[ -n ${LAID_OVER_BASE-} ]]; then
        cp -a "${LAID_OVER_TREE:?}" "$1"
        return
    fi
    make -s "B=$B" -o "$CEXLUKS" -o "$B/libcryptsetup-token-cexluks.so" install "DESTDIR=$1" >"$ROOM/install" 2>&1 </dev/null ||
        { cat "$ROOM/install" >&2 && return 1; }
}

laid_over_roots=()
laid_over_end() {
    local root
    for root in "${laid_over_roots[@]}"; do
        umount -lR "$root" "$root.own" 2>/dev/null
    done
}
trap 'laid_over_end; tidy_up' EXIT

laid_over() { # ROOT TREE: makes ROOT; fails where that cannot be
    local at base="${LAID_OVER_BASE:-/}"
    [[ -n ${CEXLUKS_TEST_NAMESPACE-} ]] || return 1
    laid_over_roots+=("$1")
    mkdir -p "$1" "$1.own"
    mount -t tmpfs -o mode=0755 none "$1.own" 2>/dev/null || return 1
    mkdir "$1.own/upper" "$1.own/work"
    # a layer must not be a folder of another one
    cp -a "$2" "$1.own/tree"
    mount -t overlay -o "lowerdir=$1.own/tree:$base,upperdir=$1.own/upper,workdir=$1.own/work" none "$1" 2>/dev/null || return 1
    for at in proc dev sys; do
        mount --rbind "/$at" "$1/$at" || return 1
    done
    mount -t tmpfs -o mode=0755 none "$1/run" && mount -t tmpfs -o mode=1777 none "$1/tmp" || return 1
    mkdir -p "$1$ROOM" "$1/run/cryptsetup"
    mount --bind "$ROOM" "$1$ROOM"
}
