# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# Without systemd the helper opens the volume, and a hook ends the prompt that waits on the console.
# shellcheck source=tests/boot/31-kms-comes-back/case.sh
source "$here/31-kms-comes-back/case.sh"
# shellcheck disable=SC2034 # read by run
title="KMS back after two minutes: the waiting prompt is ended (image without systemd)"
image_options=(--no-systemd)
