#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# After cexluks-park.sh, before the first cryptroot-ask.
if [ -e /run/cexluks/hook/verdict ] && [ ! -e /run/keys-said ]; then
    : >/run/keys-said
    echo "KEYS: $(grep -c cexluks: /proc/keys) before the prompt" >/dev/console
fi
