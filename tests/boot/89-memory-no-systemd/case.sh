# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# The same, where a hook runs the boot: there no unit ends what it started.
# shellcheck source=tests/boot/89-memory/case.sh
source "$here/89-memory/case.sh"
# shellcheck disable=SC2034 # read by run
title="memory keeps nothing of an unattended boot but the volume key (an uncompressed image without systemd)"
# shellcheck disable=SC2034 # read by the case above
image_options=(--no-systemd)
