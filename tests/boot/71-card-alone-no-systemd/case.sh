# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
#
# The same where hooks load the modules and do what units do elsewhere.
# shellcheck source=tests/boot/70-card-alone/case.sh
source "$here/70-card-alone/case.sh"
# shellcheck disable=SC2034 # read by run
title="a root that the card alone opens, with no network in machine or image (image without systemd)"
image_options=(--no-systemd)
