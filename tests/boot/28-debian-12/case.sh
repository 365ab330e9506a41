# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# The first guide on Debian 12, from the first to the last line: it boots unattended, and somebody goes back.
# shellcheck source=tests/boot/reader.sh
source "$here/reader.sh"
# shellcheck disable=SC2034 # read by run
title="Debian 12 with its packages follows the first guide to its end, and boots unattended"

boot() {
    reader_ready bookworm
    reader_follows root-volume
}
