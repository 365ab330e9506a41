#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build.sh [--arch x86_64|s390x] [--libc musl|glibc] [--jobs N] OUT: one program without shared libraries, stripped.
#
# The sources come from fetch.sh; all else happens without a network. Each library is built once and kept in the cache
# under the hash of all that went in: its source, its recipe, the compiler, and the libraries it was made with.
# shellcheck source=packaging/static/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=packaging/static/recipes.sh
source "$here/recipes.sh"
top="$(cd "$here/../.." && pwd)"

arguments=("$@")
arch="$(uname -m)" libc=musl jobs="$(nproc)" target=''
while [[ $# -gt 0 ]]; do
    case $1 in
        --arch) arch=$2 && shift ;;
        --libc) libc=$2 && shift ;;
        --jobs) jobs=$2 && shift ;;
        -*) die "unknown option '$1'" ;;
        *) target=$1 ;;
    esac
    shift
done
[[ -n $target ]] || die "where to? build.sh [--arch ARCH] [--libc musl|glibc] OUT"

if [[ -z ${CEXLUKS_STATIC_OFFLINE-} ]]; then
    "$here/fetch.sh"
    export CEXLUKS_STATIC_OFFLINE=1
    offline=()
    if unshare -n true 2>/dev/null; then
        offline=(unshare -n)
    elif unshare -rn true 2>/dev/null; then
        offline=(unshare -rn)
    fi
    exec "${offline[@]}" "${BASH_SOURCE[0]}" "${arguments[@]}"
fi

# --- tools -----------------------------------------------------------------------------------------------

triplet=''
host=''
if [[ $arch != "$(uname -m)" ]]; then
    triplet="$arch-linux-gnu-"
    host="$arch-linux-gnu"
fi
plain_cc="${triplet}gcc"
command -v "$plain_cc" >/dev/null || die "$plain_cc is not installed"
export AR="${triplet}gcc-ar" RANLIB="${triplet}gcc-ranlib" NM="${triplet}gcc-nm" STRIP="${triplet}strip"
# Times and random names would make every build another one.
unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS LDFLAGS LIBS CPPFLAGS
export SOURCE_DATE_EPOCH=0 ZERO_AR_DATE=1 TZ=UTC
base_cflags='-Os -pipe -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong -flto -ffat-lto-objects'
base_cflags+=' -fno-asynchronous-unwind-tables -fno-unwind-tables'
compiler="$($plain_cc --version | head -n 1) $("${triplet}ld" --version | head -n 1)"

work="$(mktemp -d "${TMPDIR:-/tmp}/cexluks-static.XXXXXX")"
trap 'rm -rf "$work"' EXIT

# --- libraries -------------------------------------------------------------------------------------------

declare -A folder_of=()

# root_of NAME: where it was installed
root_of() {
    printf '%s\n' "${folder_of[$1]}"
}

includes_of() {
    local name
    for name in "$@"; do
        printf -- '-I%s/include ' "$(root_of "$name")"
    done | sed 's/ $//'
}

libraries_of() {
    local name
    for name in "$@"; do
        printf -- '-L%s/lib ' "$(root_of "$name")"
    done
}

pkgconfig_of() {
    local name
    for name in "$@"; do
        printf '%s/lib/pkgconfig:' "$(root_of "$name")"
    done
}

# The key of a library: all that decides what comes out.
key_of() { # NAME
    local name recipe
    recipe="$(declare -f "build_$1")"
    {
        printf '%s\n' "$1" "$arch" "$libc" "$compiler" "$base_cflags" "$recipe"
        for name in archive headers package configured quiet_make kernel_headers; do
            [[ $recipe != *"$name "* ]] || declare -f "$name"
        done
        [[ $1 == musl ]] || declare -f specs compiler_for
        case $1 in
            libudev) cat "$here"/libudev/* ;;
            mbedtls) cat "$here"/config/{mbedtls.h,getrandom.c} ;;
            cryptsetup) cat "$here/config/cryptsetup.h" ;;
        esac
        source_rows | grep "^$1 " || true
        for name in $(base_of "$1") ${needs_of[$1]-}; do
            root_of "$name"
        done | sed 's|.*/||'
    } | sha256sum | cut -c1-16
}

# base_of NAME: what everything is made with
base_of() {
    [[ $libc != musl || $1 == musl ]] || echo musl
}

