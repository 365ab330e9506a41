#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# unwrap.sh BUILD PROGRAM: a volume that BUILD's helper bound, opened with the passphrase that PROGRAM gets from the
# simulated service: names, TLS, JSON, LUKS2 header and keyslot in the other byte order.
top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
program="$(realpath "$2")"
B="$1"
# shellcheck source=tests/integration/lib.sh
source "$top/tests/integration/lib.sh"

sim_start --instance prod=key-protect || exit 1
sim_conf prod key-protect | sed 's,127\.0\.0\.1,localhost,' >"$CONF"
volume_make "$ROOM/volume"
bind "$ROOM/volume" kms:prod
expect 'a volume is bound' 0
CEXLUKS="$program"
with_conf pass "$ROOM/volume" kms:prod --timeout 30
expect 'a passphrase comes' 0
check 'which opens the volume' opens "$ROOM/volume" "$ROOM/out"
with_conf list "$ROOM/volume"
expect 'the header is understood' 0 'kms:prod'
summary
