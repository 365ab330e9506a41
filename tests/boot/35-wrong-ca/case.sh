# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
#
# Somebody stands in the middle, or the CA changed: what the guest trusts has not signed what the service shows.
# shellcheck disable=SC2034 # read by run
title="wrong CA: prompt at once, and not a byte of a request was sent (systemd image)"

boot() {
    local image disk
    kms_ready
    openssl req -x509 -newkey rsa:2048 -nodes -subj '/CN=another CA' -days 30 \
        -keyout "$case_dir/another.key" -out "$case_dir/conf/ca.pem" 2>/dev/null
    image="$(make_image initrd --conf-dir "$case_dir/conf")"
    kms_vm vm --append "rd.luks.uuid=$root_uuid"
    vm_wait vm "$kms_prompt" 300
    vm_type vm "$passphrase"
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
}

expect_the_console_says_why() {
    console_explains vm tls-untrusted "'iam\.example\.test' is not trusted"
}

expect_the_prompt_at_once() {
    boot_report vm '.runs[0] | .network_after_ms, .volumes[0].ended_after_ms'
    [[ $(boot_report vm '.runs[0] | .volumes[0].ended_after_ms - .network_after_ms < 10000') == true ]] \
        && vm_within vm 'stays closed: tls-untrusted' "$kms_prompt" 4
}

expect_a_handshake_and_no_request() {
    kms_events
    [[ $(kms_events 'map(select(.event == "closed" and .tls == "failed")) | length >= 1') == true ]] \
        && [[ $(kms_count '*') -eq 0 ]]
}

expect_no_more_tries() {
    [[ $(boot_report vm '.runs | length') -eq 1 && $(kms_events 'map(select(.event == "connection")) | length') -eq 1 ]]
}

expect_the_typed_passphrase_boots() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}
