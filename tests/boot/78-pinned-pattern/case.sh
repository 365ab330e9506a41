# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# A verification pattern tells one volume key from any other, also where the key was wrapped anew.
# shellcheck disable=SC2034 # read by run
title="a pinned verification pattern lets one volume in and no other (systemd image)"

boot() {
    local image disk right wrong
    card_ready
    image="$(card_image initrd --no-network)"
    right="$(cat "$case_dir/root.pattern")"
    wrong="$(tr 0-9a-f 1-9a-f0 <<<"$right")"
    card_vm wrong --append "rd.luks.uuid=$root_uuid rd.cexluks.pattern=$root_uuid=$wrong rd.retry=20"
    vm_wait wrong 'stays closed: pattern-mismatch' 300
    vm_ended wrong 200
    card_vm right --append "rd.luks.uuid=$root_uuid rd.cexluks.pattern=$root_uuid=$right"
    vm_wait right 'MARK done' 300
    vm_ended right 20
}

expect_the_mismatch_is_explained() {
    console_explains wrong pattern-mismatch "pattern $(head -c 12 "$case_dir/root.pattern")\.\., command line wants"
}

expect_after_a_mismatch_nobody_is_asked() {
    ! console_has wrong "$kms_prompt" && ! console_has wrong 'MARK'
}

expect_the_match_opens() {
    [[ $(vm_mark right root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]] \
        && console_has right 'cexluks: luks-c0ffee00.* opened with card'
}
