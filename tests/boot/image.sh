#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# image.sh [OPTION]… --out IMG: build an initramfs with dracut in a throw-away overlay of the root.
#
#   --root DIR          the tree to build in (default: what root.sh prints)
#   --out IMG           the image; IMG.vmlinuz becomes a copy of the kernel that fits it
#   --no-product        plain dracut with its own "crypt" module, to try the rig itself
#   --destdir DIR       an installed tree (make install DESTDIR=DIR) to take instead of running make
#   --conf-dir DIR      copied to /etc/cexluks
#   --no-systemd        without systemd: dracut's own init, network-legacy
#   --backend NAME      dracut's module for the network (default: systemd-networkd, without systemd network-legacy)
#   --no-network        without any network in it, unless the product asks for one
#   --overlay DIR       copied over the root before dracut runs; repeatable
#   --include-dir DIR   copied into the image itself, as it is
#   --cmdline-conf TEXT one line for the image's /etc/cmdline.d
#   --dracut-arg ARG    handed to dracut; repeatable
#   --reuse DIR         keep images in DIR by a hash of everything that went in, and take one from there
#
# HELPER=static in the environment installs the static helper as well ("make static" first), which then is the one in the
# image.
#
# dracut's own output goes to IMG.log; the terminal sees it only on failure.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
top="$(cd "$here/../.." && pwd)"

say() {
    printf 'image.sh: %s\n' "$*" >&2
}

root='' out='' product=yes destdir='' conf_dir='' systemd=yes network=yes backend='' overlays=() include_dir='' cmdline_conf='' reuse=''
dracut_args=()
arguments=("$@")
while [[ $# -gt 0 ]]; do
    case $1 in
        --root) root=$2 && shift ;;
        --out) out=$2 && shift ;;
        --no-product) product=no ;;
        --destdir) destdir=$2 && shift ;;
        --conf-dir) conf_dir=$2 && shift ;;
        --no-systemd) systemd=no ;;
        --no-network) network=no ;;
        --backend) backend=$2 && shift ;;
        --overlay) overlays+=("$2") && shift ;;
        --include-dir) include_dir=$2 && shift ;;
        --cmdline-conf) cmdline_conf=$2 && shift ;;
        --dracut-arg) dracut_args+=("$2") && shift ;;
        --reuse) reuse=$2 && shift ;;
        *) say "unknown option '$1'" && exit 2 ;;
    esac
    shift
done
if [[ -z $out ]]; then
    say "--out is missing"
    exit 2
fi
root="${root:-$("$here/root.sh")}"

# Everything that mounts happens below a mount namespace that ends with this process.
if [[ -z ${CEXLUKS_IMAGE_NAMESPACE-} ]]; then
    CEXLUKS_IMAGE_NAMESPACE=1 exec unshare -m --propagation private "${BASH_SOURCE[0]}" "${arguments[@]}"
fi

work="$(mktemp -d "$out.XXXXXX")"
trap 'umount -R "$work/top" 2>/dev/null || true; rm -rf --one-file-system "$work"' EXIT
mkdir "$work"/{upper,work,top}

if [[ $product == yes && -z $destdir ]]; then
    destdir="$work/destdir"
    targets=(install)
    [[ ${HELPER-} != static ]] || targets+=(install-static)
    if [[ ${VM_ARCH-} == s390x ]]; then
        "$top/tests/s390x/cross.sh" "$(dirname "$root")" "${B:-$top/build}/s390x" "${targets[@]}" DESTDIR="$destdir" PREFIX=/usr >&2
    else
        make -s -C "$top" "${targets[@]}" DESTDIR="$destdir" PREFIX=/usr >&2
    fi
fi

# Names, modes and contents, nothing else: a rebuilt but equal product makes an equal image.
tree_hash() {
    if [[ -n $1 ]]; then
        tar -C "$1" --sort=name --mtime=@0 --owner=0 --group=0 -cf - . | sha256sum
    else
        echo none
    fi
}

