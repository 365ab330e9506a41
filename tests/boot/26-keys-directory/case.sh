# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# What the README of hpcs-for-luks promises of its dracut modules: the old configuration, a wrapped passphrase called
# luks:root, a token that names it, and nothing else. The volume has no binding of ours.
# shellcheck disable=SC2034 # read by run
title="hpcs-for-luks: a wrapped passphrase in the initramfs opens the root through its token (systemd image)"

old_ini() {
    cat <<END
[KP]
region = us-east
endpoint_url = https://kms.example.test:$(sim_info '.instances[0].port')
iam_endpoint_url = https://iam.example.test:$(sim_info .iam.port)
service_instance_id = $SIM_INSTANCE
api_key = $(cat "$SIM_API_KEY_FILE")
default_crk_uuid = $SIM_ROOT_KEY
END
}

boot() {
    local image disk tree="$case_dir/tree" include="$case_dir/include"
    kms_start
    kms_conf "$case_dir/conf" # for the host's side
    disk="$(make_disk root)"
    cryptsetup token add "$disk" --key-description luks:root
    mkdir -p "$tree"/{etc/ssl/certs,var/lib/hpcs-for-luks/user} "$include/etc"
    cp "$SIM_CA" "$tree/etc/ssl/certs/ca-certificates.crt"
    old_ini >"$tree/etc/hpcs-for-luks.ini"
    chmod 0600 "$tree/etc/hpcs-for-luks.ini"
    printf '%s' "$passphrase" | kms_host wrap prod >"$tree/var/lib/hpcs-for-luks/user/luks:root"
    printf '127.0.0.1 localhost\n10.0.2.100 kms.example.test iam.example.test\n' >"$include/etc/hosts"
    image="$(make_image initrd --overlay "$tree" --include-dir "$include")"
    kms_mark
    kms_vm vm --append "rd.luks.uuid=$root_uuid"
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
}

expect_root_is_mounted_from_the_volume() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_nobody_was_asked() {
    ! console_has vm 'nter passphrase'
}

expect_the_console_says_who_opens_it() {
    console_has vm 'cexluks: luks-c0ffee00..0001 left to its luks2-keyring token' \
        && vm_mark vm journal | grep -q '1 key of the keys directory loaded'
}

expect_one_token_and_one_unwrap() {
    [[ $(kms_count /identity/token) -eq 1 && $(kms_count '*/actions/unwrap') -eq 1 && $(kms_count '*') -eq 2 ]]
}

expect_the_key_is_gone_in_the_real_root() {
    vm_mark vm key | grep -q keyring && ! vm_mark vm key | grep -q 'luks:root'
}

expect_no_unit_failed() {
    vm_mark vm failed-unit
    [[ -z $(vm_mark vm failed-unit) ]]
}
