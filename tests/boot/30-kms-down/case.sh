# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# Nobody is at the console when the prompt appears. Three minutes later somebody is.
# shellcheck disable=SC2034 # read by run
title="KMS down: a passphrase typed after three minutes boots (systemd image)"

boot() {
    local image disk
    kms_ready 'timeout = 10s'
    image="$(make_image initrd --conf-dir "$case_dir/conf")"
    sim_listener iam down
    sim_listener prod down
    kms_vm vm --limit 800 --append "rd.luks.uuid=$root_uuid"
    vm_wait vm "$kms_prompt" 300
    sleep 180
    vm_type vm "$passphrase"
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
}

expect_the_console_says_why() {
    console_explains vm kms-unreachable "'iam\.example\.test'"
}

expect_the_prompt_at_the_timeout() {
    boot_report vm '.runs[0].volumes[0].ended_after_ms'
    [[ $(boot_report vm '.runs[0].volumes[0].ended_after_ms <= 10500') == true ]] \
        && vm_within vm 'stays closed: kms-unreachable' "$kms_prompt" 5
}

expect_the_prompt_is_not_talked_over() {
    ! sed -n -E "\\,$kms_prompt,,/MARK/p" "$(vm_console vm)" | grep -v MARK | grep 'cexluks:'
}

expect_more_tries_behind_the_prompt() {
    [[ $(boot_report vm '[.runs[] | select(.mode == "retry").volumes[0].tries] | add >= 5') == true ]]
}

expect_the_typed_passphrase_boots() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_no_unit_failed() {
    vm_mark vm failed-unit
    [[ -z $(vm_mark vm failed-unit) ]]
}

expect_no_key_of_ours_is_left() {
    vm_mark vm key | grep -q keyring && ! vm_mark vm key | grep -q 'cexluks:'
}
