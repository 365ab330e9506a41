# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# As Ignition makes volumes: the passphrase in keyslot 0 is a file that is the same in every image, the card is the
# lock, and zkey's token has the pattern. No token of ours, and no rd.luks.key on the command line.
# shellcheck disable=SC2034 # read by run
title="Ignition's volume opens with its key file and the card, all conditions pinned (systemd image)"

boot() {
    local image disk keyfile="$case_dir/tree/etc/luks/cex.key"
    mkdir -p "${keyfile%/*}"
    printf 'a passphrase that everybody can read in the image\n' >"$keyfile"
    chmod 0400 "$keyfile"
    disk="$(card_disk root --passphrase "$(cat "$keyfile")"$'\n')"
    card_pattern "$disk" "$case_dir/root.pattern"
    card_conf "$case_dir/conf" 'require = secure-key' '[volume root]' "uuid = $root_uuid" \
        'bindings = keyfile:/etc/luks/cex.key' 'cipher = paes-xts-plain64' \
        "verification-pattern = $(cat "$case_dir/root.pattern")"
    image="$(card_image initrd --no-network --conf-dir "$case_dir/conf" --overlay "$case_dir/tree")"
    card_vm vm
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
}

expect_root_is_mounted_from_the_volume() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_one_line_on_the_console() {
    console_has vm 'cexluks: luks-c0ffee00.* opened with keyfile:/etc/luks/cex.key in [0-9.]+ s' \
        && [[ $(grep -c 'cexluks:' <(grep -v MARK "$(vm_console vm)")) -eq 1 ]]
}

expect_nobody_was_asked() {
    ! console_has vm 'nter passphrase'
}
