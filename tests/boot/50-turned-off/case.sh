# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# Words that turn the automatic unlock off, each in a machine of its own, and one image and one disk for all.
# shellcheck disable=SC2034 # read by run
title="rd.cexluks=0, init= and rd.break turn the automatic unlock off"

boot() {
    local image disk hooks="$case_dir/hooks"
    kms_ready
    image="$(make_image initrd --conf-dir "$case_dir/conf")"
    mkdir "$hooks"
    echo 'ip -4 -o address show scope global; ls -d /run/cexluks/network-only-for-us' >"$hooks/network.sh"
    kms_vm off --hooks "$hooks" --append "rd.luks.uuid=$root_uuid rd.cexluks=0"
    vm_wait off "$kms_prompt" 300
    vm_type off "$passphrase"
    vm_wait off 'MARK done' 300
    vm_ended off 20
    kms_vm init --append "rd.luks.uuid=$root_uuid init=/lib/systemd/systemd"
    vm_wait init "$kms_prompt" 300
    vm_stop init
    kms_vm break --append "rd.luks.uuid=$root_uuid rd.break=pre-mount"
    vm_wait break 'cexluks: no automatic unlock' 300
    vm_stop break
}

expect_rd_cexluks_0_is_named() {
    console_has off 'cexluks: no automatic unlock: rd.cexluks=0 on the command line$'
}

expect_init_is_named() {
    console_has init 'cexluks: no automatic unlock: init=/lib/systemd/systemd on the command line$'
}

expect_rd_break_is_named() {
    console_has break 'cexluks: no automatic unlock: rd.break=pre-mount on the command line$'
}

expect_the_typed_passphrase_boots() {
    [[ $(vm_mark off root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_no_network_was_asked_for() {
    vm_mark off network | grep -q 'No such file' && ! vm_mark off network | grep -q inet
}

expect_no_request() {
    [[ $(kms_events 'map(select(.event != "closed")) | length') -eq 0 ]]
}
