# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the real root, after its coldplug: what udev knows of the volume that the initramfs opened. Without the primary
# source flag, which only who makes a device can give, a coldplug makes systemd believe that the device is gone.
name="/dev/mapper/$(dmsetup ls --target crypt | cut -f 1)"
unit="$(systemd-escape --path --suffix=device "$name")"

state() { # WHEN
    udevadm settle
    udevadm info --query=property "$name" \
        | grep -E '^(DM_NAME|DM_UDEV_PRIMARY_SOURCE_FLAG|DM_UDEV_DISABLE_.*|SYSTEMD_READY)=' | sed "s/^/$1 /"
    echo "$1 unit=$(systemctl is-active "$unit")"
    echo "$1 link=$(readlink "$name")"
}

state coldplug
udevadm trigger --action=add "$name"
state again
# libdevmapper waits for udev with a semaphore of its own
echo "semaphores=$(sed 1d /proc/sysvipc/sem | wc -l)"
