#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# zkey.sh TREE: print a folder with unmodified zkey and zkey-cryptsetup for s390x; TREE is what tree.sh printed.
#
# Debian's s390-tools leaves them out, so they are built: from S390_TOOLS, a folder with the sources of s390-tools
# (2.42 or older), or from Debian's source package. When apt can't get that, the exit code is 77.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
tree="$1"
cache="${CEXLUKS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cexluks}"
key="$(printf '%s\n' "$tree" "${S390_TOOLS-}" | cat - "${BASH_SOURCE[0]}" | sha256sum | cut -c1-16)"
dir="$cache/zkey-$key"
if [[ -d $dir ]]; then
    printf '%s\n' "$dir"
    exit 0
fi

work="$(mktemp -d "$dir.XXXXXX")"
trap 'rm -rf --one-file-system "$work"' EXIT

get_source() {
    {
        read -r site
        read -r suite
    } <"$tree/site"
    # shellcheck source=tests/s390x/apt.sh
    (source "$here/apt.sh" && apt_of "$work/apt" deb-src "$site" "$suite" && cd "$work" \
        && apt-get -qq source --download-only s390-tools) >"$work/log" 2>&1 || return 1
    mkdir "$work/src"
    tar -C "$work/src" --strip-components=1 -xf "$work"/s390-tools_*.orig.tar.*
}

if [[ -n ${S390_TOOLS-} ]]; then
    cp -a "$S390_TOOLS" "$work/src"
elif ! get_source; then
    exit 77
fi
# Nothing is changed but how it is compiled.
export CPPFLAGS="-D_GNU_SOURCE --sysroot=$tree/sysroot" LDFLAGS="--sysroot=$tree/sysroot -rdynamic"
for what in "libutil clean" "zkey clean" "libutil libutil.a" "zkey zkey zkey-cryptsetup"; do
    # shellcheck disable=SC2086 # several targets
    if ! make -C "$work/src/"${what%% *} HOST_ARCH=s390x CROSS_COMPILE=s390x-linux-gnu- ${what#* } >"$work/log" 2>&1; then
        tail -n 20 "$work/log" >&2
        exit 1
    fi
done
mkdir "$work/out"
cp "$work"/src/zkey/zkey "$work"/src/zkey/zkey-cryptsetup "$work/out/"
mv -T "$work/out" "$dir"
printf '%s\n' "$dir"
