# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For cases: somebody who installs the packages in a fresh root of Debian and follows a guide there, at a terminal; and virtual
# machines that boot what dracut made of it.
#
#   reader_ready SUITE          the root, with packages made in this suite, and a disk that the guide is about
#   reader_types LINE STATUS [TEXT]…   it ends with STATUS, and says each TEXT; all that it says is in "screen"
#   reader_follows GUIDE [LINE] type the guide's lines, up to LINE; its "reboot" starts a machine, which is vm1
#   reader_purges               the packages; $case_dir/purged is what that says
#   reader_boots_by_passphrase  the next machine, vm2, which asks
#
# The root is entered in namespaces of its own. There the disk is a file at /dev/vda, and the KMS has the address that the
# machine reaches it at. Two kinds of lines are not typed: zipl, for which this machine is of the wrong kind, and lsblk, which
# knows no file.
#
# shellcheck disable=SC2154,SC2034 # here, case_dir, work and others: run's; some are for run

# shellcheck source=tests/guides.sh
source "$here/../guides.sh"
# shellcheck source=tests/image/tree.sh
source "$here/../image/tree.sh"

ROOM="$case_dir/terminal" # of terminal.sh, which says with not_ok what it does not see
not_ok() { printf '%s\n' "$@"; }
sane() { :; }
TERMINAL_PATIENCE=12000 # dracut's, beside other machines
# shellcheck source=tests/integration/terminal.sh
source "$here/../integration/terminal.sh"

# Newer kernels allocate memory with cmpxchg16b, after which QEMU 7.2's emulation leaves them with wrong flags: a double fault.
vm_machine[-1]+=,cx16=off
place="$case_dir/tree"
children=()

# --- the root ---------------------------------------------------------------------------------------------

