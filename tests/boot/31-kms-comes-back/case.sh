# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
#
# A site that comes up in the wrong order. Also the case for another kind of image.
# shellcheck disable=SC2034 # read by run
title="KMS back after two minutes: the pending prompt is answered (systemd image)"
image_options=()

boot() {
    local image disk
    kms_ready 'timeout = 25s'
    image="$(make_image initrd --conf-dir "$case_dir/conf" "${image_options[@]}")"
    sim_listener iam down
    sim_listener prod down
    kms_vm vm --limit 800 --append "rd.luks.uuid=$root_uuid"
    vm_wait vm "$kms_prompt" 300
    sleep 120
    sim_listener iam up
    sim_listener prod up
    echo "up again at $(awk '{ print $1 }' /proc/uptime)"
    vm_wait vm 'MARK done' 300
    echo "booted at $(awk '{ print $1 }' /proc/uptime)"
    vm_ended vm 20
}

expect_the_console_says_why() {
    console_explains vm kms-unreachable "'iam\.example\.test'"
}

expect_the_boot_completes_untouched() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_the_console_says_that_it_worked() {
    console_has vm 'cexluks: luks-c0ffee00.*: opened'
}

expect_it_was_the_retry_that_got_the_passphrase() {
    [[ $(boot_report vm '.runs | .[0].mode == "boot" and .[0].volumes[0].outcome == "kms-unreachable"
        and .[-1].mode == "retry" and .[-1].volumes[0].outcome == "ok"') == true ]]
}

expect_one_token_and_one_unwrap() {
    [[ $(kms_count /identity/token) -eq 1 && $(kms_count '*/actions/unwrap') -eq 1 ]]
}

expect_no_unit_failed() {
    vm_mark vm failed-unit
    [[ -z $(vm_mark vm failed-unit) ]]
}

expect_nothing_of_ours_goes_on_in_the_real_root() {
    ! console_has vm 'cexluks-lib.sh: line'
}

expect_no_key_of_ours_is_left() {
    vm_mark vm key | grep -q keyring && ! vm_mark vm key | grep -q 'cexluks:'
}

expect_opened_by_whoever_asked() {
    if [[ ${image_options[*]} == *--no-systemd* ]]; then
        console_has vm 'cexluks: luks-c0ffee00.*: opened$'
    else
        console_has vm 'opened at the prompt' && vm_mark vm journal | grep -q 'systemd-cryptsetup.*Set cipher' \
            && ! vm_mark vm journal | grep -q 'already active'
    fi
}
