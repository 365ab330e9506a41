# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# The operator attaches the domain while the machine asks for a passphrase that nobody has. Also the case for another
# kind of image.
# shellcheck disable=SC2034 # read by run
title="a card that appears long after the timeout opens the root behind the prompt (systemd image)"
image_options=()

boot() {
    local image disk
    card_ready
    card_conf "$case_dir/conf" 'timeout = 10s'
    image="$(card_image initrd --no-network --conf-dir "$case_dir/conf" "${image_options[@]}")"
    card_vm vm --limit 500 --append "rd.luks.uuid=$root_uuid $(card_appears_after 80000)"
    vm_wait vm "$kms_prompt" 300
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
}

expect_the_console_says_why() {
    console_explains vm no-card 'no card'
}

expect_the_prompt_at_the_timeout() {
    boot_report vm '.runs[0].volumes[0].ended_after_ms'
    [[ $(boot_report vm '.runs[0].volumes[0].ended_after_ms <= 11000') == true ]] \
        && vm_within vm 'stays closed: no-card' "$kms_prompt" 5
}

expect_the_boot_completes_untouched() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_it_was_the_retry_that_opened_it() {
    [[ $(boot_report vm '.runs | .[0].mode == "boot" and .[0].volumes[0].outcome == "no-card"
        and .[-1].mode == "retry" and (.[-1].volumes[0] | .outcome == "ok" and .binding == "card")') == true ]]
}

expect_the_console_says_that_it_worked() {
    console_has vm 'cexluks: luks-c0ffee00.*: opened'
}

expect_no_unit_failed() {
    vm_mark vm failed-unit
    [[ -z $(vm_mark vm failed-unit) ]]
}

expect_no_key_of_ours_is_left() {
    vm_mark vm key | grep -q keyring && ! vm_mark vm key | grep -q 'cexluks:'
}
