# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
#
# open = systemd: cexluks only loads the key, and systemd-cryptsetup opens the root with it. Nobody types anything.
# shellcheck disable=SC2034 # read by run
title="systemd-cryptsetup opens the root with the key that was loaded (systemd image)"

boot() {
    local image disk
    kms_start
    kms_conf "$case_dir/conf" 'open = systemd' 'key-expiry = 100s'
    disk="$(make_disk root)"
    printf '%s' "$passphrase" | kms_host bind "$disk" kms:prod --key-file - --luks2-keyring
    kms_mark
    image="$(make_image initrd --conf-dir "$case_dir/conf")"
    kms_vm vm --append "rd.luks.uuid=$root_uuid"
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
}

expect_root_is_mounted_from_the_volume() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_systemd_opened_it_and_cexluks_loaded_the_key() {
    vm_mark vm journal
    vm_mark vm journal | grep -qF "luks-$root_uuid' (/dev/vda): key loaded, systemd opens it" \
        && vm_mark vm journal | grep -q 'Finished systemd-cryptsetup@' \
        && [[ $(boot_report vm '.runs[0].volumes[0] | .outcome == "ok" and .binding == "kms:prod"') == true ]]
}

expect_nobody_was_asked() {
    ! console_has vm 'nter passphrase'
}

# Forgotten when the boot was over, long before it would have expired.
expect_the_key_is_gone() {
    vm_mark vm uptime
    vm_mark vm key | grep -q keyring && ! vm_mark vm key | grep -q 'cexluks:'
}

expect_one_token_and_one_unwrap() {
    [[ $(kms_count /identity/token) -eq 1 && $(kms_count '*/actions/unwrap') -eq 1 ]]
}

expect_no_unit_failed() {
    [[ -z $(vm_mark vm failed-unit) ]]
}
