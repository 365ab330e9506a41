# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whole settings: image builders, dump images, FIPS, network backends.

row kdump 'kdump: not included' ci
cell_kdump() {
    fresh full
    config_kms
    kdumpbase
    image dump "${generic[@]}" "${no_backend[@]}" --add kdumpbase
    nothing_of_ours "$cell/dump.d"
    # shellcheck disable=SC2034 # read by in_tree
    environment=(IN_KDUMP=1)
    image dump --hostonly "${quick[@]}" "${no_backend[@]}"
    nothing_of_ours "$cell/dump.d"
}

# The module that kdump's own tools bring; its name is how we know.
kdumpbase() {
    local dir="$tree/usr/lib/dracut/modules.d/99kdumpbase"
    mkdir "$dir"
    printf '%s\n' '#!/bin/bash' 'check() { return 255; }' 'install() { :; }' >"$dir/module-setup.sh"
    chmod 755 "$dir/module-setup.sh"
}

row kdump-asked 'kdump, asked for: cards only, no credential, small' ci
cell_kdump_asked() {
    local asked
    fresh full
    config_kms
    kdumpbase
    # what its tools call, with this in kdump.conf
    read -ra asked < <(sed -n 's/^    dracut_args //p' "$top/docs/guides/kdump.md")
    image without "${generic[@]}" "${no_backend[@]}" --add 'kdumpbase crypt'
    image dump "${generic[@]}" "${no_backend[@]}" --add kdumpbase "${asked[@]}"
    ours "$cell/dump.d"
    units_are_enabled "$cell/dump.d"
    none "$cell"/dump.d/etc/cexluks/prod{.api-key,-ca.pem}
    not grep -r "$secret" "$cell/dump.d"
    not grep '^[^#]' "$cell/dump.d/etc/cexluks/cexluks.conf"
    no_network "$cell/dump.d"
    # A crash kernel has 192 MiB at least: files once unpacked, while the packed image is still there.
    [[ $(size_of "$cell/dump.d") -le 96 ]]
    [[ $(($(size_of "$cell/dump.d") - $(size_of "$cell/without.d"))) -le 24 ]]
}

row bootc 'bootc: by Containerfile, for cards' ci
cell_bootc() {
    containerfile_image card
    ours "$cell/bootc.d"
    with_units "$cell/bootc.d"
    # a card needs no network; what dracut includes unasked is not ours to say
    finds_none "$cell/bootc.d" -name 'cexluks-*network*' -o -name cexluks-ifup
}

row bootc-header 'bootc: by Containerfile, for API keys in headers' all
cell_bootc_header() {
    containerfile_image header
    ours "$cell/bootc.d"
    with_units "$cell/bootc.d"
    cmp "$cell/context/cexluks/prod-ca.pem" "$cell/bootc.d/etc/cexluks/prod-ca.pem"
    network_hooks_are_there "$cell/bootc.d"
    resolves "$cell/bootc.d"
    # nothing but configuration and CA
    [[ $(ls "$cell/bootc.d/etc/cexluks") == $'cexluks.conf\nprod-ca.pem' ]]
}

# containerfile_image card|header: does docs/guides/bootc.md, with that configuration; the image in $cell/bootc.d
containerfile_image() {
    local out="/usr/lib/modules/$kver/initramfs.img" context="$cell/context"
    fresh container
    stand_in dnf bootc
    mkdir -p "$context/cexluks"
    case $1 in
        card) block bootc-card >"$context/cexluks/cexluks.conf" ;;
        header)
            config_kms "$cell/site"
            cp "$cell"/site/etc/cexluks/{cexluks.conf,prod-ca.pem} "$context/cexluks/"
            sed -i "s,^api-key = .*,$(sed -n 's/^    \(api-key = .*\)/\1/p' "$top/docs/guides/bootc.md")," "$context/cexluks/cexluks.conf"
            grep -q '^api-key = header:$' "$context/cexluks/cexluks.conf"
            ;;
    esac
    block bootc-dracut >"$context/dracut.conf"
    block bootc-kargs >"$context/kargs.toml"
    # what a row needs, to be quick
    printf '%s\n' 'drivers+=" virtio_blk virtio_net ext4 "' 'omit_dracutmodules+=" qemu qemu-net "' 'early_microcode="no"' \
        'compress="zstd -1 -q"' | install -D -m 644 /dev/stdin "$tree/usr/lib/dracut/dracut.conf.d/90-quick.conf"
    container "$context"
    known_words "$tree/usr/lib/bootc/kargs.d/50-cexluks.toml"
    mode_is 600 "$tree/etc/cexluks/cexluks.conf"
    grep -qx 'bootc container lint' "$tree/run/called"
    opened "$tree$out" bootc
    # nothing beside it, and nothing where only the machine itself may write
    finds_none "$tree/boot" -name 'init*'
    finds_none "$tree/var/tmp" "$tree/tmp" -mindepth 1
}

