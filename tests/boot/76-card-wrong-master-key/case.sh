# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# The machine has a card, with another master key than the one that wraps the volume's key: a disk moved, or a domain
# zeroised. A passphrase opens the keyslot and not the volume, so the words before the prompt are all the operator has.
# shellcheck disable=SC2034 # read by run
title="a card with another master key opens nothing, and the console says which is missing (systemd image)"

boot() {
    local image disk
    card_ready
    image="$(card_image initrd --no-network)"
    card_conf "$case_dir/conf"
    card_vm vm --append "rd.luks.uuid=$root_uuid rd.cexluks.timeout=10 softcex.master_key=second"
    vm_wait vm 'stays closed: master-key-unknown' 200
    vm_wait vm "$kms_prompt" 60
    vm_stop vm
}

expect_the_console_says_why() {
    console_explains vm master-key-unknown 'master key'
}

expect_the_prompt_comes_soon_after_the_verdict() {
    vm_within vm 'stays closed: master-key-unknown' "$kms_prompt" 30
}

expect_the_volume_is_not_open() {
    ! console_has vm 'opened with' && ! console_has vm 'MARK root-mounted-from'
}
