# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# Without systemd a hook sees how the helper ended.
# shellcheck source=tests/boot/60-helper-crash/case.sh
source "$here/60-helper-crash/case.sh"
# shellcheck disable=SC2034 # read by run
title="the helper crashes: its keys are forgotten, then the prompt appears (image without systemd)"
image_options=(--no-systemd)
how=crash