# Each word for the kernel command line that is ours is one that the helper knows.
known_words() { # TOML
    local known
    known="$(in_tree cexluks help --table cmdline | cut -f1)"
    not grep -vxF "$known" <<<"$(grep -o 'rd\.cexluks[a-z.]*' "$1")"
}

row static 'static helper installed: it is the one' ci
cell_static() {
    [[ -x $B/static/cexluks ]] || skip 'no static helper, "make static" makes it'
    fresh full
    config_kms
    install -D -m 755 "$B/static/cexluks" "$tree/usr/lib/cexluks/cexluks-static"
    image static "${generic[@]}"
    cmp "$B/static/cexluks" "$cell/static.d/usr/sbin/cexluks"
    ours "$cell/static.d"
    configured "$cell/static.d"
    with_units "$cell/static.d"
}

row fips 'fips: the dynamic helper, with what OpenSSL wants' all
cell_fips() {
    local provider=()
    fresh full
    config_kms
    install -D -m 755 /bin/false "$tree/usr/lib/cexluks/cexluks-static"
    image fips "${generic[@]}" --add fips
    ours "$cell/fips.d"
    configured "$cell/fips.d"
    cmp "$tree/usr/sbin/cexluks" "$cell/fips.d/usr/sbin/cexluks"
    # Debian 12 has no such provider
    provider=("$tree"/usr/lib/*/ossl-modules/fips.so)
    [[ ${#provider[@]} -eq 0 ]] || cmp "${provider[0]}" "$cell/fips.d/${provider[0]#"$tree"}"
}

row network-manager 'network: NetworkManager' all
cell_network_manager() {
    fresh full
    config_kms
    image nm "${generic[@]}" --add network-manager --omit 'systemd-networkd network-legacy'
    ours "$cell/nm.d"
    configured "$cell/nm.d"
    with_units "$cell/nm.d"
    all "$cell/nm.d/usr/sbin/NetworkManager"
    # its folder differs
    [[ -n $(find "$cell/nm.d" -name nm-initrd-generator) ]]
    bounded "$cell/nm.d" '*-wait-online-initrd.service'
    finds_none "$cell/nm.d" -name systemd-networkd
}

row networkd 'network: systemd-networkd, and its name servers' all
cell_networkd() {
    fresh full
    config_kms
    image networkd "${generic[@]}" --add systemd-networkd --omit 'network-manager network-legacy'
    ours "$cell/networkd.d"
    configured "$cell/networkd.d"
    with_units "$cell/networkd.d"
    all "$cell/networkd.d/usr/lib/systemd/systemd-networkd" "$cell/networkd.d/sbin/cexluks-names"
    finds_none "$cell/networkd.d" -name systemd-resolved
    bounded "$cell/networkd.d" 'systemd-networkd-wait-online.service'
    finds_none "$cell/networkd.d" -name NetworkManager
}

row network-legacy 'network: network-legacy, no systemd' all
cell_network_legacy() {
    has_network_legacy || skip 'this dracut has no network-legacy'
    fresh full
    config_kms
    image legacy "${generic[@]}" "${plain[@]}" "${plain_network[@]}"
    ours "$cell/legacy.d"
    configured "$cell/legacy.d"
    without_units "$cell/legacy.d"
    all "$cell"/legacy.d/usr/sbin/{dhclient,ifup}
    finds_none "$cell/legacy.d" -name NetworkManager -o -name systemd-networkd
}

# Each unit that waits for a network, and is in the image, has our drop-in.
bounded() { # IMAGE PATTERN
    local units unit found=0
    units="$(units_of "$1")"
    for unit in "$units"/$2; do
        found=1
        all "$unit.d/50-cexluks.conf"
    done
    [[ $found == 1 ]]
}
