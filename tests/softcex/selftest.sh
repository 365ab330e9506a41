#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# selftest.sh [--kernel-root DIR] [SCENARIO]: does the software crypto card do what its README says? Builds it, tries
# the tokens on this machine, makes paes volumes in files, and boots one virtual machine that turns every knob.
#
# --kernel-root: a directory with another kernel (boot/vmlinuz-VERSION, usr/lib/modules/VERSION) than the root's.
# SCENARIO: only that one of selftest-guest.sh.
#
# Everything it leaves is under build/tests/softcex: the machine's console log, the modules, the volumes.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
top="$(cd "$here/../.." && pwd)"
B="${B:-$top/build}"
[[ $B == /* ]] || B="$PWD/$B"
work="$B/tests/softcex"
kernel_root=''
if [[ ${1-} == --kernel-root ]]; then
    kernel_root=$2
    shift 2
fi
only="${1:+ softcex-only=$1}"
# KVM is not there to be had, so the machine takes its time
limit=400

skip() {
    printf 'skipped - %s\n0 passed, 0 failed, 1 skipped\n' "$1"
    exit 0
}

for tool in qemu-system-x86_64 cryptsetup mmdebstrap mke2fs depmod; do
    command -v "$tool" >/dev/null || skip "the software crypto card: $tool is not installed (make deps)"
done
[[ $EUID -eq 0 ]] || skip 'the software crypto card: needs to run as root'

mkdir -p "$work"
results="$work/results"
: >"$results"
root="$("$here/../boot/root.sh")"
kernel_root="${kernel_root:-$root}"

# --- on this machine --------------------------------------------------------------------------------------

cc=(gcc -std=gnu17 -Wall -Wextra -Werror -O2)
"${cc[@]}" -o "$work/token-test" "$here"/{token-test,token,wrap,crypt-host}.c -lmbedcrypto
"$work/token-test" | tee -a "$results" || true
if nice "$here/build.sh" --root "$kernel_root" "$work/card"; then
    echo 'ok - modules build without warnings' | tee -a "$results"
else
    echo 'not ok - modules build without warnings' | tee -a "$results"
    echo '0 passed, 1 failed, 0 skipped'
    exit 1
fi
"${cc[@]}" -static -o "$work/probe" "$here/probe.c"
wrapkey="$work/card/wrapkey"

# --- what the machine gets: keys and patterns ----------------------------------------------------------------

image="$(mktemp -d "$work/image.XXXXXX")"
trap 'vm_stop_all 2>/dev/null || true; rm -rf --one-file-system "$image"' EXIT
host="$image/host"
# shellcheck source=tests/softcex/machine.sh
source "$here/machine.sh"
machine_begin "$image" "$root"
cp "$work/probe" "$host/"
printf 'correct horse battery' >"$host/passphrase"
printf '%b' "$(printf '\\x%02x' {0..63})" >"$host/vector-64"
head -c 32 "$host/vector-64" >"$host/vector-32"
for type in aescipher aesdata ep11 ep11-old clear; do
    "$wrapkey" --type "$type" "$host/vector-64" "$host/vector-xts-$type.key"
    "$wrapkey" --type "$type" "$host/vector-32" "$host/vector-cbc-$type.key"
done
"$wrapkey" --pfv 1 "$host/vector-64" "$host/vector-xts-aescipher-hidden.key"
"$wrapkey" --xts "$host/vector-32" "$host/vector-xts128-aescipher.key"
"$wrapkey" --master-key second "$host/vector-64" "$host/vector-xts-second.key"
"$wrapkey" --print-pattern >"$host/pattern-cca"
"$wrapkey" --print-pattern --master-key second >"$host/pattern-second"
"$wrapkey" --print-pattern --type ep11 >"$host/pattern-ep11"

# --- volumes -----------------------------------------------------------------------------------------------

# The payload that disk.sh encrypted with a clear key, under a header whose volume key is that key, wrapped.
"$here/../boot/disk.sh" --data --sector-size 4096 --key-out "$work/clear.key" "$work/plain.img"
disks=()
make_volume() {
    local name="$1" size
    size="$(stat -c %s "$host/$name.key")"
    cp --sparse=always "$work/plain.img" "$work/$name.img"
    cryptsetup luksFormat --type luks2 --batch-mode --key-file "$host/passphrase" --volume-key-file "$host/$name.key" \
        --cipher paes-xts-plain64 --key-size $((8 * size)) --sector-size 4096 --pbkdf pbkdf2 \
        --pbkdf-force-iterations 1000 "$work/$name.img"
    disks+=(--disk "$work/$name.img:$name")
}
for type in aescipher aesdata ep11; do
    "$wrapkey" --type "$type" "$work/clear.key" "$host/$type.key"
    make_volume "$type"
done
"$wrapkey" --master-key second "$work/clear.key" "$host/second.key"
make_volume second
cp "$work/clear.key" "$host/raw.key"
make_volume raw

# --- the machine -------------------------------------------------------------------------------------------

machine_take_basics
machine_take udevadm
machine_kernel "$kernel_root" "$work/card"
install -m 0755 "$here/selftest-guest.sh" "$image/init"
machine_pack "$work/initrd"

VM_DIR="$work/vm"
source "$here/../boot/vm.sh"
started=$SECONDS
vm_start selftest --kernel "$kernel_root/boot/vmlinuz-$machine_kver" --initrd "$work/initrd" "${disks[@]}" --no-net --limit $limit \
    --append "$only"
vm_wait selftest '# done' $limit || true
vm_ended selftest 10 || true
vm_stop_all
machine_judge selftest "$results"
printf '# the machine ran for %d s\n' $((SECONDS - started))
machine_sum "$results"
