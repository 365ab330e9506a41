#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# image.sh (part d): what the dracut module adds to an image that has "crypt" and "network" anyway, with the dynamic
# helper and with the static one, beside what clevis' modules (tang and sss) add to the same image. Needs root, as
# tests/boot/image.sh does; fetches clevis' packages with apt. Four minutes.
# shellcheck source=tests/bench/lib.sh disable=SC2016
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need mmdebstrap dpkg apt-get cpio zstd strip
# dracut's own choice
compress="$(quick 'zstd -15 -q -T0' 'zstd -1 -q -T0')"

image() { # NAME [image.sh's options…]
    tests/boot/image.sh --out "$work/$1.img" "${@:2}" --dracut-arg --compress --dracut-arg "$compress" 2>"$work/$1.said" \
        || { cat "$work/$1.said" >&2 && return 1; }
}

clevis_tree() { # FOLDER: the packages that the root of the virtual machines lacks
    mkdir -p "$1" "$work/debs"
    (cd "$work/debs" && apt-get -q -o APT::Sandbox::User=root download clevis clevis-luks clevis-systemd clevis-dracut jose libjose0 luksmeta \
        libluksmeta0 libjansson4 >/dev/null)
    local package
    for package in "$work"/debs/*.deb; do
        dpkg -x "$package" "$1"
    done
    # the root has these as links into /usr
    if [[ -d $1/lib ]]; then
        cp -a "$1/lib/." "$1/usr/lib/"
        rm -r "${1:?}/lib"
    fi
}

# A profile with fixed addresses, as for a service that is reached over a private network.
conf_dir() { # FOLDER
    mkdir -p "$1"
    printf 'api-key-of-a-measurement\n' >"$1/prod.api-key"
    chmod 600 "$1/prod.api-key"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=bench -days 30 -keyout "$work/ca.key" \
        -out "$1/ca.pem" 2>/dev/null
    cat >"$1/cexluks.conf" <<'END'
[kms prod]
service      = key-protect
endpoint     = https://kms.example.test
iam-endpoint = https://iam.example.test
instance     = 01234567-89ab-cdef-0123-456789abcdef
root-key     = fedcba98-7654-3210-fedc-ba9876543210
api-key      = file:/etc/cexluks/prod.api-key
ca-file      = /etc/cexluks/ca.pem
END
    cp -r "$1" "$1-fixed"
    printf 'address      = kms.example.test=203.0.113.7, iam.example.test=203.0.113.8\n' >>"$1-fixed/cexluks.conf"
}

sizes() { # NAME: compressed, unpacked, files
    stat -c %s "$work/$1.img"
    zstd -d -q -c "$work/$1.img" >"$work/$1.cpio"
    cpio -t --quiet <"$work/$1.cpio" | wc -l
    stat -c %s "$work/$1.cpio"
}

mapfile_of() { # NAME: sets base and this
    mapfile -t base < <(sizes base)
    mapfile -t this < <(sizes "$1")
}

row() { # TITLE NAME
    mapfile_of "$2"
    added[$2]=$((this[0] - base[0]))
    printf '| %s | %d kB | %d kB | %d |\n' "$1" $(((this[0] - base[0]) / 1000)) $(((this[2] - base[2]) / 1000)) \
        $((this[1] - base[1]))
}

# Programs as packages have them, without what debuggers read.
make -s install DESTDIR="$work/dynamic-tree" B="$B"
strip "$work/dynamic-tree/usr/sbin/cexluks"
cp -a "$work/dynamic-tree" "$work/static-tree"
make -s install-static DESTDIR="$work/static-tree" B="$B"
conf_dir "$work/conf"

image base --no-product
for helper in dynamic static; do
    image "$helper" --destdir "$work/$helper-tree" --conf-dir "$work/conf"
    image "$helper-fixed" --destdir "$work/$helper-tree" --conf-dir "$work/conf-fixed"
done
clevis_tree "$work/clevis-tree"
image clevis --no-product --overlay "$work/clevis-tree" --dracut-arg --add --dracut-arg 'clevis clevis-pin-tang clevis-pin-sss'

fragment d
declare -A added
printf 'Added to an image of %d kB (modules `crypt` and `network` with networkd; %s):\n\n' \
    $(($(sizes base | head -n 1) / 1000)) "$compress"
printf '| | compressed | unpacked | files |\n|---|---:|---:|---:|\n'
row 'cexluks, dynamic helper' dynamic
row 'cexluks, dynamic helper, addresses configured' dynamic-fixed
row 'cexluks, static helper' static
row 'cexluks, static helper, addresses configured' static-fixed
row 'clevis, tang and sss' clevis
printf '\n'
kB() { # NAME
    printf '%d' $((added[$1] / 1000))
}
target 'added to the image, static' at-most 700 "$(kB static)" kB
target 'added to the image, static, addresses configured' at-most 700 "$(kB static-fixed)" kB
target 'added to the image, dynamic, against clevis' at-most "$(kB clevis)" "$(kB dynamic)" kB
target 'added to the image, dynamic, addresses configured, against clevis' at-most "$(kB clevis)" "$(kB dynamic-fixed)" kB
