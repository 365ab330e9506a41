# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
#
# Somebody exchanged the disk for one with the same UUID, whose "card" binding holds a passphrase that they chose and
# whose key no card protects: they could read what the machine writes there, and what runs from it is theirs.
# shellcheck disable=SC2034 # read by run
title="an exchanged volume with a card binding and no secure key is refused, for its passphrase too (systemd image)"

# refused NAME DISK: boots it, and types as somebody who was told that the machine asks for it
refused() {
    local disk="$2" n
    card_token "$disk"
    card_vm "$1" --append "rd.luks.uuid=$root_uuid rd.retry=20"
    vm_wait "$1" 'stays closed: not-a-secure-key' 300
    for n in 1 2 3 4; do
        vm_type "$1" "$passphrase"
        sleep 3
    done
    vm_ended "$1" 200
    printf '%s' "$passphrase" | cryptsetup open --test-passphrase --key-file - "$disk"
    : >"$case_dir/cryptsetup-opens-$1"
}

boot() {
    local image
    image="$(card_image initrd --no-network)"
    refused aes "$(make_disk aes)"
    # paes by name, and a clear key of 64 bytes, which the kernel takes as well
    refused clear "$(make_disk clear --cipher paes-xts-plain64 --sector-size 4096)"
}

expect_an_aes_volume_is_explained() {
    console_explains aes not-a-secure-key 'no card protects aes-xts-plain64; the passphrase is public$'
}

expect_a_clear_paes_key_is_explained() {
    console_explains clear not-a-secure-key '64 bytes are a clear'
}

expect_cryptsetup_alone_would_open_both() {
    [[ -e $case_dir/cryptsetup-opens-aes && -e $case_dir/cryptsetup-opens-clear ]]
}

expect_nobody_is_asked() {
    ! console_has aes "$kms_prompt" && ! console_has clear "$kms_prompt"
}

expect_neither_root_is_mounted() {
    ! console_has aes 'MARK' && ! console_has clear 'MARK'
}

expect_both_boots_end() {
    vm_within aes 'stays closed' 'Boot has failed' 90 && vm_within clear 'stays closed' 'Boot has failed' 90
}
