# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
#
# The services are known by name, and only networkd knows who can tell where they are: no systemd-resolved is in the image.
# shellcheck disable=SC2034 # read by run
title="networkd: the services' names are asked of the name server on the kernel command line (systemd image)"

# The guest's 10.0.2.2 is this machine's loop-back, with the same ports.
name_server() {
    dnsmasq --keep-in-foreground --conf-file=/dev/null --no-hosts --no-resolv --listen-address=127.0.0.1 --bind-interfaces \
        --user=root --pid-file= --log-queries --log-facility=- \
        --local=/example.test/ --address=/example.test/10.0.2.100 >"$case_dir/names.log" 2>&1 &
    server=$! # for the trap, which runs outside
    trap 'kill "$server" || :' EXIT
    grep -q -m 1 'started, version' <(timeout 10 tail -n +1 -f --pid "$server" "$case_dir/names.log") \
        || { cat "$case_dir/names.log" && return 1; }
}

boot() {
    local image disk
    ! ss -H -l -u -n 'sport = 53' | grep -q -E '(127\.0\.0\.1|0\.0\.0\.0|\*):53' || skip "this machine's own name server is on the port"
    kms_ready
    sed -i '/^address/d' "$case_dir/conf/cexluks.conf"
    image="$(make_image initrd --conf-dir "$case_dir/conf")"
    name_server
    kms_vm vm --open-net --append "rd.luks.uuid=$root_uuid net.ifnames=0" \
        --append "ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0:none nameserver=10.0.2.2"
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
}

expect_names_are_asked_and_it_opens() {
    grep -h -E 'cexluks:.*opened' "$(vm_console vm)"
    console_has vm "cexluks: luks-c0ffee00.* opened with kms:prod in [0-9.]+ s" && ! console_has vm "$kms_prompt" \
        && [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_the_name_server_was_asked_for_both() {
    grep -E 'query\[A\] (iam|kms)\.example\.test' "$case_dir/names.log"
    grep -q 'query\[A\] iam.example.test' "$case_dir/names.log" && grep -q 'query\[A\] kms.example.test' "$case_dir/names.log"
}

expect_no_resolved_is_in_the_image() {
    ! lsinitrd "$case_dir/initrd" | grep systemd-resolved
}

expect_no_unit_failed() {
    [[ -z $(vm_mark vm failed-unit) ]]
}
