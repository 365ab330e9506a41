# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# Nothing names the volume: no rd.luks.uuid, no crypttab, no section of the configuration.
# shellcheck disable=SC2034 # read by run
title="a volume that only its token names is found by scanning (systemd image)"

boot() {
    local image disk
    kms_ready
    image="$(make_image initrd --conf-dir "$case_dir/conf")"
    kms_vm vm
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
}

expect_root_is_mounted_from_the_volume() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_nothing_named_it() {
    ! grep -q c0ffee00 "$case_dir/conf/cexluks.conf" && ! vm_mark vm journal | grep -q 'systemd-cryptsetup@'
}

expect_one_line_on_the_console() {
    console_has vm 'cexluks: luks-c0ffee00..0001 opened with kms:prod in [0-9.]+ s'
}
