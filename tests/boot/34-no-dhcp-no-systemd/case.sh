# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# Without systemd the queue of jobs would wait for the DHCP client.
# shellcheck source=tests/boot/33-no-dhcp/case.sh
source "$here/33-no-dhcp/case.sh"
# shellcheck disable=SC2034 # read by run
title="no DHCP server at all: prompt at the timeout, and nothing waits for the network after it (image without systemd)"
image_options=(--no-systemd)
