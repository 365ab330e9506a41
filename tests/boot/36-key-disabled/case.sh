# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# Perhaps somebody locks this machine on purpose: no more tries, and a prompt at once.
# shellcheck disable=SC2034 # read by run
title="root key disabled at the KMS: prompt at once, and the console names it (systemd image)"

boot() {
    local image disk
    kms_ready
    image="$(make_image initrd --conf-dir "$case_dir/conf")"
    sim_key_state "$SIM_ROOT_KEY" 2
    kms_vm vm --append "rd.luks.uuid=$root_uuid"
    vm_wait vm "$kms_prompt" 300
    vm_type vm "$passphrase"
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
}

expect_the_console_says_why() {
    console_explains vm kms-key-disabled 'HTTP 409'
}

expect_the_prompt_at_once() {
    boot_report vm '.runs[0] | .network_after_ms, .volumes[0].ended_after_ms'
    [[ $(boot_report vm '.runs[0] | .volumes[0].ended_after_ms - .network_after_ms < 15000') == true ]] \
        && vm_within vm 'stays closed: kms-key-disabled' "$kms_prompt" 4
}

expect_one_token_and_one_unwrap() {
    [[ $(kms_count /identity/token) -eq 1 && $(kms_count '*/actions/unwrap') -eq 1 && $(kms_count '*') -eq 2 ]]
}

expect_the_typed_passphrase_boots() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}
