# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the real root, where no network service runs: what the initramfs has left on the interfaces.
ip -brief address
ip route
ip -6 route
hostname
