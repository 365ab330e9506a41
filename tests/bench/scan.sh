#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# scan.sh (part f): how long does a boot that names no volume look for one? Image files stand for block devices: half of
# them LUKS2 without a binding of ours, half ext4. Less than a minute.
# shellcheck source=tests/bench/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need cryptsetup mke2fs
read -ra counts <<<"$(quick '10 100 1000' '2 4')"
rounds="$(quick 9 1)"

root="$work/root"
mkdir -p "$root/etc/cexluks" "$work/images" "$work/by-uuid" "$root/proc"
: >"$root/proc/cmdline"
printf '[cexluks]\n' >"$root/etc/cexluks/cexluks.conf"
printf 'a passphrase' >"$work/human"
truncate -s 32M "$work/luks" "$work/ext4"
cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$work/luks" "$work/human"
mke2fs -q -F -t ext4 "$work/ext4"

uuid_of() { # NUMBER
    printf 'c0ffee00-0000-4000-8000-%012d' "$1"
}

made=0
images() { # HOW-MANY: in all
    local uuid file
    for (( ; made < $1; made++)); do
        uuid="$(uuid_of "$made")"
        file="$work/images/$uuid"
        if ((made % 2)); then
            cp --sparse=always "$work/ext4" "$file"
            tune2fs -U "$uuid" "$file" >/dev/null
        else
            cp --sparse=always "$work/luks" "$file"
            cryptsetup luksUUID -q --uuid "$uuid" "$file"
        fi
        ln -s "$file" "$work/by-uuid/$uuid"
    done
}

fragment f
printf '| devices | median of %d | per device |\n|---:|---:|---:|\n' "$rounds"
for n in "${counts[@]}"; do
    images "$n"
    : >"$work/took"
    for ((round = 0; round < rounds; round++)); do
        "$B/tests/bench/scan" "$root" "$work/by-uuid" >>"$work/took"
    done
    took="$(median "$work/took")"
    printf '| %d | %s ms | %s ms |\n' "$n" "$(calc %.1f "$took / 1000")" "$(calc %.2f "$took / 1000 / $n")"
    printf '%d %s\n' "$n" "$(calc %.3f "$took / 1000")" >>"$work/data"
done
cp "$work/data" "$OUT/f.data"
