#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a unit may do beyond its work, as systemd counts it: no more than docs/security.md says, and much less than the same
# unit without the lines that take rights away. systemd 252 counts; a later one may know more ways to be exposed.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'units' systemd-analyze

SANDBOX='^(CapabilityBoundingSet|NoNewPrivileges|Device(Policy|Allow)|Protect[A-Za-z]*|Private[A-Za-z]*|Restrict[A-Za-z]*'
SANDBOX+='|LockPersonality|MemoryDenyWriteExecute|SystemCall[A-Za-z]*|KeyringMode|UMask|ReadWritePaths|LimitCORE)='

exposure() { # FILE: in tenths
    systemd-analyze security --no-pager --offline=yes "$1" 2>/dev/null |
        sed -nE 's/.*Overall exposure level for .*: ([0-9]+)\.([0-9]).*/\1\2/p'
}

mkdir "$ROOM/bare"
for unit in units/*.service; do
    name="${unit##*/}"
    said="$(sed -nE "s/^\| \`$name\` \| ([0-9]+)\.([0-9]) \| ([0-9]+)\.([0-9]) \|$/\1\2 \3\4/p" docs/security.md)"
    grep -vE "$SANDBOX" "$unit" >"$ROOM/bare/$name"
    found="$(exposure "$unit")" bare="$(exposure "$ROOM/bare/$name")"
    check "$name has a line in docs/security.md" test -n "$said"
    check "$name: exposed by $found tenths, no more than it says there" test "$found" -le "${said% *}"
    check "$name: $bare without its sandbox" test "$bare" -ge $((found + 20))
done
summary
