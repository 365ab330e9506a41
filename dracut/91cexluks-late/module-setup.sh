#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The part of cexluks that has to come after "crypt", which writes the image's crypttab anew, and after
# "network" has chosen its backend. 90cexluks sorts before 90crypt, where dracut up to 107 has it.

# called by dracut
check() {
    return 255
}

# Whether a service is known by name only. In doubt it is.
cexluks_late_needs_names() {
    "$(type -P cexluks || echo /usr/sbin/cexluks)" boot --needs-names ${dracutsysrootdir:+--sysroot "$dracutsysrootdir"} \
        > /dev/null 2>&1
    [[ $? -ne 15 ]]
}

# networkd writes no resolv.conf. Whether it brings the network and nobody else does: others write one.
cexluks_late_only_networkd() {
    local _module

    dracut_module_included systemd-networkd || return 1
    for _module in systemd-resolved network-manager network-legacy connman; do
        dracut_module_included "$_module" && return 1
    done
    return 0
}

# Prints the tree's crypttab line for the volume with UUID $1 as an initramfs needs it: the name and the options of
# the real root, without a key file and without _netdev, which would make it wait for what waits for it.
cexluks_late_line_of_root() {
    local _name _source _options

    [[ -e ${dracutsysrootdir-}/etc/crypttab ]] || return 1
    while read -r _name _source _ _options || [[ -n $_name ]]; do
        [[ ${_source,,} == "uuid=${1,,}" || ${_source,,} == "/dev/disk/by-uuid/${1,,}" ]] || continue
        _options=,${_options%%[[:space:]]*},
        _options=${_options//,_netdev,/,}
        _options=${_options#,}
        _options=${_options%,}
        printf '%s UUID=%s none %s\n' "$_name" "$1" "${_options:-luks}"
        return 0
    done < "${dracutsysrootdir-}/etc/crypttab"
    return 1
}

# What networkd knows of name servers becomes a resolv.conf: a tenth of what systemd-resolved would add. The file is
# elsewhere, so that the helper's network process may read its folder only. Who brings a file of his own keeps it.
cexluks_late_install_names() {
    local _units=${systemdsystemunitdir:-/usr/lib/systemd/system} _unit

    [[ -e $initdir/etc/resolv.conf || -L $initdir/etc/resolv.conf ]] && return 0
    [[ " ${install_items-} ${install_optional_items-} " == *\ /etc/resolv.conf\ * ]] && return 0
    ln -s ../run/cexluks-names/resolv.conf "$initdir/etc/resolv.conf"
    inst_script "$moddir/cexluks-names.sh" /sbin/cexluks-names
    inst_multiple mkdir mv sed tr
    for _unit in cexluks-names.path cexluks-names.service; do
        inst_simple "$_units/$_unit" || { dfatal "cexluks: $_units/$_unit is missing" && exit 1; }
    done
    mkdir -p "$initdir$_units/systemd-networkd.service.wants"
    ln -sf ../cexluks-names.path "$initdir$_units/systemd-networkd.service.wants/cexluks-names.path"
}

# called by dracut
install() {
    local _lines _line _source _options _uuid

    [[ -e $initdir/etc/cexluks/cexluks.conf || -e $initdir/etc/hpcs-for-luks.ini ]] || return 0
    if cexluks_late_only_networkd && cexluks_late_needs_names; then
        cexluks_late_install_names
    fi
    # asked about the image, where configuration and crypttab are now what the boot will see
    _lines=$("$(type -P cexluks || echo /usr/sbin/cexluks)" boot --crypttab --sysroot "$initdir") || {
        dfatal "cexluks: no crypttab lines for the configured volumes, see above"
        exit 1
    }
    [[ -n $_lines ]] || return 0
    while read -r _line; do
        read -r _ _source _ _options <<< "$_line"
        _uuid=${_source#UUID=}
        [[ -n $_uuid ]] || continue
        cexluks_late_line_of_root "$_uuid" || printf '%s\n' "$_line"
        # Without systemd a crypttab line names a volume, but only this word makes dracut ask for it.
        if ! dracut_module_included systemd && [[ ",$_options," != *,nofail,* ]]; then
            mkdir -p "$initdir/etc/cmdline.d"
            printf 'rd.luks.uuid=luks-%s\n' "$_uuid" >> "$initdir/etc/cmdline.d/91-cexluks.conf"
        fi
    done <<< "$_lines" >> "$initdir/etc/crypttab"
}