if [[ -n $reuse ]]; then
    mkdir -p "$reuse"
    # what no run has asked for since yesterday was made from a product that has changed
    find "$reuse" -mindepth 1 -mtime +1 -delete
    key="$({
        cat "${BASH_SOURCE[0]}"
        printf '%s\n' "$root" "$product" "$systemd" "$network" "$backend" "$cmdline_conf" "${dracut_args[@]}"
        for part in "$destdir" "$conf_dir" "$include_dir" "${overlays[@]}"; do
            tree_hash "$part"
        done
    } | sha256sum | cut -c1-16)"
    exec {lock}>"$reuse/$key.lock"
    flock "$lock"
    if [[ -e $reuse/$key.img ]]; then
        touch "$reuse/$key".*
        ln -f "$reuse/$key.img" "$out"
        ln -f "$reuse/$key.vmlinuz" "$out.vmlinuz"
        cp "$reuse/$key.log" "$out.log"
        exit 0
    fi
fi

started=$SECONDS
mount -t overlay overlay -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/work" "$work/top"
for part in "$destdir" "${overlays[@]}"; do
    if [[ -n $part ]]; then
        cp -a "$part/." "$work/top/"
    fi
done
if [[ -n $conf_dir ]]; then
    mkdir -p "$work/top/etc/cexluks"
    cp -a "$conf_dir/." "$work/top/etc/cexluks/"
fi
mount -t proc proc "$work/top/proc"
mount -t tmpfs tmpfs "$work/top/run"
mount -t tmpfs tmpfs "$work/top/tmp"
mount -t tmpfs tmpfs "$work/top/var/tmp"
mount -t sysfs -o ro sysfs "$work/top/sys"
mount --bind /dev "$work/top/dev"

kver="$(basename "$(echo "$root"/usr/lib/modules/*)")"
args=(
    --no-hostonly --no-hostonly-cmdline --no-early-microcode --nostrip --quiet
    # level 3: dracut's default of 15 saves 10 % and costs most of the time
    --compress 'zstd -3 -q -T0'
    # instead of the several hundred that a generic image holds; a VM has virtio and nothing else
    --drivers "virtio_pci virtio_blk virtio_rng dm_crypt ext4$([[ $network == no ]] || echo ' virtio_net')"
    # asks for modules of hardware that no VM here has
    --omit 'kernel-modules-extra nvdimm qemu qemu-net watchdog-modules lunmask'
    --add crypt
)
if [[ $product == yes ]]; then
    args+=(--add cexluks)
fi
if [[ $systemd == no ]]; then
    args+=(--omit "systemd systemd-initrd dracut-systemd systemd-networkd")
fi
if [[ $systemd == yes ]]; then
    backend="${backend:-systemd-networkd}"
else
    backend="${backend:-network-legacy}"
fi
case $network in
    yes) args+=(--add "network $backend") ;;
    # dracut includes these by themselves wherever they can be installed
    no) args+=(--omit "systemd-resolved systemd-networkd network-legacy network-manager connman") ;;
esac
# Under emulation everything takes ten times as long; what need not be done there is done here.
[[ ${VM_ARCH-} != s390x ]] || args+=(--no-compress)
if [[ -n $cmdline_conf ]]; then
    printf '%s\n' "$cmdline_conf" >"$work/top/tmp/cmdline.conf"
    args+=(--include /tmp/cmdline.conf /etc/cmdline.d/80-boot-test.conf)
fi
if [[ -n $include_dir ]]; then
    mkdir "$work/top/tmp/include"
    cp -a "$include_dir/." "$work/top/tmp/include/"
    args+=(--include /tmp/include /)
fi
if ! chroot "$work/top" dracut "${args[@]}" "${dracut_args[@]}" --force /tmp/image "$kver" >"$out.log" 2>&1; then
    cat "$out.log" >&2
    say "dracut failed"
    exit 1
fi
if [[ ${VM_ARCH-} == s390x ]]; then
    zstd -q -3 "$work/top/tmp/image" -o "$work/image"
else
    cp "$work/top/tmp/image" "$work/image"
fi
cp "$root/boot/vmlinuz-$kver" "$work/vmlinuz"
if [[ -n $reuse ]]; then
    ln -f "$work/vmlinuz" "$reuse/$key.vmlinuz"
    cp "$out.log" "$reuse/$key.log"
    ln -f "$work/image" "$reuse/$key.img"
fi
mv -f "$work/vmlinuz" "$out.vmlinuz"
mv -f "$work/image" "$out"
say "image made in $((SECONDS - started)) s: $(du -h "$out" | cut -f1)"
