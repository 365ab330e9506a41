# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
#
# A stand-in loads a key, as the helper may, and then dies in the middle of its work. Also the case for another kind of
# image, and for a helper that never ends.
# shellcheck disable=SC2034 # read by run
title="the helper crashes: its keys are forgotten, then the prompt appears (systemd image)"
image_options=()
how=crash

boot() {
    local image disk include="$case_dir/include"
    kms_ready
    install -D -m 0755 "$(helper)" "$include/usr/libexec/cexluks"
    install -D -m 0755 "$here/60-helper-crash/stand-in.sh" "$include/usr/sbin/cexluks"
    echo "$how" >"$include/usr/libexec/cexluks-does"
    # Says which keys are there after the verdict and before a prompt.
    if [[ ${image_options[*]} == *--no-systemd* ]]; then
        install -D -m 0755 "$here/60-helper-crash/keys.sh" "$include/lib/dracut/hooks/initqueue/settled/20-keys.sh"
    else
        install -D -m 0644 "$here/60-helper-crash/keys.service" "$include/usr/lib/systemd/system/keys.service"
        mkdir -p "$include/usr/lib/systemd/system/initrd.target.wants"
        ln -s ../keys.service "$include/usr/lib/systemd/system/initrd.target.wants/"
    fi
    image="$(make_image initrd --conf-dir "$case_dir/conf" --include-dir "$include" \
        --dracut-arg --install --dracut-arg 'keyctl grep' "${image_options[@]}")"
    kms_vm vm --limit 800 --append "rd.luks.uuid=$root_uuid"
    vm_wait vm 'STAND-IN' 300
    vm_wait vm "$kms_prompt" 300
    vm_type vm "$passphrase"
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
}

expect_there_was_a_key() {
    console_has vm 'STAND-IN loaded 1 key'
}

expect_keys_are_forgotten_before_the_prompt() {
    console_has vm 'KEYS: 0 before the prompt'
}

expect_the_typed_passphrase_boots() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}