# specs: tells gcc about musl instead of its own C library: a static program that can be loaded anywhere
specs() {
    local root
    root="$(root_of musl)"
    cat <<END
%rename cpp_options old_cpp_options

*cpp_options:
-nostdinc -isystem $root/include -isystem include%s %(old_cpp_options)

*cc1:
%(cc1_cpu) -nostdinc -isystem $root/include -isystem include%s

*link_libgcc:
-L$root/lib -L .%s

*libgcc:
libgcc.a%s

*startfile:
$root/lib/rcrt1.o $root/lib/crti.o crtbeginS.o%s

*endfile:
crtendS.o%s $root/lib/crtn.o

*link:
-nostdlib -static -pie --no-dynamic-linker -z text -z relro -z now

*esp_link:


*esp_options:


*esp_cpp_options:


END
}

# compiler_for NAME: the command that compiles for the C library chosen
compiler_for() {
    if [[ $1 == musl ]]; then
        printf '%s\n' "$plain_cc"
    elif [[ $libc == musl ]]; then
        specs >"$work/musl.specs"
        printf '%s\n' "$plain_cc -specs=$work/musl.specs"
    else
        printf '%s\n' "$plain_cc -static-pie"
    fi
}

# build_one NAME: unpacks, builds, installs to "$out"; in a process of its own
build_one() {
    local name=$1 needs=${needs_of[$1]-}
    mkdir -p "$work/$name"
    cd "$work/$name"
    if source_rows | grep -q "^$name "; then
        source_row "$name"
        (dpkg-source -x "$(source_folder "$hash")"/*.dsc "$work/$name/source") >unpack.said 2>&1 \
            || { cat unpack.said >&2 && die "$name can not be unpacked"; }
        cd source
        # Debian's patches make files newer than what upstream generated from them; nothing is to be generated again.
        find . -exec touch -h -d @0 {} +
    fi
    CC="$(compiler_for "$name")"
    # shellcheck disable=SC2086 # words
    CFLAGS="$base_cflags $(includes_of $needs) -ffile-prefix-map=$PWD=. -ffile-prefix-map=$cache="
    # shellcheck disable=SC2086 # words
    CPPFLAGS="$(includes_of $needs)" LDFLAGS="$(libraries_of $needs)" PKG_CONFIG_LIBDIR="$(pkgconfig_of $needs)"
    export CC CFLAGS CPPFLAGS LDFLAGS PKG_CONFIG_LIBDIR
    "build_$name"
}

# library NAME: builds it if the cache lacks it. Not in a condition: there, "set -e" would be ignored inside.
library() {
    local name=$1 started=$SECONDS status
    out="$cache/static-$name-$(key_of "$name")"
    folder_of[$name]=$out
    if [[ -e $out/complete ]]; then
        touch "$out"
        return
    fi
    rm -rf "$out"
    mkdir -p "$out"
    say "building $name"
    set +e
    (set -e && build_one "$name")
    status=$?
    set -e
    [[ $status -eq 0 ]] || die "$name does not build"
    touch "$out/complete"
    rm -rf "${work:?}/$name"
    say "$name: $((SECONDS - started)) s"
}

mkdir -p "$cache"
exec {lock}>"$cache/static-$arch-$libc.lock"
flock "$lock"
for name in "${recipes[@]}"; do
    [[ $name != musl || $libc == musl ]] || continue
    library "$name"
done

# --- the program -----------------------------------------------------------------------------------------

names=("${!folder_of[@]}")
mkdir -p "$(dirname "$target")"
target="$(realpath "$target")"
export PKG_CONFIG_LIBDIR
PKG_CONFIG_LIBDIR="$(pkgconfig_of "${names[@]}")"
# The project's own -pie comes last otherwise, and would ask for a loader. musl's specs say it all.
kind=''
[[ $libc == musl ]] || kind=-static-pie
# A bit per relocation instead of three words saves 64 kB. The linker has it for x86 alone; musl understands it since 1.2.4.
[[ $arch-$libc != x86_64-musl ]] || kind+=' -Wl,-z,pack-relative-relocs'
say "building the program"
make -s -C "$top" -j"$jobs" B="$work/build" CC="$(compiler_for program)" CPPFLAGS="$(includes_of "${names[@]}")" \
    CFLAGS="$base_cflags -g0 -ffile-prefix-map=$top=." \
    LDFLAGS="$kind -Os -flto=auto -fPIE -Wl,--gc-sections -Wl,--build-id=none $(libraries_of "${names[@]}")" \
    "$work/build/cexluks" >"$work/make.said" 2>&1 || { tail -n 40 "$work/make.said" >&2 && die "the program does not build"; }
"$STRIP" -s -R .comment -o "$work/cexluks" "$work/build/cexluks"
# with its symbols beside it, for profilers and debuggers
mv "$work/build/cexluks" "$target.debug"
mv "$work/cexluks" "$target"
# what no build has asked for in a month
find "$cache" -maxdepth 1 -type d -name 'static-*-*' -mtime +30 -exec rm -rf {} +
say "$target: $(stat -c %s "$target") bytes"
