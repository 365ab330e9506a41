# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# One login serves both. The data volume is named by the configuration alone, so its crypttab line is ours.
# shellcheck disable=SC2034 # read by run
title="two volumes, one of them named only in the configuration, with one IAM request"

boot() {
    local image disk data
    kms_ready
    data="$(make_disk data --data)"
    kms_bind "$data"
    kms_mark
    printf '[volume data]\nuuid = %s\n' "$data_uuid" >>"$case_dir/conf/cexluks.conf"
    image="$(make_image initrd --conf-dir "$case_dir/conf")"
    # Slow unwraps: those that run side by side have both begun before the first has ended.
    sim_fault '{"listener":"prod","path":"*/actions/unwrap","delay_ms":3000}'
    kms_vm vm --disk "$data:data" --append "rd.luks.uuid=$root_uuid"
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
}

expect_both_are_open_in_the_real_root() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]] \
        && vm_mark vm dmsetup | grep -q "^luks-$data_uuid: .* crypt "
}

expect_a_line_for_each_on_the_console() {
    console_has vm 'cexluks: luks-c0ffee00..0001 opened with kms:prod' \
        && console_has vm 'cexluks: luks-c0ffee00..0002 opened with kms:prod'
}

expect_nobody_was_asked() {
    ! console_has vm "$kms_prompt"
}

expect_one_token_and_two_unwraps() {
    [[ $(kms_count /identity/token) -eq 1 && $(kms_count '*/actions/unwrap') -eq 2 && $(kms_count '*') -eq 3 ]]
}

expect_the_unwraps_ran_side_by_side() {
    kms_requests 'map(select(.path | endswith("/unwrap")).monotonic)'
    [[ $(kms_requests 'map(select(.path | endswith("/unwrap")).monotonic) | max - min < 2.5') == true ]]
}

expect_no_unit_failed() {
    vm_mark vm failed-unit
    [[ -z $(vm_mark vm failed-unit) ]]
}
