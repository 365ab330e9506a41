# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# What a kernel command line says about the network, with one of dracut's backends; also the case for the others. One
# volume, bound once for each way to the service; rd.cexluks.kms= chooses, as a disaster site would.
# shellcheck disable=SC2034 # read by run
title="networkd: static address, VLAN and IPv6 from the kernel command line (systemd image)"
image_options=()

# network_vm NAME PROFILE [vm_start's options]
network_vm() {
    local name="$1" profile="$2"
    shift 2
    # rd.debug makes a boot slow
    kms_vm "$name" --limit 600 --hooks "$case_dir/hooks" --append "rd.luks.uuid=$root_uuid rd.cexluks.kms=$profile" "$@"
}

network_reaches_the_root() {
    vm_wait "$1" 'MARK done' 500
    vm_ended "$1" 20
    vm_stop "$1"
}

network_ready() {
    local instance
    kms_start
    instance="$(sim_info '.instances[0].name')"
    kms_conf "$case_dir/conf" 'timeout = 90s'
    kms_profile "$case_dir/conf" static "$instance" 9.114.224.100
    kms_profile "$case_dir/conf" six "$instance" fec0::2
    disk="$(make_disk root)"
    kms_bind "$disk" kms:prod
    kms_bind "$disk" kms:static
    kms_bind "$disk" kms:six
    image="$(make_image initrd --conf-dir "$case_dir/conf" "${image_options[@]}")"
    mkdir "$case_dir/hooks"
    cp "$here/80-networkd/"{addresses,waited}.sh "$case_dir/hooks/"
    kms_mark
}

# For a case that builds on this one.
before_boot() {
    :
}

more_machines() {
    :
}

boot() {
    local image disk
    before_boot
    network_ready
    network_vm static static --subnet "$kms_old_subnet" --append "$kms_old_words"
    network_reaches_the_root static
    network_vm vlan six --ipv6 --vlan 5 --append "net.ifnames=0 vlan=eth0.5:eth0 ip=eth0.5:auto6"
    network_reaches_the_root vlan
    more_machines
}

# opened_unattended NAME PROFILE
opened_unattended() {
    grep -h -E 'cexluks:.*opened' "$(vm_console "$1")"
    console_has "$1" "cexluks: luks-c0ffee00.* opened with kms:$2 in [0-9.]+ s" && ! console_has "$1" "$kms_prompt" \
        && [[ $(vm_mark "$1" root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_the_old_static_address_opens_the_root() {
    opened_unattended static static
}

expect_the_static_address_is_what_was_asked_for() {
    vm_mark static addresses
    vm_mark static addresses | grep -q -E '^net0 .* 9\.114\.227\.82/22' \
        && vm_mark static addresses | grep -q '^default via 9.114.224.1 dev net0'
}

expect_IPv6_on_a_VLAN_opens_the_root() {
    opened_unattended vlan six
}

expect_no_address_but_on_the_VLAN_and_by_IPv6() {
    vm_mark vlan addresses
    vm_mark vlan addresses | grep -q -E '^eth0\.5@eth0 .* fec0:' && ! vm_mark vlan addresses | grep -E '^eth0.* ([0-9]+\.){3}'
}

expect_every_frame_that_counted_was_tagged() {
    cat "$case_dir/vlan/vlan.log"
    grep -q -E '^tagged in: [0-9]{2,}, tagged out: [0-9]{2,}, dropped: ' "$case_dir/vlan/vlan.log"
}

expect_no_unit_failed() {
    local console name
    for console in "$case_dir"/*/console.log; do
        name="$(basename "$(dirname "$console")")"
        echo "$name: $(vm_mark "$name" failed-unit)"
        [[ -z $(vm_mark "$name" failed-unit) ]] || return 1
    done
}
