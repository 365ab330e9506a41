# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
#
# Debian's network-manager. Two machines more than with the others, for what it does by itself: DHCP without ip=, and
# nobody who answers, where its own unit would wait for 3600 seconds.
# shellcheck source=tests/boot/80-networkd/case.sh
source "$here/80-networkd/case.sh"
# shellcheck disable=SC2034 # read by run
title="NetworkManager: DHCP, static address, VLAN and IPv6, and nobody who answers (systemd image)"

before_boot() {
    image_options=(--root "$("$here/root.sh" network-manager)" --backend network-manager)
}

more_machines() {
    network_vm dhcp prod
    network_reaches_the_root dhcp
    network_vm silent prod --no-dhcp --append "rd.cexluks.timeout=15"
    vm_wait silent "$kms_prompt" 300
    vm_type silent "$passphrase"
    network_reaches_the_root silent
}

expect_NetworkManager_is_in_the_image() {
    zstd -d -q -c "$case_dir/initrd.img" | cpio -i --quiet --list >"$case_dir/files"
    grep -q '^usr/sbin/NetworkManager$' "$case_dir/files" && ! grep 'systemd-networkd$' "$case_dir/files"
}

expect_DHCP_without_any_word_opens_the_root() {
    opened_unattended dhcp prod
}

expect_nobody_answers_and_the_console_says_so() {
    console_explains silent no-network 'no interface came up with an address in 1[0-5] s'
}

# DHCP clients go on for a minute or longer before they give up.
expect_nothing_waits_for_the_network_after_typing() {
    vm_within silent "$kms_prompt" 'MARK root-mounted-from' 80
}

# It would wait for up to 3600 seconds.
expect_the_unit_that_waits_is_skipped() {
    vm_mark silent waited
    vm_mark silent waited | grep -q 'skipped because .*/run/cexluks/network-only-for-us'
}
