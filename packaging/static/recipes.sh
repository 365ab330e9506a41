# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# To be sourced by build.sh: how each library is made. A recipe is a function build_NAME that runs in the unpacked
# source, has CC, AR, RANLIB and CFLAGS, and installs to "$out" (include, lib). needs_NAME says what it is made with.
# What they switch off is what one program that opens volumes at boot never calls.
# shellcheck disable=SC2154,SC2034 # arch, libc, jobs, out are build.sh's, which reads recipes and needs_of

# The order of building.
recipes=(musl libudev mbedtls lvm2 util-linux json-c cryptsetup curl cjson keyutils libinih)

# What a library is made with, besides the C library.
declare -A needs_of=(
    [cryptsetup]='mbedtls lvm2 util-linux json-c' [curl]=mbedtls [lvm2]=libudev
)

# archive NAME "CFLAGS…" SOURCE.c…: compile and archive, no build system
archive() {
    local name=$1 flags=$2
    shift 2
    mkdir -p "$out/lib" objects
    # shellcheck disable=SC2016 # for the shell that xargs starts
    printf '%s\0' "$@" | xargs -0 -n 1 -P "$jobs" \
        sh -c '$CC $CFLAGS -Werror=implicit-function-declaration '"$flags"' -c -o "objects/$(printf %s "$1" | tr / +).o" "$1"' compile
    printf 'objects/%s.o\0' "${@//\//+}" | LC_ALL=C sort -z | xargs -0 "$AR" rcs "$out/lib/lib$name.a"
    rm -rf objects
}

# headers FOLDER FILE…: installs them below include/FOLDER
headers() {
    mkdir -p "$out/include/$1"
    cp "${@:2}" "$out/include/$1/"
}

# package NAME LIBS VERSION: what pkg-config says about it
package() {
    mkdir -p "$out/lib/pkgconfig"
    printf '%s\n' "Name: $1" "Description: $1" "Version: $3" "Cflags: -I$out/include" "Libs: -L$out/lib $2" \
        >"$out/lib/pkgconfig/$1.pc"
}

# configured OPTION…: autoconf's script, whose long answers only matter when it fails
configured() {
    ./configure ${host:+--host="$host"} --prefix="$out" "$@" >configure.said 2>&1 \
        || { tail -n 20 configure.said config.log >&2 && return 1; }
}

quiet_make() {
    make -j"$jobs" "$@" >make.said 2>&1 || { tail -n 30 make.said >&2 && return 1; }
}

build_musl() {
    # CC as it is without musl. No LTO for the C library: its start-up code and memcpy are known to the compiler.
    CC="$plain_cc" CFLAGS="-Os -ffunction-sections -fdata-sections -fstack-protector-strong -ffile-prefix-map=$PWD=." \
        ./configure --target="$arch" --prefix="$out" --syslibdir="$out/lib" --disable-shared >configure.said
    quiet_make
    quiet_make install
    rm -rf "${out:?}/bin" # a wrapper for gcc, where it would run
    local folder
    for folder in linux asm asm-generic mtd; do
        cp -rL "$(kernel_headers "$folder")" "$out/include/"
    done
}

# kernel_headers FOLDER: the kernel's, as the compiler has them
kernel_headers() {
    local folder
    for folder in $($plain_cc -E -Wp,-v - </dev/null 2>&1 | grep '^ '); do
        if [[ -e $folder/$1 ]]; then
            printf '%s\n' "$folder/$1"
            return
        fi
    done
    die "the kernel's headers ($1) are missing (package linux-libc-dev)"
}

