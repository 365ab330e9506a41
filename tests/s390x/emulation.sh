# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Programs for s390x on this machine, by QEMU's user mode. Source this file.
#
#   emulation_start   the kernel hands s390x programs to qemu-s390x-static, until
#   emulation_stop
#
# The registration is the kernel's, so all of the machine sees it; it is taken back if it is ours. The interpreter is
# opened once, here, and works in any chroot.

emulation_dir='' emulation_name=''

emulation_start() {
    local rule dir
    emulation_dir="$(mktemp -d)"
    # a mount of our own, because this machine may have none
    mount -t binfmt_misc binfmt_misc "$emulation_dir"
    for dir in "$emulation_dir"/qemu-s390x*; do
        if grep -qs '^enabled' "$dir"; then
            umount "$emulation_dir"
            return
        fi
    done
    emulation_name="qemu-s390x-cexluks-$$"
    # magic and mask as Debian's qemu-user-static names them
    rule="$(sed "s/^:qemu-s390x:/:$emulation_name:/" /usr/lib/binfmt.d/qemu-s390x.conf)"
    printf '%s' "$rule" >"$emulation_dir/register"
}

emulation_stop() {
    if [[ -n $emulation_name ]]; then
        echo -1 >"$emulation_dir/$emulation_name"
        emulation_name=''
        umount "$emulation_dir"
    fi
    [[ -z $emulation_dir ]] || rmdir "$emulation_dir"
    emulation_dir=''
}
