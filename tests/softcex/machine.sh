# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For tests that want a virtual machine with the software crypto card and nothing else: an initramfs whose /init is
# the test. Source this file.
#
#   machine_begin DIR ROOT            an empty tree in DIR; programs will come from ROOT (tests/boot/root.sh)
#   machine_take PROGRAM…             of ROOT, with the libraries that they are linked with
#   machine_take_file FILE TO         a program of this machine, at TO; its libraries come from ROOT
#   machine_kernel ROOT CARD [PART…]  kernel modules of ROOT, and what build.sh left in CARD; a PART is a path below
#                                     kernel/ besides the usual ones. Sets machine_kver
#   machine_pack INITRD
#   machine_judge NAME RESULTS        what the machine NAME of tests/boot/vm.sh said, printed and added to RESULTS
#   machine_sum RESULTS               the closing line, and whether all is well
#
# In the tree: /host is for what the test brings along, guest.sh is there already.

machine_begin() {
    machine_tree="$1" machine_root="$2"
    mkdir -p "$machine_tree"/{proc,sys,dev,run,host,etc,tmp,usr/lib/modules} "$machine_tree"/usr/{bin,sbin,lib,lib64}
    ln -s usr/bin usr/sbin usr/lib usr/lib64 "$machine_tree/"
    cp "$(dirname "${BASH_SOURCE[0]}")/guest.sh" "$machine_tree/host/"
}

# Standard input: paths as the root's programs know them.
machine_copy() {
    local path
    while IFS= read -r path; do
        [[ -e $machine_tree$path ]] || install -D -m 0755 \
            "$(chroot "$machine_root" readlink -f "$path" | sed "s,^,$machine_root,")" "$machine_tree$path"
    done
}

machine_take() {
    local program path
    for program in "$@"; do
        path="$(chroot "$machine_root" /bin/bash -c "type -P $program")"
        {
            printf '%s\n' "$path"
            chroot "$machine_root" ldd "$path" | grep -oE '/[^ ]+' || true
        } | machine_copy
    done
}

# What guest.sh and every test need.
machine_take_basics() {
    local name
    machine_take bash echo cat cp ln mount umount mkdir sleep ls head wc sort grep sed cut tr od dd stat basename dirname \
        readlink xargs cmp sha256sum test kmod cryptsetup dmsetup setsid mawk dmesg rm
    # where the kernel looks for it too
    for name in modprobe rmmod; do
        ln -sf ../bin/kmod "$machine_tree/usr/sbin/$name"
    done
    ln -sf mawk "$machine_tree/usr/bin/awk"
}

machine_take_file() {
    install -D -m 0755 "$1" "$machine_tree$2"
    ldd "$1" | grep -oE '/[^ ]+' | machine_copy
}

machine_kernel() {
    local kernel_root="$1" card="$2" part path modules
    shift 2
    machine_kver="$(basename "$(echo "$kernel_root"/usr/lib/modules/*)")"
    modules="usr/lib/modules/$machine_kver"
    for part in crypto arch/x86/crypto drivers/md drivers/block drivers/virtio fs/ext4 fs/jbd2 fs/mbcache.ko lib "$@"; do
        # newer kernels have their modules compressed
        for path in "$kernel_root/$modules/kernel/$part"{,.xz,.zst}; do
            [[ -e $path ]] || continue
            mkdir -p "$machine_tree/$modules/kernel/$(dirname "$part")"
            cp -a "$path" "$machine_tree/$modules/kernel/$(dirname "$part")/"
        done
    done
    cp -a "$card/overlay/." "$machine_tree/"
}

machine_pack() {
    (cd "$machine_tree" && find . -print0 | cpio --null --quiet -o -H newc | zstd -q -3 -T0 -f -o "$1")
}

machine_judge() {
    sed -E 's/^\[ *[0-9.]+\] //' "$(vm_console "$1")" | grep -E '^(ok - |not ok - |skipped - |#|    )' | tee -a "$2"
    if ! grep -q '^# done' "$2"; then
        echo 'not ok - the machine got to its end' | tee -a "$2"
        tail -n 20 "$(vm_console "$1")"
    fi
}

machine_sum() {
    local passed failed skipped
    passed="$(grep -c '^ok - ' "$1" || true)"
    failed="$(grep -c '^not ok - ' "$1" || true)"
    skipped="$(grep -c '^skipped - ' "$1" || true)"
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    [[ $failed -eq 0 ]]
}