build_libudev() {
    cp "$here"/libudev/* .
    archive udev '' libudev.c
    headers . libudev.h
    package libudev -ludev 252
}

build_mbedtls() {
    cp "$here/config/mbedtls.h" include/mbedtls/mbedtls_config.h
    cp "$here/config/getrandom.c" library/
    local flags='-Iinclude -Ilibrary'
    archive mbedx509 "$flags" library/x509*.c library/pkcs7.c
    archive mbedtls "$flags" library/ssl*.c library/mps_*.c library/debug.c
    rm library/{x509,ssl,mps_}*.c library/{pkcs7,debug,net_sockets}.c
    # A third of all computing is SHA-256 for the keyslot, the rest long numbers for the handshakes.
    sed -i '1i #pragma GCC optimize("O2")' library/{bignum_core,ecp_curves,sha256}.c
    archive mbedcrypto "$flags" library/*.c
    headers mbedtls include/mbedtls/*
    headers psa include/psa/*
    package mbedtls '-lmbedtls -lmbedx509 -lmbedcrypto' 3.6
}

build_lvm2() {
    # With cookies, see libudev/libudev.h; the rest of udev's and systemd's is for LVM itself.
    configured --enable-static_link --enable-udev_sync --disable-udev_rules --disable-selinux --disable-readline \
        --without-udev-prefix --without-systemd --without-blkid --without-libnvme --disable-systemd-journal \
        --disable-app-machineid --disable-sd-notify --with-symvers=no --disable-nls --with-thin=none --with-cache=none \
        --with-vdo=none --with-writecache=none --with-integrity=none
    quiet_make -C libdm ioctl/libdevmapper.a
    mkdir -p "$out/lib"
    cp libdm/ioctl/libdevmapper.a "$out/lib/"
    headers . libdm/libdevmapper.h
    package devmapper '-ldevmapper -ludev -lm -lpthread' 1.02.200
}

build_util-linux() {
    configured --disable-all-programs --enable-libuuid --enable-libblkid --disable-shared --disable-nls --without-udev \
        --without-systemd --without-python --without-econf --disable-asciidoc --disable-poman --without-ncurses \
        --without-tinfo --disable-bash-completion --prefix=/usr --sysconfdir=/etc --localstatedir=/var
    quiet_make libblkid.la libuuid.la
    mkdir -p "$out/lib"
    cp .libs/lib{blkid,uuid}.a "$out/lib/"
    headers blkid libblkid/src/blkid.h
    headers uuid libuuid/src/uuid.h
    package blkid -lblkid 2.41
    package uuid -luuid 2.41
}

build_json-c() {
    printf '#define JSON_C_HAVE_INTTYPES_H 1\n' >json_config.h
    sed 's|@[A-Z_]*@||' json.h.cmakein >json.h
    printf '#define %s 1\n' STDC_HEADERS HAVE_STDARG_H HAVE_STDINT_H HAVE_STDLIB_H HAVE_STRINGS_H HAVE_STRING_H HAVE_UNISTD_H \
        HAVE_LIMITS_H HAVE_INTTYPES_H HAVE_LOCALE_H HAVE_FCNTL_H HAVE_SYS_RANDOM_H HAVE_SYS_TYPES_H HAVE_GETRANDOM \
        HAVE_OPEN HAVE_STRDUP HAVE_STRERROR HAVE_STRNCASECMP HAVE_VASPRINTF HAVE_VSNPRINTF HAVE_VPRINTF HAVE_SNPRINTF \
        HAVE_DECL_ISINF HAVE_DECL_ISNAN HAVE_DECL_INFINITY HAVE_DECL_NAN HAVE_STRTOLL HAVE_STRTOULL HAVE_SETLOCALE \
        HAVE_USELOCALE HAVE_ATOMIC_BUILTINS SIZEOF_INT64_T >config.h
    sed -i 's/SIZEOF_INT64_T 1/SIZEOF_INT64_T 8/' config.h
    printf '#define SIZEOF_INT 4\n#define SIZEOF_LONG 8\n#define SIZEOF_LONG_LONG 8\n#define SIZEOF_SIZE_T 8\n#define SIZEOF_SSIZE_T 8\n' \
        >>config.h
    archive json-c '-I. -D_GNU_SOURCE' arraylist.c debug.c json_c_version.c json_object.c json_object_iterator.c \
        json_tokener.c json_util.c json_visit.c linkhash.c printbuf.c random_seed.c strerror_override.c
    headers json-c ./*.h
    rm "$out/include/json-c/config.h"
    package json-c -ljson-c 0.16
}

build_cryptsetup() {
    cp "$here/config/cryptsetup.h" config.h
    # Symbol versions are for shared libraries; an archive needs the newest under their plain names.
    sed -i 's/^#if !defined(_CRYPT_SYMVER).*/#if 0/' lib/libcryptsetup_symver.h
    local argon2=ref
    [[ $arch != x86_64 ]] || argon2=opt
    local flags="-D_GNU_SOURCE -D_LARGEFILE64_SOURCE -include config.h -I. -Ilib -Ilib/crypto_backend"
    flags+=" -Ilib/crypto_backend/argon2 -Ilib/crypto_backend/argon2/blake2 $(includes_of json-c)/json-c"
    archive cryptsetup "$flags" lib/*.c lib/luks1/*.c lib/luks2/*.c lib/luks2/hw_opal/*.c lib/bitlk/*.c lib/fvault2/*.c \
        lib/integrity/*.c lib/loopaes/*.c lib/tcrypt/*.c lib/verity/*.c lib/crypto_backend/argon2/{argon2,core,encoding}.c \
        lib/crypto_backend/argon2/{thread,$argon2}.c lib/crypto_backend/argon2/blake2/blake2b.c \
        lib/crypto_backend/{argon2_generic,base64,cipher_check,cipher_generic,crc32,crypto_cipher_kernel}.c \
        lib/crypto_backend/{crypto_mbedtls,crypto_storage,memutils,pbkdf_check,utf8}.c
    headers . lib/libcryptsetup.h
    package libcryptsetup '-lcryptsetup -ljson-c -luuid -lblkid -ldevmapper -ludev -lmbedcrypto -lm' 2.8
}

build_curl() {
    # Proxies stay: the network of a cloud may need one. No CA of its own: the profile names the CA.
    configured --disable-shared --enable-static --with-mbedtls="$(root_of mbedtls)" --without-zlib --without-brotli \
        --without-zstd --without-libpsl --without-libidn2 --without-nghttp2 --without-nghttp3 --without-ngtcp2 \
        --without-librtmp --without-libssh2 --without-libgsasl --without-ca-bundle --without-ca-path --disable-ftp \
        --disable-file --disable-ipfs --disable-ldap --disable-ldaps --disable-rtsp --disable-dict --disable-telnet \
        --disable-tftp --disable-pop3 --disable-imap --disable-smb --disable-smtp --disable-gopher --disable-mqtt \
        --disable-manual --disable-docs --disable-libcurl-option --disable-ares --disable-threaded-resolver \
        --disable-kerberos-auth --disable-negotiate-auth --disable-digest-auth --disable-aws --disable-ntlm \
        --disable-tls-srp --disable-unix-sockets --disable-cookies --disable-doh --disable-mime --disable-form-api \
        --disable-dateparse --disable-progress-meter --disable-dnsshuffle --disable-get-easy-options \
        --disable-alt-svc --disable-headers-api --disable-hsts --disable-websockets --disable-ech --disable-httpsrr \
        --disable-sha512-256 --disable-socketpair --disable-bindlocal --disable-debug --disable-verbose --disable-dependency-tracking
    quiet_make -C lib libcurl.la
    mkdir -p "$out/lib"
    cp lib/.libs/libcurl.a "$out/lib/"
    headers curl include/curl/*.h
    package libcurl '-lcurl -lmbedtls -lmbedx509 -lmbedcrypto' 8.14.1
}

build_cjson() {
    archive cjson '' cJSON.c
    headers cjson cJSON.h
    package libcjson '-lcjson -lm' 1.7.18
}

build_keyutils() {
    archive keyutils '-DPKGBUILD=\"\" -DPKGVERSION=\"\" -DAPIVERSION=\"\"' keyutils.c
    headers . keyutils.h
    package libkeyutils -lkeyutils 1.6.3
}

build_libinih() {
    archive inih '' ini.c
    headers . ini.h
    package inih -linih 59
}
