# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# Three causes that need three different people. The rest of them is in tests/card, in one machine.
# shellcheck disable=SC2034 # read by run
title="no card, a missing module, another master key: each said, then the prompt (systemd image)"

# fails NAME WORD [kernel command line]
fails() {
    card_vm "$1" --append "rd.luks.uuid=$root_uuid systemd.show_status=1 $3"
    vm_wait "$1" "stays closed: $2" 300
    vm_wait "$1" "$kms_prompt" 30
    vm_stop "$1"
}

boot() {
    local image disk
    card_ready
    card_conf "$case_dir/conf" 'timeout = 8s'
    image="$(card_image initrd --no-network --conf-dir "$case_dir/conf")"
    fails no-card no-card softcex.cards=none
    fails module module-missing 'softcex.split=1 module_blacklist=pkey_cca'
    fails master-key master-key-unknown softcex.master_key=second
}

expect_no_card_is_explained() {
    console_explains no-card no-card 'no card'
}

expect_a_missing_module_is_explained_by_name() {
    console_explains module module-missing pkey_cca
}

expect_another_master_key_is_explained() {
    console_explains master-key master-key-unknown '00\.004[78]'
}

# From the start of the unit, so with that of the process, for which emulated machines take their time.
expect_verdicts_in_time() {
    local name
    for name in no-card module master-key; do
        vm_within "$name" 'Starting cexluks-boot' 'stays closed' 20
    done
}

expect_the_prompt_follows_the_verdict() {
    local name
    for name in no-card module master-key; do
        vm_within "$name" 'stays closed' "$kms_prompt" 10
    done
}
