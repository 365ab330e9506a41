# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# The volume is opened, and its file system cannot be mounted: dracut gives a shell, as it does by default, and somebody
# types there. Also the case for the other kind of image.
# shellcheck disable=SC2034 # read by run
title="an emergency shell after the unlock finds no key, and boot can be repeated there (systemd image)"
image_options=()
shell_asks='Press Enter for maintenance'
# here it is what is wanted
VM_HOPELESS='Kernel panic - not syncing|dracut: FATAL'

# in_shell WHAT COMMAND: what the shell makes of it, as a line of the console. The prompt echoes what is typed, so the line
# that tells is put together there.
in_shell() {
    vm_type vm "echo SHELL \"$1:\" \$($2)"
    vm_wait vm "SHELL $1:( |$)" 60
}

boot() {
    local image tries include="$case_dir/include"
    kms_ready
    install -D -m 0755 "$here/65-emergency-shell/plant.sh" "$include/lib/dracut/hooks/pre-mount/90-plant.sh"
    image="$(make_image initrd --conf-dir "$case_dir/conf" --include-dir "$include" \
        --dracut-arg --install --dracut-arg 'keyctl grep dmsetup' "${image_options[@]}")"
    kms_vm vm --limit 800 --append "rd.luks.uuid=$root_uuid rd.shell=1 rd.emergency= rootflags=nonsense rd.retry=20"
    vm_wait vm 'opened with kms:prod' 300
    vm_wait vm 'PLANTED' 200
    vm_wait vm "$shell_asks" 200
    # what is typed before it listens is lost
    for tries in 1 2 3 4 5; do
        vm_type vm ''
        ! vm_wait vm '# $' 5 || break
    done
    in_shell keys 'grep -c cexluks: /proc/keys'
    in_shell processes 'grep -l -s cexluk[s] /proc/[1-9]*/cmdline'
    in_shell mapping "dmsetup info -c --noheadings -o name luks-$root_uuid"
    in_shell closed "cexluks close luks-$root_uuid"
    in_shell again "cexluks boot 2>&1"
    in_shell mapping-again "dmsetup info -c --noheadings -o name luks-$root_uuid"
    vm_stop vm
}

expect_a_key_was_there() {
    console_has vm 'PLANTED [1-9] key'
}

expect_no_key_is_there_in_the_shell() {
    console_has vm 'SHELL keys: 0'
}

expect_nothing_of_ours_runs_in_the_shell() {
    console_has vm 'SHELL processes:$'
}

# docs/security.md says so: whoever has this shell has the machine.
expect_the_volume_is_still_open() {
    console_has vm "SHELL mapping: luks-$root_uuid"
}

expect_boot_can_be_repeated() {
    console_has vm "SHELL closed: ok: " && console_has vm "SHELL mapping-again: luks-$root_uuid"
}
