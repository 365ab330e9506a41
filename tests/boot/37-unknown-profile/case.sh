# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# The disk of one site in the machine of another: its token names a profile that this image does not know.
# shellcheck disable=SC2034 # read by run
title="a token naming an unknown profile: prompt at once, nobody is asked in its place (systemd image)"

boot() {
    local image disk
    kms_ready
    sed -i 's/^\[kms prod\]/[kms other]/' "$case_dir/conf/cexluks.conf"
    image="$(make_image initrd --conf-dir "$case_dir/conf")"
    kms_vm vm --append "rd.luks.uuid=$root_uuid"
    vm_wait vm "$kms_prompt" 300
    vm_type vm "$passphrase"
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
}

expect_the_console_says_why() {
    console_explains vm config-error 'profile prod'
}

expect_the_prompt_at_once() {
    boot_report vm '.runs[0].volumes[0].ended_after_ms'
    [[ $(boot_report vm '.runs[0].volumes[0].ended_after_ms < 5000') == true ]] \
        && vm_within vm 'stays closed: config-error' "$kms_prompt" 4
}

expect_no_request() {
    [[ $(kms_events 'map(select(.event != "closed")) | length') -eq 0 ]]
}

expect_the_typed_passphrase_boots() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}
