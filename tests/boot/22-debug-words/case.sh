# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# A command line as people have it who look for something else. rd.debug makes shells say each of their commands.
# shellcheck disable=SC2034 # read by run
title="ip=dhcp, rd.neednet=1, rd.shell, rd.debug and log_buf_len=1M change nothing (both kinds of image)"

boot_with_words() {
    local image name="$1"
    shift
    image="$(make_image "$name" --conf-dir "$case_dir/conf" "$@")"
    kms_vm "$name" --append "rd.luks.uuid=$root_uuid ip=dhcp rd.neednet=1 rd.shell rd.debug log_buf_len=1M"
    vm_wait "$name" 'MARK done' 300
    vm_ended "$name" 20
}

boot() {
    local disk
    kms_ready
    boot_with_words systemd
    boot_with_words no-systemd --no-systemd
}

expect_the_systemd_image_unlocks() {
    [[ $(boot_report systemd '.runs[0].volumes[0] | .outcome, .binding' | tr '\n' ' ') == 'ok kms:prod ' ]]
}

expect_the_image_without_systemd_unlocks() {
    [[ $(boot_report no-systemd '.runs[0].volumes[0] | .outcome, .binding' | tr '\n' ' ') == 'ok kms:prod ' ]]
}

expect_nobody_was_asked() {
    ! console_has systemd "$kms_prompt" && ! console_has no-systemd "$kms_prompt"
}

expect_rd_debug_showed_our_hooks() {
    console_has no-systemd 'dracut: .*_cexluks_networkd_default'
}

expect_no_secret_in_the_shells_trace() {
    local name
    for name in systemd no-systemd; do
        ! grep -q -a -F -f "$case_dir/sim/api-key" "$(vm_console $name)" || return 1
    done
}
