# shellcheck shell=bash disable=SC2034 # read by run and by the case below
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
# limit: 1800
#
# The same, where a hook runs the boot.
# shellcheck source=tests/boot/84-api-key-in-header/case.sh
source "$here/84-api-key-in-header/case.sh"
title="an API key that a card sealed into the volume's header: the image knows nothing of it (image without systemd)"
image_options=(--no-systemd)
