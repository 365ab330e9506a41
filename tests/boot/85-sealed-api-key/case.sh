# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
# limit: 1800
#
# One machine has its card seal the API key. Another image holds that and nothing secret, and its boot asks the KMS; with
# another card it does not.
# shellcheck disable=SC2034 # read by run
title="an API key that a card keeps: the image holds no secret, and the boot asks the KMS (systemd image)"

# What 84-api-key-in-header has of its own.
seal_script=85-sealed-api-key/seal.sh key_source=sealed:/etc/cexluks/prod.sealed
wants='prod.sealed: wants master key'
first_options=() image_options=()
take_sealed() { # to the files of the next image
    vm_mark first seal | sed -n 's/^sealed: //p' | base64 -d >"$case_dir/sealed/prod.sealed"
    chmod 0600 "$case_dir/sealed/prod.sealed"
}

# The configuration of the simulator's guest, with another source of the API key, and the CA at CA.
conf_with() { # SOURCE [CA]
    sed "s,^api-key.*,api-key = $1,; s,^ca-file.*,ca-file = ${2:-/etc/cexluks/ca.pem}," "$case_dir/conf/cexluks.conf"
}

# Whether the API key is somewhere in an image; -f passes on what is not packed.
has_api_key() { # IMAGE
    [[ $(zstd -d -q -c -f "$1" | grep -c -a -F -f "$SIM_API_KEY_FILE") -gt 0 ]]
}

boot() {
    local first disk hooks="$case_dir/hooks"
    kms_start
    kms_conf "$case_dir/conf"
    disk="$(make_disk root)"
    kms_bind "$disk"

    mkdir -p "$hooks" "$case_dir/sealed"
    cp "$here/$seal_script" "$(helper)" "$SIM_CA" "$hooks/"
    cp "$SIM_API_KEY_FILE" "$hooks/api-key"
    conf_with file:/mnt/api-key /mnt/ca.pem >"$hooks/cexluks.conf"
    chmod 0600 "$hooks/cexluks.conf"
    first="$(card_image first --conf-dir "$case_dir/conf")"
    image="$first" kms_vm first "${first_options[@]}" --limit 500 --hooks "$hooks" --append "rd.luks.uuid=$root_uuid"
    vm_wait first 'MARK done' 400
    vm_ended first 20
    vm_mark first seal
    take_sealed

    cp "$SIM_CA" "$case_dir/sealed/ca.pem"
    conf_with "$key_source" >"$case_dir/sealed/cexluks.conf"
    chmod 0600 "$case_dir/sealed/cexluks.conf"
    image="$(card_image initrd --conf-dir "$case_dir/sealed" "${image_options[@]}")"
    : >"$case_dir/has-api-key"
    if has_api_key "$first"; then echo first >>"$case_dir/has-api-key"; fi
    if has_api_key "$image"; then echo second >>"$case_dir/has-api-key"; fi
    kms_mark
    kms_vm vm --limit 500 --append "rd.luks.uuid=$root_uuid"
    vm_wait vm 'MARK done' 400
    vm_ended vm 20
    kms_requests '.[].path' >"$case_dir/asked"
    kms_mark
    kms_vm other --limit 500 --append "rd.luks.uuid=$root_uuid rd.cexluks.timeout=20 softcex.master_key=second"
    vm_wait other 'stays closed: master-key-unknown' 300
    vm_wait other "$kms_prompt" 60
    vm_stop other
    kms_requests '.[].path' >"$case_dir/asked-other"
}

expect_the_card_seals() {
    vm_mark first seal | grep -qx 'status 0'
}

expect_root_is_mounted_from_the_volume() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_the_KMS_opened_it() {
    console_has vm "cexluks: luks-c0ffee00..0001 opened with kms:prod in [0-9.]+ s"
}

expect_nobody_was_asked() {
    ! console_has vm 'nter passphrase'
}

expect_one_token_and_one_unwrap() {
    cat "$case_dir/asked"
    [[ $(grep -c /identity/token "$case_dir/asked") -eq 1 && $(grep -c '/actions/unwrap' "$case_dir/asked") -eq 1 ]]
}

# The first one shows that the search finds it.
expect_the_image_holds_no_API_key() {
    [[ $(cat "$case_dir/has-api-key") == first ]]
}

expect_a_stolen_image_is_of_no_use() {
    console_explains other master-key-unknown "$wants" && [[ ! -s $case_dir/asked-other ]]
}
