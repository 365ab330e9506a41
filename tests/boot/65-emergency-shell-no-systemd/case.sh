# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# The same, where dracut's own init starts the shell.
# shellcheck source=tests/boot/65-emergency-shell/case.sh
source "$here/65-emergency-shell/case.sh"
# shellcheck disable=SC2034 # read by run
title="an emergency shell after the unlock finds no key, and boot can be repeated there (image without systemd)"
# shellcheck disable=SC2034 # read by the case above
image_options=(--no-systemd) shell_asks='Dropping to debug shell'
