# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# shellcheck source=tests/boot/80-networkd/case.sh
source "$here/80-networkd/case.sh"
# shellcheck disable=SC2034 # read by run
title="network-legacy: static address, VLAN and IPv6 from the kernel command line (image without systemd)"
image_options=(--no-systemd)