# In its namespaces, for as long as they live. PORT… are forwarded to sockets of these names.
reader_inside() { # ROOT PORT…
    local port node
    ip link set lo up
    ip addr add 10.0.2.100/32 dev lo
    for port in "${@:2}"; do
        socat -lf/dev/null "TCP4-LISTEN:$port,bind=10.0.2.100,fork,reuseaddr" "UNIX-CONNECT:$case_dir/port.$port" &
    done
    tree_mount "$1" "$place" container
    cp "$here/machine/crypttab" "$place/etc/crypttab"
    cp "$here/machine/dracut.conf" "$place/etc/dracut.conf.d/10-machine.conf"
    mkdir -p "$place/dev/disk/by-uuid"
    ln -s ../../vda "$place/dev/disk/by-uuid/$root_uuid"
    : >"$place/dev/vda"
    printf 'BOOT_IMAGE=/vmlinuz root=UUID=%s rd.luks.uuid=%s\n' "$root_fs" "$root_uuid" >"$case_dir/cmdline"
    mount --bind "$case_dir/cmdline" "$place/proc/cmdline"
    cp "${packages:?}"/*.deb "$place/tmp/"
    cp "${SIM_CA:?}" "$place/root/ca.pem"
    touch "$case_dir/inside"
    exec sleep infinity
}

# The disk has the root with the packages in it, and is there before they are bound.
reader_ready() {
    local ports port left=600
    reader_root="$("$here/machine-root.sh" "$1")"
    packages="$("$here/packages.sh" "$1" "$work")"
    mkdir "$ROOM"
    kms_start --host 10.0.2.100
    mapfile -t ports < <(sim_info '.iam.port, .instances[].port')
    for port in "${ports[@]}"; do
        socat -lf/dev/null "UNIX-LISTEN:$case_dir/port.$port,fork" "TCP4:127.0.0.1:$port" &
        children+=("$!")
    done
    export case_dir here place packages root_fs root_uuid
    export -f reader_inside tree_mount tree_unmount tree_container_dev
    unshare -n -m -p --propagation private --fork --kill-child \
        bash -euo pipefail -c 'reader_inside "$@"' inside "$reader_root" "${ports[@]}" &
    children+=("$!")
    trap 'vm_stop_all; reader_leaves' EXIT
    until [[ -e $case_dir/inside || $((left -= 1)) -eq 0 ]]; do sleep 0.1; done
    inside="$(<"/proc/${children[-1]}/task/${children[-1]}/children")" inside="${inside% }"

    reader_types 'dpkg -i /tmp/*.deb' 0 'Setting up cexluks-dracut '
    cp -a "$place.upper" "$case_dir/installed"
    rm -rf "$case_dir/installed"/{boot,root,var/lib/dpkg}
    disk="$(make_disk root --root "$reader_root" --overlay "$case_dir/installed")"
    nsenter -t "$inside" -m mount --bind "$disk" "$place/dev/vda"
}

# unshare itself hears no signal; what it started is the first process there, and takes all others along.
reader_leaves() {
    local pid
    for pid in "${children[@]}" "${TERMINAL_PID:-none}"; do
        kill "$pid" 2>/dev/null || true
    done
    kill -KILL "${inside:-none}" 2>/dev/null || true
}

# --- the terminal -----------------------------------------------------------------------------------------

reader_begins() {
    printf 'types: %s\n' "$1"
    terminal_begin nsenter -t "$inside" -n -m -p chroot "$place" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \
        bash -c "cd; $1"
}

reader_ends() {
    local text
    terminal_end
    printf '%s\n' "$screen"
    [[ $status == "$1" ]] || { echo "ended with $status, not with $1" && return 1; }
    for text in "${@:2}"; do
        [[ $screen == *"$text"* ]] || { echo "does not say: $text" && return 1; }
    done
}

reader_types() {
    reader_begins "$1"
    reader_ends "${@:2}"
}

# What setup asks, and what somebody answers whose service has no name in a name service.
reader_answers_setup() {
    local question
    for question in 'Name for this service [prod]: |' \
        "Its endpoint, https://...: |https://10.0.2.100:$(sim_info '.instances[0].port')" \
        "Its instance id, or the CRN of the root key: |$SIM_INSTANCE" \
        "Endpoint of IAM [|https://10.0.2.100:$(sim_info .iam.port)" \
        'CA certificates to trust [|/root/ca.pem' "API key (not shown): |$(<"$SIM_API_KEY_FILE")" \
        'Root key, by number, id or alias [|1'; do
        terminal_see "${question%%|*}"
        terminal_type "${question#*|}"
    done
}

reader_follows() {
    local line typed=''
    while IFS= read -r line <&9; do
        [[ $line != "${2-}" ]] || return 0
        typed="${line//\/dev\/dasda2//dev/vda}"
        case $line in
            zipl | 'lsblk '*) echo "not typed: $line" ;;
            'cryptsetup isLuks '*) reader_types "$typed" 0 yes ;;
            'cexluks setup')
                reader_begins "$typed"
                reader_answers_setup
                reader_ends 0 'the root key unwraps what it wrapped' 'cexluks bind DEVICE kms:prod'
                ;;
            'cexluks ping '*) reader_types "$typed" 0 'prod: ok' ;;
            'cexluks bind '*)
                reader_begins "$typed"
                terminal_see 'Passphrase that opens /dev/vda now: '
                terminal_type "$passphrase"
                reader_ends 0 'ok: ' 'dracut --force --regenerate-all'
                ;;
            'cexluks list '*) reader_types "$typed" 0 'kms:prod' 'passphrase (' ;;
            'dracut '*) reader_types "$typed" 0 ;;
            'cexluks check') reader_types "$typed" 0 'the next boot: ok: 1 of 1' ;;
            reboot)
                machine_boots vm1
                cp "$place.upper"/boot/init* "$case_dir/guide.img"
                vm_wait vm1 'MARK done' 900
                vm_ended vm1 120
                ;;
            'cexluks why')
                screen="$(vm_mark vm1 why)"
                printf '%s\n' "$screen"
                [[ $screen == *kms:prod*'exit status 0' ]]
                ;;
            'cexluks unbind '*) reader_types "$typed" 0 'ok: ' ;;
            *) echo "nobody knows how to type: $line" && return 1 ;;
        esac
    done 9< <(guide_lines "$1")
    [[ $# -eq 1 && -n $typed ]] || { echo "the guide has no line${2:+: $2}" && return 1; }
}

reader_purges() {
    reader_types 'dpkg --purge cexluks-dracut cexluks' 0
    printf '%s\n' "$screen" >"$case_dir/purged"
}

# --- the machine ------------------------------------------------------------------------------------------

# With the kernel of the root, and the image that dracut left in its /boot. The reader's line after a boot is a hook.
# An emulated processor that waits for a real one is no timer that does not work, nor a disk that is missing.
machine_boots() { # NAME
    local images=("$place.upper"/boot/init*) kernels=("$reader_root"/boot/vmlinuz-*) hooks="$case_dir/hooks"
    printf 'in /boot: %s\n' "${images[@]}"
    [[ ${#images[@]} -eq 1 && -s ${images[0]} ]]
    mkdir -p "$hooks"
    # shellcheck disable=SC2016 # for the machine's shell
    echo 'cexluks why; echo "exit status $?"' >"$hooks/why.sh"
    kms_mark
    vm_start "$1" --kernel "${kernels[0]}" --initrd "${images[0]}" --disk "$disk" --hooks "$hooks" --limit 900 \
        "${kms_forward[@]}" --append "no_timer_check systemd.default_device_timeout_sec=900 root=UUID=$root_fs rd.luks.uuid=$root_uuid"
}

reader_boots_by_passphrase() {
    machine_boots vm2
    vm_wait vm2 "$kms_prompt" 600
    vm_type vm2 "$passphrase"
    vm_wait vm2 'MARK done' 600
    vm_ended vm2 60
}

# --- what is expected of each such machine ----------------------------------------------------------------

expect_a_boot_after_the_guide_asks_nobody() {
    console_has vm1 'cexluks: luks-c0ffee00..0001 opened with kms:prod in [0-9.]+ s' && ! console_has vm1 'nter passphrase'
}

expect_root_is_mounted_from_the_volume() {
    [[ $(vm_mark vm1 root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_no_unit_failed() {
    vm_mark vm1 failed-unit
    [[ -z $(vm_mark vm1 failed-unit) ]]
}

expect_the_helper_of_the_image_is_the_package_s() {
    mkdir "$case_dir/image" && (cd "$case_dir/image" && zstd -dqc "$case_dir/guide.img" | cpio -id --quiet usr/sbin/cexluks) \
        && cmp "$case_dir/image/usr/sbin/cexluks" "$case_dir/installed/usr/sbin/cexluks"
}
