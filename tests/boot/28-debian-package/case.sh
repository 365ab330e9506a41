# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# The main job from Debian's packages: they are installed in a Debian 12 that knows nothing of cexluks, and dracut makes the
# image there, told of the module by nothing but the configuration.
# shellcheck source=tests/boot/20-unattended/case.sh
source "$here/20-unattended/case.sh"
# shellcheck disable=SC2034 # read by run
title="Debian 12 with the packages of make deb boots unattended (systemd image)"

# What dpkg adds to the root is left in $case_dir/tree.upper.
before_boot() {
    local packages=("$top"/build/deb/cexluks{,-dracut}_*.deb)
    [[ ${#packages[@]} -eq 2 ]] || skip "'make deb' was not run"
    # shellcheck disable=SC2016 # the inner shell's
    unshare -m --propagation private bash -eu -c '
        source "$1/../image/tree.sh"
        tree_mount "$("$1/root.sh")" "$2" chroot
        cp "${@:3}" "$2/tmp/"
        chroot "$2" sh -c "dpkg -i /tmp/*.deb"
        umount -R -l "$2"' install "$here" "$case_dir/tree" "${packages[@]}"
    # shellcheck disable=SC2034 # of the case that this one builds on
    image_options=(--no-product --overlay "$case_dir/tree.upper")
}

expect_the_packaged_helper_is_in_the_image() {
    zstd -d -q -c "$case_dir/initrd.img" | cpio -i --quiet --to-stdout usr/sbin/cexluks >"$case_dir/helper" \
        && cmp "$case_dir/helper" "$case_dir/tree.upper/usr/sbin/cexluks"
}
