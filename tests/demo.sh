#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# demo.sh MAKE: the main job, watched. Called by "make demo".
#
# A virtual machine has two encrypted volumes. The key of its root is a secure key, which only its crypto card can use (a
# software card, for tests); a data volume is bound to a key management service (a simulator on this machine's loop-back,
# real TLS). dracut builds the image, the machine boots it under software emulation, and nobody types anything.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C
top="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$top"
MAKE="${1:-make}"
B="$top/build"
export B

case_dir="$B/demo"
here="$top/tests/boot" work="$B/tests/boot"
root_uuid=c0ffee00-0000-4000-8000-000000000001 data_uuid=c0ffee00-0000-4000-8000-000000000002
passphrase='correct horse battery'
steps=()
demo_began=$SECONDS

step_begin() {
    step_title="$1" step_began=$SECONDS
    printf '\n-- %s\n' "$1"
}

step_end() {
    steps+=("$(printf '%4d s  %s' $((SECONDS - step_began)) "$step_title")")
}

rm -rf "$case_dir"
mkdir -p "$case_dir"
export VM_DIR="$case_dir" VM_TOOLS="$work"
# shellcheck source=tests/boot/vm.sh
source "$here/vm.sh"
# shellcheck source=tests/boot/make.sh
source "$here/make.sh"
# shellcheck source=tests/boot/kms.sh
source "$here/kms.sh"
# shellcheck source=tests/boot/card.sh
source "$here/card.sh"
trap 'vm_stop_all; sim_stop >/dev/null 2>&1 || true; rm -f "$case_dir"/*.disk' EXIT

step_begin "install what is needed"
"$MAKE" --no-print-directory deps
step_end

step_begin "build the helper and the simulator"
"$MAKE" --no-print-directory -j"$(nproc)" "$B/cexluks" "$B/kms-sim" >/dev/null
step_end

step_begin "a Debian root for the virtual machine (cached for the next time)"
"$here/root.sh" >/dev/null
step_end

step_begin "build the software crypto card's kernel modules"
card_tools >/dev/null
step_end

step_begin "start the KMS simulator and write /etc/cexluks/cexluks.conf"
kms_start
kms_conf "$case_dir/conf"
sed 's/^/   /' "$case_dir/conf/cexluks.conf"
step_end

step_begin "encrypt the root with a secure key, wrapped by the master key of the card"
root="$(card_disk root)"
card_pattern "$root" "$case_dir/root.pattern"
cryptsetup luksDump "$root" | grep -E '^[[:space:]]*(cipher|Key):' | sort -u
step_end

step_begin "the binding that \"cexluks bind root.disk card\" makes where the card is, which is not here"
card_token "$root"
kms_host list "$root"
step_end

step_begin "encrypt a data volume, and cexluks bind data.disk kms:prod"
data="$(make_disk data --data)"
kms_bind "$data"
kms_host list "$data"
step_end

step_begin "build the initramfs with dracut"
image="$(card_image initrd --conf-dir "$case_dir/conf")"
step_end

asked() {
    sim_requests "map(select(.path | endswith(\"$1\"))) | length"
}
tokens_before="$(asked /identity/token)" unwraps_before="$(asked /actions/unwrap)"

step_begin "boot it; the console of the machine follows"
vm_start vm --image "$image" --disk "$root" --disk "$data" "${kms_forward[@]}" \
    --append "root=/dev/mapper/luks-$root_uuid rd.luks.uuid=$root_uuid rd.luks.uuid=$data_uuid systemd.show_status=1"
# Journal and report lines of the test's own marker are for tests.
tail -n +1 -s 0.3 -f --pid="${VM_READER[vm]}" "$(vm_console vm)" 2>/dev/null \
    | grep --line-buffered -vE 'MARK (key|journal|report|dmsetup|units|failed-unit)|Job boot-marker' | sed 's/^/   /' &
if ! vm_wait vm 'MARK done' 280; then
    printf '\nThe machine did not come up; its console is in %s\n' "$(vm_console vm)"
    exit 1
fi
vm_ended vm 20 || true
wait $! 2>/dev/null || true
step_end

mounted="$(vm_mark vm root-mounted-from)"
printf '\n-- what happened\n'
printf '   root mounted from  %s\n' "$mounted"
grep -o 'cexluks: .* opened .*' "$(vm_console vm)" | tr -d '\r' | sed 's/^/   /'
vm_mark vm dmsetup | sed -nE 's/^luks-([0-9a-f]{8})[^:]*(.{4}): [0-9]+ [0-9]+ crypt ([^ ]+) .*/   the kernel sees       \1..\2: \3/p'
printf '   keys typed         none\n'
printf '   requests           %s for a token, %s to unwrap (from the machine)\n' \
    "$(($(asked /identity/token) - tokens_before))" "$(($(asked /actions/unwrap) - unwraps_before))"
printf '\n-- how long it took\n'
printf '   %s\n' "${steps[@]}"
printf '   %4d s  in all\n' $((SECONDS - demo_began))
if [[ $mounted != "/dev/mapper/luks-$root_uuid" ]]; then
    printf 'the root was mounted from "%s"\n' "$mounted"
    exit 1
fi
