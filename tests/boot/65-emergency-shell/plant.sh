#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Once volumes are open and before the root is mounted: a key of the helper's is still there, whoever left it.
keyctl add user cexluks:c0ffee00-0000-4000-8000-000000000001 secret @u > /dev/null
echo "PLANTED $(grep -c cexluks: /proc/keys) key" > /dev/console
