#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# boot.sh (part e): an encrypted root in a virtual machine, software emulation: when after the start of userspace is the
# network there, and when is the volume open? Dynamic and static helper, simulator on this machine's loop-back; and as the
# floor systemd-cryptsetup with a key file in the image, and no network. One machine at a time, in turns. Needs root; a
# minute and a half per boot.
# shellcheck source=tests/bench/lib.sh disable=SC2016
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need qemu-system-x86_64 mmdebstrap mke2fs socat cryptsetup jq curl
rounds="$(quick 3 1)"

# --- what cases of tests/boot have around them -----------------------------------------------------------

here="$PWD/tests/boot" top="$PWD" case_dir="$work"
passphrase='correct horse battery'
root_uuid=c0ffee00-0000-4000-8000-000000000001
root_append="root=UUID=6f6f7421-0000-4000-8000-000000000001"
export here top case_dir passphrase root_uuid root_append VM_DIR="$work" VM_TOOLS="$work"
# shellcheck source=tests/boot/vm.sh
source "$here/vm.sh"
# shellcheck source=tests/boot/make.sh
source "$here/make.sh"
# shellcheck source=tests/boot/kms.sh
source "$here/kms.sh"
trap 'vm_stop_all; tidy_up' EXIT

# --- images ----------------------------------------------------------------------------------------------

# A unit in the image says on the console when the device of the volume is there, on the kernel's clock.
probe_dir() { # FOLDER
    local units="$1/usr/lib/systemd/system" device="dev-mapper-luks\\x2d${root_uuid//-/\\x2d}.device"
    mkdir -p "$units/initrd.target.wants"
    cat >"$units/bench-open.service" <<END
[Unit]
DefaultDependencies=no
Requires=$device
After=$device
Before=initrd-root-device.target

[Service]
Type=oneshot
StandardOutput=tty
TTYPath=/dev/console
ExecStart=/bin/sh -c 'read -r up idle </proc/uptime; userspace=\$\$(systemctl show -p UserspaceTimestampMonotonic); echo BENCH open=\$\$up \$\$userspace'
END
    ln -s ../bench-open.service "$units/initrd.target.wants/bench-open.service"
}

probe_dir "$work/probe"
cp -a "$work/probe" "$work/floor"
mkdir -p "$work/floor/etc"
printf '%s' "$passphrase" >"$work/floor/etc/volume.key"
chmod 600 "$work/floor/etc/volume.key"
printf 'luks-%s UUID=%s /etc/volume.key luks\n' "$root_uuid" "$root_uuid" >"$work/floor/etc/crypttab"

kms_ready
make -s install DESTDIR="$work/dynamic-tree" B="$B"
strip "$work/dynamic-tree/usr/sbin/cexluks"
cp -a "$work/dynamic-tree" "$work/static-tree"
make -s install-static DESTDIR="$work/static-tree" B="$B"
kinds=()
while read -r name _; do
    make_image "$name" --destdir "$work/$name-tree" --conf-dir "$work/conf" --include-dir "$work/probe" >/dev/null
    kinds+=("$name")
done < <(builds)
make_image floor --no-product --no-network --include-dir "$work/floor" >/dev/null

# --- boots -----------------------------------------------------------------------------------------------

field() { # NAME FILTER: a moment in seconds out of the report
    vm_mark "$1" report | jq -r ".runs[0] | ($2) / 1000"
}

boot() { # KIND
    local image="$work/$1.img" options=("${kms_forward[@]}" --append "rd.luks.uuid=$root_uuid") open userspace
    [[ $1 != floor ]] || options=(--no-net)
    vm_start vm --image "$image" --disk "$disk" "${options[@]}" --append "$root_append"
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
    read -r open userspace < <(sed -n -E 's/.*BENCH open=([0-9.]+) UserspaceTimestampMonotonic=([0-9]+).*/\1 \2/p' \
        "$(vm_console vm)")
    printf '%s\n' "$(calc %.2f "$open - $userspace / 1e6")" >>"$work/$1.open"
    [[ $1 != floor ]] || return 0
    calc %.2f "$(field vm .started_ms) - $userspace / 1e6" >>"$work/$1.started"
    calc %.2f "$(field vm '.started_ms + .network_after_ms') - $userspace / 1e6" >>"$work/$1.network"
    calc %.2f "$(field vm '.started_ms + .volumes[0].asked_after_ms') - $userspace / 1e6" >>"$work/$1.asked"
    calc %.2f "$(field vm '.started_ms + .volumes[0].ended_after_ms') - $userspace / 1e6" >>"$work/$1.ended"
}

for ((n = 0; n < rounds; n++)); do
    for kind in "${kinds[@]}" floor; do
        boot "$kind"
    done
done

fragment e
printf 'Seconds after the start of userspace, median of %d boots, two emulated processors.\n\n' "$rounds"
printf '| | helper starts | network there | service asked | helper done | device open | after the network |\n'
printf '|---|---:|---:|---:|---:|---:|---:|\n'
for kind in "${kinds[@]}"; do
    network="$(median "$work/$kind.network")" open="$(median "$work/$kind.open")"
    printf '| cexluks, %s | %s | %s | %s | %s | %s | %s |\n' "$kind" "$(median "$work/$kind.started")" "$network" \
        "$(median "$work/$kind.asked")" "$(median "$work/$kind.ended")" "$open" "$(calc %.2f "$open - $network")"
done
printf '| systemd-cryptsetup, key file in the image, no network | | | | | %s | |\n' "$(median "$work/floor.open")"
