#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# header.sh DISK FILTER: change the JSON of a LUKS2 header with jq, in both copies, with right checksums: what
# somebody can do who has the disk and no passphrase.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

disk="$1" filter="$2"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# The two copies lie one after the other. A binary header has 4096 bytes: its whole size is at 8 (8 bytes, big
# endian), a SHA-256 over all of it, where the checksum itself counts as zeros, at 448 (64 bytes).
size=$((16#$(xxd -s 8 -l 8 -p "$disk")))
for copy in 0 1; do
    dd if="$disk" of="$work/header" bs="$size" skip="$copy" count=1 status=none
    head -c 4096 "$work/header" >"$work/new"
    tail -c +4097 "$work/header" | tr -d '\0' | jq -c -j "$filter" >>"$work/new"
    # truncate would cut a JSON that has become too long
    [[ $(stat -c %s "$work/new") -lt $size ]]
    truncate -s "$size" "$work/new"
    dd if=/dev/zero of="$work/new" bs=1 seek=448 count=64 conv=notrunc status=none
    sha256sum "$work/new" | cut -c1-64 | xxd -r -p | dd of="$work/new" bs=1 seek=448 conv=notrunc status=none
    dd if="$work/new" of="$disk" bs="$size" seek="$copy" conv=notrunc status=none
done
