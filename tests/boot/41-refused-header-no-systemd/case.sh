# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# Without systemd it is a hook that takes the prompt away.
# shellcheck source=tests/boot/40-refused-header/case.sh
source "$here/40-refused-header/case.sh"
# shellcheck disable=SC2034 # read by run
title="a changed header is refused, for the right passphrase too (image without systemd)"
image_options=(--no-systemd)
