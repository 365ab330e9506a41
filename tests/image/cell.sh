# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Source this file, in a column's process: what cells are written with. "suite" and "root" name the column, "tree" is where
# images are made, "cell" the folder of this cell.
#
# shellcheck disable=SC2034 # cells use what looks unused

secret='PLANTED-api-key-31415926'
uuid_root=96fa7ba7-5229-4f32-a9d3-849404febb0e
uuid_data=0b1e2d3c-4a5b-4c6d-8e7f-001122334455
kver="$(basename "$(echo "$root"/usr/lib/modules/*)")"
conf="$tree/etc/cexluks/cexluks.conf"

skip() { # REASON: leaves the cell
    printf '%s\n' "$*"
    exit 77
}

# --- trees ------------------------------------------------------------------------------------------------------

product() { # TREE: what "make install" copies
    cp -a "$work/$suite.destdir/." "$1/"
}

fresh() { # [full|container|chroot|unpacked|bare]: a tree with the product and no configuration
    tree_mount "$root" "$tree" "${1-chroot}"
    product "$tree"
}

config_kms() { # [TREE]: one profile, one volume
    local dir="${1-$tree}/etc/cexluks"
    mkdir -p "$dir"
    cat >"$dir/cexluks.conf" <<CONF
[kms prod]
service = hpcs
endpoint = https://kms.example:8080
iam-endpoint = https://iam.example
instance = 01234567-89ab-cdef-0123-456789abcdef
root-key = fedcba98-7654-3210-fedc-ba9876543210
api-key = file:/etc/cexluks/prod.api-key
ca-file = /etc/cexluks/prod-ca.pem

[volume root]
uuid = $uuid_root
CONF
    printf '%s\n' "$secret" >"$dir/prod.api-key"
    cp "$work/ca.pem" "$dir/prod-ca.pem"
    chmod 644 "$dir"/{cexluks.conf,prod-ca.pem}
    chmod 600 "$dir/prod.api-key"
}

config_card() { # one volume, opened by card
    printf '[volume root]\nuuid = %s\nbindings = card\n' "$uuid_root" >"$conf"
}

set_key() { # KEY VALUE: in the profile
    sed -i "s,^$1 = .*,$1 = $2," "$conf"
}

# --- images -----------------------------------------------------------------------------------------------------

# Few drivers and no packing, because neither is what rows are about; modules that Debian's root has by chance.
quick=(--no-early-microcode --nostrip --no-compress --drivers 'virtio_blk virtio_net ext4'
    --omit 'kernel-modules-extra nvdimm qemu qemu-net lunmask')
generic=(--no-hostonly --no-hostonly-cmdline "${quick[@]}")
plain=(--omit 'systemd systemd-initrd dracut-systemd systemd-networkd systemd-resolved')
# dracut includes these by itself wherever they can be installed
no_backend=(--omit 'network-manager systemd-networkd systemd-resolved network-legacy')
# An image without systemd: dracut 059 chooses NetworkManager if it is installed, whose own dependency is systemd.
plain_network=()
has_network_legacy() {
    compgen -G "$root/usr/lib/dracut/modules.d/*network-legacy" >/dev/null
}
! has_network_legacy || plain_network=(--add network-legacy --omit network-manager)

in_tree() { # COMMAND…
    chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin ${environment[@]+"${environment[@]}"} "$@" </dev/null
}
environment=()

# One archive, packed or not, and what follows it: dracut 112 puts what is packed already, kernel modules, in front of the rest.
unpack() { # FILE
    if [[ $(head -c 4 "$1" | xxd -p) == 28b52ffd ]]; then
        zstd -d -q -c "$1" | cpio --quiet -idm
        return
    fi
    {
        cpio --quiet -idm
        cat >"$cell/rest"
    } <"$1"
    if [[ -s $cell/rest ]]; then
        mv "$cell/rest" "$cell/part"
        unpack "$cell/part"
    fi
    rm -f "$cell"/{rest,part}
}

opened() { # FILE NAME: unpacked, in $cell/NAME.d
    rm -rf "$cell/$2.d"
    mkdir -p "$cell/$2.d"
    (cd "$cell/$2.d" && unpack "$1")
}

image() { # NAME DRACUT-ARGUMENT…: $cell/NAME.img, NAME.d and NAME.log
    local name=$1
    shift
    printf '  dracut %s\n' "$*"
    in_tree dracut "$@" --force /tmp/image "$kver" >"$cell/$name.log" 2>&1 || {
        printf 'dracut failed: %s\n' "$(tail -n 1 "$cell/$name.log")"
        return 1
    }
    mv "$tree/tmp/image" "$cell/$name.img"
    opened "$cell/$name.img" "$name"
}

fails_saying() { # TEXT DRACUT-ARGUMENT…: no image, exit status not 0, the reason, and the image of yesterday is still there
    local text=$1
    shift
    echo yesterday >"$tree/tmp/image"
    if in_tree dracut "$@" --force /tmp/image "$kver" >"$cell/broken.log" 2>&1; then
        echo 'dracut made an image' && return 1
    fi
    grep -qF -- "$text" "$cell/broken.log" || { tail -n 5 "$cell/broken.log" && return 1; }
    grep -qx yesterday "$tree/tmp/image"
}

# --- settings from docs/guides/bootc.md -------------------------------------------------------------------------

block() { # NAME
    guide_block docs/guides/bootc.md "$1"
}

# container CONTEXT: makes the tree what the page's Containerfile makes of its base; lines other than these have not been tried
container() {
    local word what
    while read -r word what <&9; do
        printf '  %s %s\n' "$word" "$what"
        case $word in
            FROM) ;;
            COPY) container_copy "$1" "$tree" "$what" ;;
            RUN) in_tree /bin/sh -c "$what" ;;
            *) echo 'no such line was tried' && return 1 ;;
        esac
    done 9< <(block bootc-containerfile)
}

container_copy() { # CONTEXT TREE "FROM TO": a file, or what is in a folder; all are root's, and keep their modes
    local from="$1/${3%% *}" to="$2${3##* }"
    if [[ -d $from ]]; then
        mkdir -p "$to"
        cp -r --preserve=mode "$from/." "$to/"
    else
        mkdir -p "${to%/*}"
        cp --preserve=mode "$from" "$to"
    fi
}

# stand_in NAME…: programs that the tree has not, which say that they were called
stand_in() {
    local name
    for name; do
        printf '#!/bin/sh\necho "%s $*" >>/run/called\n' "$name" >"$tree/usr/bin/$name"
        chmod 755 "$tree/usr/bin/$name"
    done
}

# --- what images have in common ---------------------------------------------------------------------------------

# The helper runs with the libraries that are in the image, and nothing else.
helper_runs() { # IMAGE
    chroot "$1" /usr/sbin/cexluks --version >/dev/null
}

has_driver() { # IMAGE KVER NAME…: in the image, or in that kernel
    local name
    for name in "${@:3}"; do
        modprobe -n -q -d "$1" -S "$2" "$name" || { echo "no module $name" && return 1; }
    done
}

# What each image of ours has, of any kind and from any dracut.
ours() { # IMAGE [KVER]
    all "$1/etc/cexluks/cexluks.conf"
    ours_without_config "$@"
}

ours_without_config() { # IMAGE [KVER]
    helper_runs "$1"
    has_driver "$1" "${2-$kver}" dm_crypt algif_skcipher
    modules_load_fits "$1" "${2-$kver}"
    all "$(hooks_of "$1")"/cleanup/{25-cexluks-keep-refused,30-cexluks-wipe}.sh
    not grep -rqs neednet "$1/etc/cmdline.d"
    sh_reads "$1"
    no_secret_readable "$1" "$secret"
}

configured() { # IMAGE: with what config_kms says
    grep -q '^\[kms prod\]$' "$1/etc/cexluks/cexluks.conf"
    mode_is 600 "$1/etc/cexluks/cexluks.conf"
    mode_is 600 "$1/etc/cexluks/prod.api-key"
    grep -qx "$secret" "$1/etc/cexluks/prod.api-key"
    cmp "$1/etc/cexluks/prod-ca.pem" "$work/ca.pem"
    grep -qx "luks-$uuid_root UUID=$uuid_root none luks" "$1/etc/crypttab"
    network_hooks_are_there "$1"
    resolves "$1"
}

resolves() { # IMAGE: names can be looked up by the helper in it
    all "$1/etc/hosts"
    # without an interpreter it is static, and asks without glibc's plug-ins
    not grep -qaF ld-linux "$1/usr/sbin/cexluks" || grep -q '^hosts:.*dns' "$1/etc/nsswitch.conf"
}

with_units() { # IMAGE
    units_are_enabled "$1"
    drop_ins_fit "$(units_of "$1")"
    finds_none "$1/" -path '*/hooks/initqueue/*cexluks*'
    none "$1/lib/cexluks-lib.sh"
}

without_units() { # IMAGE
    plain_hooks_are_there "$1"
    finds_none "$1" -name 'cexluks*.service' -o -name '50-cexluks.conf'
}

quiet() { # LOG: nothing about us in it
    not grep -i 'cexluks: \|90cexluks\|91cexluks' "$1"
}

# The size of all files, which is what an image takes from memory, in MiB.
size_of() { # IMAGE
    du -sm --apparent-size "$1" | cut -f1
}
