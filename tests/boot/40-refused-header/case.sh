# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
#
# Somebody changed the header so that cryptsetup would still open the volume, and waits for the passphrase to be typed.
# Also the case for another kind of image.
# shellcheck disable=SC2034 # read by run
title="a changed header is refused, for the right passphrase too (systemd image)"
image_options=()

boot() {
    local image disk
    kms_ready
    # The next key that is written there would lie on the disk in clear.
    "$here/header.sh" "$disk" '.keyslots["1"].area.encryption = "cipher_null-ecb"'
    image="$(make_image initrd --conf-dir "$case_dir/conf" "${image_options[@]}")"
    # without systemd, dracut itself gives up after rd.retry, 180 seconds by default
    kms_vm vm --append "rd.luks.uuid=$root_uuid rd.retry=20"
    vm_wait vm 'next: refused, for a typed passphrase too; see cexluks.8.' 300
    sleep 1 # what is typed is echoed, and a line that is still being printed would be longer by that
    # As somebody types who was told that the machine asks for it.
    for _ in 1 2 3 4; do
        vm_type vm "$passphrase"
        sleep 3
    done
    vm_ended vm 200
    printf '%s' "$passphrase" | cryptsetup open --test-passphrase --key-file - "$disk"
    : >"$case_dir/cryptsetup-opens-it"
}

expect_the_console_says_why() {
    console_explains vm header-refused "keyslot 1 has the unexpected cipher 'cipher_n"
}

expect_cryptsetup_alone_would_open_it() {
    [[ -e $case_dir/cryptsetup-opens-it ]]
}

expect_nobody_is_asked() {
    ! console_has vm "$kms_prompt"
}

expect_the_root_is_not_mounted() {
    ! console_has vm 'MARK'
}

expect_no_request() {
    [[ $(kms_events 'map(select(.event != "closed")) | length') -eq 0 ]]
}

# Without systemd dracut's 20 seconds count from the start of its queue, and rounds of it are slow.
expect_the_boot_ends() {
    vm_within vm 'stays closed: header-refused' 'Boot has failed' 90
}
