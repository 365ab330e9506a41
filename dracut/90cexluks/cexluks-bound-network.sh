#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pre-udev, after network-legacy's net-genrules (60): when nobody but us asked for the network, nothing may
# wait for it. Here, because all hooks that could ask have run, and neither udev nor a network service has.

command -v getargbool > /dev/null || . /lib/dracut-lib.sh

# Whether rd.neednet is true without our own file.
_cexluks_others_need_network() {
    local _ours=/etc/cmdline.d/20-cexluks.conf
    local _ret=1

    mv "$_ours" "$_ours.aside"
    getargbool 0 rd.neednet && _ret=0
    mv "$_ours.aside" "$_ours"
    return $_ret
}

# dracut's networkd module of 059 has no configuration of its own when the command line has no ip=; newer
# ones bring the same.
_cexluks_networkd_default() {
    local _file

    [ -e /usr/lib/systemd/systemd-networkd ] || [ -e /lib/systemd/systemd-networkd ] || return 0
    getarg ip= > /dev/null && return 0
    for _file in /run/systemd/network/*.network /etc/systemd/network/*.network; do
        [ -e "$_file" ] && return 0
    done
    mkdir -p /run/systemd/network
    printf '%s\n' '[Match]' 'Kind=!*' 'Type=!loopback' '' '[Network]' 'DHCP=yes' '' '[DHCPv4]' \
        'ClientIdentifier=mac' > /run/systemd/network/zzzz-cexluks-default.network
}

# network-legacy: its jobs hold the queue through carrier detection and DHCP, and finished hooks hold it
# until an interface is up.
_cexluks_legacy_in_background() {
    local _iface _ifaces _rules

    rm -f "$hookdir/initqueue/finished/wait-network.sh"
    [ -e /tmp/net.ifaces ] && read -r _ifaces < /tmp/net.ifaces
    for _iface in $_ifaces; do
        rm -f "$hookdir/initqueue/finished/wait-$_iface.sh"
    done
    for _rules in /etc/udev/rules.d/90-net.rules /etc/udev/rules.d/91-default-net.rules; do
        [ -e "$_rules" ] && sed -i 's,/sbin/ifup ,/sbin/cexluks-ifup ,' "$_rules"
    done
}

if [ -e /etc/cmdline.d/20-cexluks.conf ] && getargbool 0 rd.neednet; then
    _cexluks_networkd_default
    if [ -z "$netroot" ] && ! _cexluks_others_need_network; then
        mkdir -p /run/cexluks
        : > /run/cexluks/network-only-for-us
        _cexluks_legacy_in_background
    fi
fi
