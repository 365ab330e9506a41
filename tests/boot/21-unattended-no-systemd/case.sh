# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
#
# The main job once more, where hooks do what units do elsewhere.
# shellcheck source=tests/boot/20-unattended/case.sh
source "$here/20-unattended/case.sh"
# shellcheck disable=SC2034 # read by run
title="an encrypted root boots unattended through the KMS (image without systemd)"
image_options=(--no-systemd)
