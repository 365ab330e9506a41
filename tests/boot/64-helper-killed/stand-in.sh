#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the image instead of the helper, which is beside it: "boot" without options is the story of 64-helper-killed.
real=/usr/libexec/cexluks
[ "$*" = boot ] || exec "$real" "$@"
exec 2>/dev/console
device=/dev/disk/by-id/virtio-data

hundredths() { # of a second since the machine began
    local up
    read -r up _ </proc/uptime
    echo "${up/./}"
}

keys() {
    grep -c cexluks: /proc/keys
}

mappings() {
    dmsetup table killed 2>/dev/null | grep -c ' crypt '
}

kill_after() { # HUNDREDTHS COMMAND…
    timeout -s KILL "$(($1 / 100)).$(printf %02d $(($1 % 100)))" "${@:2}"
}

# The first one waits for the network.
for ((i = 0; i < 3; i++)); do
    began="$(hundredths)"
    "$real" boot --sysroot /helper
    took=$(($(hundredths) - began))
    "$real" close killed
done
# the keyslots too
head -c 1048576 "$device" >/run/before

n=0
while read -r thousandths; do
    n=$((n + 1))
    how=$([ $((n % 2)) = 0 ] && echo helper || echo systemd)
    # until it is in time
    for ((at = took * thousandths / 1000; at >= 0; at -= 1 + at / 3)); do
        kill_after "$((at > 0 ? at : 1))" "$real" boot --sysroot "/$how"
        [ $? != 137 ] || break
        "$real" forget
        "$real" close killed
    done
    had="$(keys) keys and $(mappings) mapping"
    "$real" forget
    left="$(keys)"
    same="$(head -c 1048576 "$device" | cmp - /run/before >/dev/null && echo same || echo changed)"
    "$real" boot --sysroot "/$how"
    again=$?
    echo "KILLED at $at of $took $how: $had, then $left keys, header $same, again $again, $(mappings) mapping, $(keys) keys" \
        >/dev/console
    "$real" forget
    "$real" close killed
done </moments

kill_after "$((took / 3))" "$real" boot
echo "KILLED for good after $((took / 3)) of $took" >/dev/console
kill -KILL $$
