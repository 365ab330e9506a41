# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# 130 seconds here, and it is a hook that counts them.
# shellcheck source=tests/boot/60-helper-crash/case.sh
source "$here/60-helper-crash/case.sh"
# shellcheck disable=SC2034 # read by run
title="the helper hangs: it is ended, its keys are forgotten, then the prompt appears (image without systemd)"
image_options=(--no-systemd)
how=hang
