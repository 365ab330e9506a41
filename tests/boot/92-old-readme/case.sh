# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# The README of hpcs-for-luks, steps 4 to 14, typed into a machine whose root is not encrypted, as there. The service is
# the simulator, under the README's host name, port, instance and API key. Nobody types after the reboot.
# shellcheck disable=SC2034 # read by run
title="the old README works as it is written, and after the reboot nobody types (systemd image)"

old_key=AB0CdEfGHijKlMN--12OPqRStuv3wx456yZAb7CDEF8g

# readme_vm NAME STEPS IMAGE: what is written stays on the disk. Without rd.debug, which doubles the time; it is in 80-networkd.
readme_vm() {
    local name="$1" hooks="$case_dir/hooks-$1"
    mkdir "$hooks"
    cp "$here/92-old-readme/$2" "$hooks/steps"
    cp "$here/92-old-readme/login.sh" "$hooks/"
    cp "$SIM_CA" "$hooks/ca.pem"
    # the unit, out of the document's mouth
    sed -n '/^# \/etc\/systemd\/system\/dmcrypt.service$/,/^```$/p' "$top/docs/from-hpcs-for-luks.md" | sed '$d' \
        >"$hooks/dmcrypt.service"
    [[ $name != before ]] || : >"$hooks/reboot"
    vm_start "$name" --image "$3" --disk "$disk" --write --hooks "$hooks" --subnet "$kms_old_subnet" --limit 600 \
        --forward "9730:$(sim_info '.instances[0].port')" --forward "443:$(sim_info .iam.port)" \
        --append "$root_append rw ${kms_old_words/rd.debug /} boot-marker.stay"
    vm_wait "$name" 'MARK done' 500
}

# "make install" and what a machine has that is not a test's: its kernel's modules.
installed_tree() {
    local tree="$case_dir/tree" root
    root="$("$here/root.sh")"
    mkdir -p "$tree/usr/lib"
    cp -a "$root/usr/lib/modules" "$tree/usr/lib/"
    make -s -C "$top" install DESTDIR="$tree" PREFIX=/usr >&2
    printf '%s\n' "$tree"
}

# The files of the machine that its next image is made with.
tree_of_disk() {
    local tree="$case_dir/tree-after" path
    for path in /etc/hpcs-for-luks.ini /etc/hosts /etc/crypttab /etc/ssl/certs/ca-certificates.crt /var/lib/hpcs-for-luks; do
        mkdir -p "$tree${path%/*}"
        debugfs -R "rdump $path $tree${path%/*}" "$disk"
    done
    printf '%s\n' "$tree"
}

boot() {
    local image disk
    kms_start --instance prod=hpcs,uuid=01234567-89ab-cdef-0123-456789abcdef --api-key "$old_key:manager" \
        --host api.us-east.hs-crypto.cloud.ibm.com --host iam.cloud.ibm.com
    kms_mark
    disk="$(make_disk root --plain --size 640 --overlay "$(installed_tree)")"
    image="$(make_image before --no-product)"
    readme_vm before before-reboot "$image"
    vm_ended before 120
    sed -n 's/^\[.*\] MARK login: //p' "$(vm_console before)"
    image="$(make_image after --overlay "$(tree_of_disk)")"
    readme_vm after after-reboot "$image"
    sed -n 's/^\[.*\] MARK login: //p' "$(vm_console after)"
    vm_stop after
}

# said NAME REGEX: whether the steps said so
said() {
    vm_mark "$1" login | grep -E -- "$2"
}

expect_no_step_failed() {
    said before '== step 11: reboot' && ! said before '^FAILED'
}

expect_wrap_says_what_to_edit_while_there_is_a_placeholder() {
    said before 'default_crk_uuid' && said before '^\(exit status [1-9]'
}

expect_list_is_uuid_tab_name() {
    said before $'^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\tMyCRKName$'
}

expect_keyctl_shows_both_keys_after_the_reboot() {
    said after ' logon: dmcrypt:key1$' && said after ' user: dmcrypt:key2$'
}

expect_the_service_loaded_them() {
    said after '^Result=success$' && said after '^ExecMainStatus=0$'
}

expect_both_volumes_are_mounted() {
    said after '^/secrets */dev/mapper/secrets$' && said after '^by a passphrase in a user key$' \
        && said after '^/dmcrypt */dev/mapper/dmcrypt$' && said after '^by a logon key$' \
        && said after '^dmcrypt: .* crypt aes-xts-plain64 :32:logon:dmcrypt:key1 '
}

expect_nobody_was_asked() {
    local name
    for name in before after; do
        ! console_has "$name" "$kms_prompt|nter passphrase" || return 1
    done
}

expect_steps_13_and_14_work_after_the_reboot() {
    said after '^dmsetup create: 0$' && said after '^luksOpen: 0$'
}

expect_no_unit_failed() {
    vm_mark after failed-unit
    [[ -z $(vm_mark after failed-unit) ]]
}
