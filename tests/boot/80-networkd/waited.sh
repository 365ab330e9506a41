# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What became of the units that wait for the network in the initramfs.
journalctl -b -q --no-hostname -o cat -u systemd-networkd-wait-online -u nm-wait-online-initrd
