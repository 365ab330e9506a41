# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
#
# The main job with the helper of "make static", which the module takes when it is installed. What is in the image is
# compared with what was built; all the rest is expected as of the other.
# shellcheck source=tests/boot/20-unattended/case.sh
source "$here/20-unattended/case.sh"
# shellcheck disable=SC2034 # read by run
title="an encrypted root boots unattended with the static helper (systemd image)"
before_boot() {
    [[ -x $B/static/cexluks ]] || skip "'make static' was not run"
    export HELPER=static
}

expect_the_static_helper_is_in_the_image() {
    zstd -d -q -c "$case_dir/initrd.img" | cpio -i --quiet --to-stdout usr/sbin/cexluks >"$case_dir/helper" \
        && cmp "$case_dir/helper" "$B/static/cexluks" && ! readelf -l "$case_dir/helper" | grep INTERP
}
