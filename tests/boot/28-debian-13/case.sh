# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# The first guide on Debian 13 with packages that are made there: it boots unattended. Instead of the lines that lead back, the
# packages are purged with the binding still there: the image that dracut makes then asks.
# shellcheck source=tests/boot/reader.sh
source "$here/reader.sh"
# shellcheck disable=SC2034 # read by run
title="Debian 13 with its packages follows the first guide, boots unattended, and by passphrase when they are gone"

boot() {
    reader_ready trixie
    reader_follows root-volume 'cexluks unbind /dev/dasda2 kms:prod'
    reader_purges
    reader_types 'dracut --force --regenerate-all' 0
    reader_boots_by_passphrase
}

expect_removal_names_volume_and_configuration() {
    grep -qF 'WARNING: this machine opens encrypted volumes with cexluks' "$case_dir/purged" \
        && grep -qxF '    /dev/vda' "$case_dir/purged" && grep -qF /etc/cexluks/cexluks.conf "$case_dir/purged"
}

expect_nothing_of_cexluks_boots_then() {
    console_has vm2 'MARK done' && ! grep cexluks <(grep -v MARK "$(vm_console vm2)")
}

expect_a_boot_without_the_packages_asks() {
    console_has vm2 "$kms_prompt" && ! console_has vm2 'cexluks: luks-.* opened with'
}
