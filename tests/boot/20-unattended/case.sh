# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: check
#
# The main job. Nobody types anything. Also the case for another kind of image: it sets image_options and title.
# shellcheck disable=SC2034 # read by run
title="an encrypted root boots unattended through the KMS (systemd image)"
image_options=()

# patterns_of NAME FILE: lines for grep -F, named in names.txt: a secret as it is, in hexadecimal and in base64.
patterns_of() {
    local raw
    # a pattern can't hold a newline: the longest piece between two
    raw="$(awk '{ if (length > length(best)) best = $0 } END { print best }' "$2")"
    printf '%s\n' "$raw" >"$case_dir/hooks/$1.raw"
    xxd -p -c 0 "$2" >"$case_dir/hooks/$1.hex"
    xxd -p -c 0 -u "$2" >"$case_dir/hooks/$1.HEX"
    { base64 -w 0 "$2" && echo; } >"$case_dir/hooks/$1.base64"
}

# For a case that builds on this one.
before_boot() {
    :
}

boot() {
    local image disk hooks="$case_dir/hooks"
    before_boot
    kms_ready
    image="$(make_image initrd --conf-dir "$case_dir/conf" "${image_options[@]}")"

    mkdir "$hooks"
    cp "$here/20-unattended/"{secrets,udev,why}.sh "$(helper)" "$hooks/"
    kms_host pass "$disk" kms:prod >"$case_dir/unwrapped"
    printf '%s' "$passphrase" >"$case_dir/typed"
    patterns_of api-key "$SIM_API_KEY_FILE"
    patterns_of unwrapped "$case_dir/unwrapped"
    patterns_of typed "$case_dir/typed"
    # A token is new at each boot, but all of them begin alike.
    jq -s -r '[.[].headers.authorization // empty][0][7:27]' "$SIM_DIR/requests.jsonl" >"$hooks/token.raw"
    kms_mark
    kms_vm vm --hooks "$hooks" --append "rd.luks.uuid=$root_uuid"
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
}

expect_root_is_mounted_from_the_volume() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_one_line_on_the_console() {
    console_has vm "cexluks: luks-c0ffee00..0001 opened with kms:prod in [0-9.]+ s" \
        && [[ $(grep -c 'cexluks:' <(grep -v MARK "$(vm_console vm)")) -eq 1 ]]
}

expect_nobody_was_asked() {
    ! console_has vm 'nter passphrase'
}

expect_no_key_of_ours_is_left() {
    vm_mark vm key | grep -q keyring && ! vm_mark vm key | grep -q 'cexluks:'
}

expect_one_token_and_one_unwrap() {
    [[ $(kms_count /identity/token) -eq 1 && $(kms_count '*/actions/unwrap') -eq 1 && $(kms_count '*') -eq 2 ]]
}

expect_no_unit_failed() {
    vm_mark vm failed-unit
    [[ -z $(vm_mark vm failed-unit) ]]
}

# udev's record says that libdevmapper made the device, now and after another coldplug; nothing of the wait is left.
expect_udev_knows_the_device() {
    local when line
    vm_mark vm udev
    for when in coldplug again; do
        for line in "DM_NAME=luks-$root_uuid" DM_UDEV_PRIMARY_SOURCE_FLAG=1 unit=active 'link=../dm-0'; do
            vm_mark vm udev | grep -qxF "$when $line" || { echo "lacks: $when $line" && return 1; }
        done
    done
    ! vm_mark vm udev | grep -E 'DISABLE_[A-Z]*_RULES_FLAG=1|SYSTEMD_READY=0' && vm_mark vm udev | grep -qx 'semaphores=0'
}

expect_the_report_says_when() {
    boot_report vm '.runs[0].volumes[0] | .outcome, .ended_after_ms'
    [[ $(boot_report vm '.runs | length == 1 and (.[0] | .mode == "boot" and .network_after_ms > 0
        and (.volumes[0] | .outcome == "ok" and .binding == "kms:prod" and .tries == 1))') == true ]]
}

expect_why_tells_it_in_the_real_root() {
    vm_mark vm why | grep -q 'kms:prod' && vm_mark vm why | grep -q '^exit status 0$'
}

expect_the_search_for_secrets_finds_what_is_planted() {
    [[ $(vm_mark vm secrets | sed -n 's/^planted: //p') == 'journal run environ cmdline ' ]]
}

expect_no_secret_is_left() {
    vm_mark vm secrets
    [[ $(vm_mark vm secrets | grep -v '^planted: ') == 'searched for 13 patterns' ]]
}

expect_no_secret_on_the_console() {
    local file
    for file in "$case_dir"/hooks/*.{raw,hex,HEX,base64}; do
        [[ -s $file ]] || return 1
        ! grep -a -q -F -f "$file" "$(vm_console vm)" || return 1
    done
}
