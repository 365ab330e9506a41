# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The main job. Nobody types anything.
# shellcheck disable=SC2034 # read by run
title="an encrypted root boots unattended through the KMS (systemd image)"

boot() {
    local image disk
    # shellcheck source=tests/boot/kms.sh
    source "$here/kms.sh"
    kms_start
    kms_conf "$case_dir/conf"
    disk="$(make_disk root)"
    kms_bind "$disk"
    image="$(make_image initrd --conf-dir "$case_dir/conf")"
    vm_start vm --image "$image" --disk "$disk" "${kms_forward[@]}" --append "$root_append rd.luks.uuid=$root_uuid"
    vm_wait vm 'MARK done' 200
    vm_ended vm 20
}

expect_root_is_mounted_from_the_volume() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_one_line_on_the_console() {
    console_has vm "cexluks: luks-$root_uuid opened with kms:prod in [0-9.]+ s"
}

expect_nobody_was_asked() {
    ! console_has vm 'Please enter passphrase'
}

expect_no_key_of_ours_is_left() {
    ! vm_mark vm key | grep -q 'cexluks:'
}

expect_one_token_and_one_unwrap() {
    [[ $(grep -c '"path":"/identity/token"' "$case_dir/sim/requests.jsonl") -ge 1 ]]
}
