# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For the first and only process of a virtual machine that machine.sh made: mounts, results, the card's knobs. Source it.

export PATH=/usr/bin:/usr/sbin:/host LC_ALL=C DM_DISABLE_UDEV=1
# shellcheck disable=SC2034 # for who sources this
ap=/sys/bus/ap control=/sys/module/softcex/parameters/control

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /run
ln -s /proc/self/fd /dev/fd
mkdir -p /run/cryptsetup /mnt
cd /run || exit 1

ok() {
    echo "ok - $*"
}

not_ok() {
    echo "not ok - $*"
}

# is TITLE EXPECTED ACTUAL
is() {
    if [[ $2 == "$3" ]]; then
        ok "$1"
    else
        printf '    expected: %s\n    found:    %s\n' "${2//$'\n'/$'\n'              }" "${3//$'\n'/$'\n'              }"
        not_ok "$1"
    fi
}

# works TITLE COMMAND…
works() {
    local title="$1" said
    shift
    if said="$("$@" 2>&1)"; then ok "$title"; else
        printf '    %s\n' "${said//$'\n'/$'\n'    }"
        not_ok "$title"
    fi
}

# fails TITLE COMMAND…
fails() {
    local title="$1" said
    shift
    if said="$("$@" 2>&1)"; then
        printf '    %s\n' "${said//$'\n'/$'\n'    }"
        not_ok "$title"
    else
        ok "$title"
    fi
}

until_true() {
    local n
    for ((n = 0; n < 100; n++)); do
        "$@" && return 0
        sleep 0.1
    done
    return 1
}

scanned() {
    [[ $(<$ap/scans) -ge 1 ]] 2>/dev/null
}

# plug [softcex parameter]…: everything loaded, as on a machine that has booted
plug() {
    modprobe softcex "$@" && modprobe zcrypt_cex4 && modprobe pkey && modprobe pkey_cca && modprobe pkey_ep11 \
        && modprobe pkey_pckmo && modprobe paes_s390 && until_true scanned && sleep 0.2
}

bindings_complete() {
    [[ $(<$ap/bindings) == *complete* ]]
}

there_is_a_queue() {
    [[ $(probe apqns-type 2) == 00.0047 ]]
}

unplug() {
    local module
    for module in paes_s390 pkey_cca pkey_ep11 pkey_pckmo pkey zcrypt_cex4 softcex; do
        if [[ -d /sys/module/$module ]]; then rmmod "$module" || return 1; fi
    done
}

turn() {
    printf '%s' "$*" >$control
}

disk() {
    local serial
    for serial in /sys/block/vd*/serial; do
        [[ $(<"$serial") == "$1" ]] && basename "$(dirname "$serial")" | sed 's,^,/dev/,' && return
    done
}

load_drivers() {
    local module
    for module in virtio_pci virtio_blk dm_crypt "$@"; do
        modprobe "$module"
    done
    until_true test -e /dev/vda
}

# What the kernel says when it is in trouble. The ring buffer once, at the end, would have lost the beginning.
kernel_troubles() {
    dmesg | grep -E 'BUG:|WARNING:|Oops|general protection|refcount_t|possible recursive'
}

# The machine's end. Nothing but this process would notice a proper one.
all_done() {
    echo '# done'
    sleep 0.5
    # with -no-reboot that ends QEMU
    echo b >/proc/sysrq-trigger
    sleep 60
}
