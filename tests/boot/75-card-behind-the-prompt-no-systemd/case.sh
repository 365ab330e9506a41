# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# Without systemd the helper opens the volume, and a hook ends the prompt that waits on the console.
# shellcheck source=tests/boot/74-card-behind-the-prompt/case.sh
source "$here/74-card-behind-the-prompt/case.sh"
# shellcheck disable=SC2034 # read by run
title="a card that appears long after the timeout opens the root behind the prompt (image without systemd)"
image_options=(--no-systemd)
