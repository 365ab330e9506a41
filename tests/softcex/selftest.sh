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
mkdir -p "$image"/{proc,sys,dev,run,host,usr/lib/modules} "$image"/usr/{bin,sbin,lib,lib64}
ln -s usr/bin usr/sbin usr/lib usr/lib64 "$image/"
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

# A program of the root, with the libraries that it is linked with.
take() {
    local program path
    for program in "$@"; do
        path="$(chroot "$root" /bin/bash -c "type -P $program")"
        {
            printf '%s\n' "$path"
            chroot "$root" ldd "$path" | grep -oE '/[^ ]+' || true
        } | while IFS= read -r path; do
            [[ -e $image$path ]] || install -D -m 0755 "$(chroot "$root" readlink -f "$path" | sed "s,^,$root,")" "$image$path"
        done
    done
}
take bash echo cat cp ln mount umount mkdir sleep ls head wc sort grep sed cut tr od dd stat basename dirname readlink xargs cmp \
    sha256sum test kmod cryptsetup dmsetup udevadm setsid mawk dmesg rm
# where the kernel looks for it too
for name in modprobe rmmod; do
    ln -sf ../bin/kmod "$image/usr/sbin/$name"
done
ln -sf mawk "$image/usr/bin/awk"
kver="$(basename "$(echo "$kernel_root"/usr/lib/modules/*)")"
modules="usr/lib/modules/$kver"
mkdir -p "$image/$modules/kernel/drivers"
for part in crypto arch/x86/crypto drivers/md drivers/block drivers/virtio fs/ext4 fs/jbd2 fs/mbcache.ko lib; do
    if [[ -e $kernel_root/$modules/kernel/$part ]]; then
        mkdir -p "$image/$modules/kernel/$(dirname "$part")"
        cp -a "$kernel_root/$modules/kernel/$part" "$image/$modules/kernel/$part"
    fi
done
cp -a "$work/card/overlay/." "$image/"
install -m 0755 "$here/selftest-guest.sh" "$image/init"
(cd "$image" && find . -print0 | cpio --null --quiet -o -H newc | zstd -q -3 -T0 -f -o "$work/initrd")

VM_DIR="$work/vm"
source "$here/../boot/vm.sh"
started=$SECONDS
vm_start selftest --kernel "$kernel_root/boot/vmlinuz-$kver" --initrd "$work/initrd" "${disks[@]}" --no-net --limit $limit \
    --append "$only"
vm_wait selftest '# done' $limit || true
vm_ended selftest 10 || true
vm_stop_all
sed -E 's/^\[ *[0-9.]+\] //' "$(vm_console selftest)" | grep -E '^(ok - |not ok - |#|    )' | tee -a "$results"
if ! grep -q '^# done' "$results"; then
    echo 'not ok - the machine got to its end' | tee -a "$results"
    tail -n 20 "$(vm_console selftest)"
fi
printf '# the machine ran for %d s\n' $((SECONDS - started))
passed="$(grep -c '^ok - ' "$results" || true)"
failed="$(grep -c '^not ok - ' "$results" || true)"
printf '%d passed, %d failed, 0 skipped\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
