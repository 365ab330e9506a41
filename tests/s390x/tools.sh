#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tools.sh TREE BUILD [SCENARIO…]: in one s390x machine with the software crypto card: Debian's lszcrypt, chzcrypt and cryptsetup,
# and zkey when there is one, unmodified, beside the helper; and the unit tests that want a kernel of their own.
# TREE is what tree.sh printed, BUILD what cross.sh built in. SCENARIO: only these of tools-guest.sh.
#
# Everything it leaves is under BUILD/tests/tools: the machine's console log, the modules, what the tools printed.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
top="$(cd "$here/../.." && pwd)"
tree="$1" build="$2"
only="${3:+ tools-only=$(IFS=, && echo "${*:3}")}"
work="$build/tests/tools"
root="$tree/root"
limit=900
mkdir -p "$work"
results="$work/results"
: >"$results"

# --- what the machine gets --------------------------------------------------------------------------------

status=0
zkey="$("$here/zkey.sh" "$tree")" || status=$?
[[ $status -eq 0 || $status -eq 77 ]] || exit 1

image="$(mktemp -d "$work/image.XXXXXX")"
trap 'vm_stop_all 2>/dev/null || true; rm -rf --one-file-system "$image"' EXIT
# shellcheck source=tests/softcex/machine.sh
source "$here/../softcex/machine.sh"
machine_begin "$image" "$root"
# All programs: to look for libraries under emulation takes longer than to unpack what nobody needs.
tar -C "$root" --exclude=usr/lib/modules --exclude=usr/lib/dracut --exclude=usr/lib/systemd/system --exclude=usr/share \
    --exclude=usr/lib/udev/hwdb.d --exclude='usr/lib/*/perl*' --exclude='usr/lib/*/gconv' --exclude=usr/src \
    -cf - usr etc | tar -C "$image" -xf -
machine_kernel "$root" "$build/card" arch/s390/crypto drivers/s390/crypto drivers/s390/virtio
# zkey starts programs with a PATH of its own
cp "$build/cexluks" ${zkey:+"$zkey"/*} "$image/usr/bin/"
"$here/unit.sh" --left-out | while read -r test _; do
    install -D "$build/tests/unit/$test" "$image/host/unit/$test"
done
mkdir "$image/host/tests"
cp -a "$top/tests/fixtures" "$image/host/tests/"
printf 'correct horse battery' >"$image/host/passphrase"
install -m 0755 "$here/tools-guest.sh" "$image/init"
machine_pack "$work/initrd"

disks=()
for name in one two three; do
    rm -f "$work/$name.img"
    truncate -s 48M "$work/$name.img"
    disks+=(--disk "$work/$name.img:$name")
done

# --- the machine -------------------------------------------------------------------------------------------

VM_DIR="$work/vm" VM_ARCH=s390x
# shellcheck source=tests/boot/vm.sh
source "$here/../boot/vm.sh"
started=$SECONDS
vm_start tools --kernel "$root/boot/vmlinuz-$machine_kver" --initrd "$work/initrd" "${disks[@]}" --no-net --limit $limit \
    --append "$only"
vm_wait tools '# done' $limit || true
vm_ended tools 10 || true
vm_stop_all
machine_judge tools "$results"
printf '# the machine ran for %d s\n' $((SECONDS - started))
machine_sum "$results"
