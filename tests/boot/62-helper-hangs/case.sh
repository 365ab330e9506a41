# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# 170 seconds: the helper's own limit is 100, and the kernel's calls may take 30.
# shellcheck source=tests/boot/60-helper-crash/case.sh
source "$here/60-helper-crash/case.sh"
# shellcheck disable=SC2034 # read by run
title="the helper hangs: it is ended, its keys are forgotten, then the prompt appears (systemd image)"
image_options=()
how=hang
