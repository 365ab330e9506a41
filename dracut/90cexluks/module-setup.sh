#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Unattended opening of encrypted volumes: the helper, what it needs, and when it runs. Hooks and units only
# say when; what happens then is the helper's business.

cexluks_has_config() {
    [[ -e ${dracutsysrootdir-}/etc/cexluks/cexluks.conf ]]
}

# A dump image opens volumes by card only: no credential and no network in it.
cexluks_for_kdump() {
    [[ -n ${IN_KDUMP-} || " ${dracutmodules-} ${add_dracutmodules-} ${force_add_dracutmodules-} " =~ \ kdump(base)?\  ]]
}

# Prints what the helper says about the tree at $1; it is the one of this machine, which may build for another.
cexluks_ask() {
    local _root=$1
    shift
    "$(type -P cexluks || echo /usr/sbin/cexluks)" boot "$@" ${_root:+--sysroot "$_root"}
}

cexluks_die() {
    dfatal "cexluks: $*"
    exit 1
}

# cexluks_can_have MODULE: whether a dependency would be met. In a subshell, because asking schedules modules.
cexluks_can_have() {
    [[ -d $(dracut_module_path "$1") ]] && (check_module "$1")
}

# called by dracut
check() {
    local _module

    cexluks_has_config || return 255
    cexluks_for_kdump && return 255
    # dracut leaves out a module whose dependencies fail, and builds an image that cannot unlock.
    for _module in crypt network; do
        cexluks_can_have "$_module" \
            || cexluks_die "dracut's module '$_module' is missing or cannot be installed, see above"
    done
    return 0
}

# called by dracut
depends() {
    local _deps="crypt" _module

    # modules of their own only in newer versions
    if dracut_module_included systemd; then
        for _module in systemd-cryptsetup systemd-modules-load; do
            cexluks_can_have "$_module" > /dev/null && _deps+=" $_module"
        done
    fi
    cexluks_can_have initqueue > /dev/null && _deps+=" initqueue"
    cexluks_for_kdump || _deps+=" network"
    # last: it looks at what "network" chose
    echo "$_deps cexluks-late"
}

# called by dracut
installkernel() {
    local _mod _load=""

    # Which of them exist, and which are built in, differs by kernel; the helper knows at run time.
    for _mod in dm_mod dm_crypt algif_skcipher zcrypt zcrypt_cex4 pkey pkey_cca pkey_ep11 pkey_pckmo pkey_uv \
        paes_s390 phmac_s390 uvdevice; do
        hostonly='' instmods "$_mod"
    done

    # Loaded early by name, because nothing asks for them when a card appears. Naming one that does not
    # exist would make systemd-modules-load fail.
    for _mod in dm_crypt algif_skcipher zcrypt_cex4 pkey pkey_cca pkey_ep11 paes_s390; do
        modprobe -q -n -d "${dracutsysrootdir-}/" -S "$kernel" "$_mod" 2> /dev/null && _load+="$_mod"$'\n'
    done
    mkdir -p "$initdir/usr/lib/modules-load.d"
    printf '%s' "$_load" > "$initdir/usr/lib/modules-load.d/cexluks.conf"
}

cexluks_install_config() {
    local _files _file

    _files=$(cexluks_ask "${dracutsysrootdir-}" --image-files) \
        || cexluks_die "an image made from this configuration could not work, see above"
    while read -r _file; do
        [[ -n $_file ]] || continue
        inst_simple "$_file" || cexluks_die "$_file can not be copied into the image"
    done <<< "$_files"
    # Modes are kept, and this one may be readable by others on the system that builds.
    chmod 0600 "$initdir/etc/cexluks/cexluks.conf"
}

# The helper looks names up, and libraries behind it load others that no ELF header names.
cexluks_install_libs() {
    local _lib

    for _lib in 'libnss_dns.so.*' 'libnss_files.so.*' 'libgcc_s.so.*'; do
        inst_libdir_file "$_lib"
    done
    if dracut_module_included fips; then
        inst_libdir_file 'ossl-modules/fips.so'
        inst_multiple -o /etc/pki/tls/openssl.cnf /etc/pki/tls/fips_local.cnf /etc/ssl/openssl.cnf
    fi
    if [[ ! -e $initdir/etc/nsswitch.conf ]]; then
        printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' > "$initdir/etc/nsswitch.conf"
    fi
    if [[ ! -e $initdir/etc/hosts ]]; then
        printf '%s\n' '127.0.0.1 localhost' '::1 localhost' > "$initdir/etc/hosts"
    fi
}

cexluks_install_units() {
    local _dir=${systemdsystemunitdir:-/usr/lib/systemd/system} _unit

    inst_multiple -o "$_dir/cryptsetup-pre.target"
    for _unit in cexluks-boot.service cexluks-retry.service cexluks-forget.service cexluks-refused.service; do
        inst_simple "$_dir/$_unit" || cexluks_die "$_dir/$_unit is missing"
    done
    $SYSTEMCTL -q --root "$initdir" add-wants initrd.target cexluks-boot.service cexluks-retry.service \
        || cexluks_die "the units can not be enabled in the image"
    for _unit in emergency.service rescue.service dracut-emergency.service; do
        mkdir -p "$initdir$_dir/$_unit.wants"
        ln -sf ../cexluks-forget.service "$initdir$_dir/$_unit.wants/cexluks-forget.service"
    done

    inst_simple "$moddir/refused.conf" "$_dir/systemd-cryptsetup@.service.d/50-cexluks.conf"
    for _unit in cryptsetup remote-cryptsetup; do
        inst_simple "$moddir/on-refused.conf" "$_dir/$_unit.target.d/50-cexluks.conf"
    done
    for _unit in systemd-networkd-wait-online nm-wait-online-initrd NetworkManager-wait-online-initrd \
        cm-wait-online-initrd; do
        inst_simple "$moddir/wait-online.conf" "$_dir/$_unit.service.d/50-cexluks.conf"
    done
}

cexluks_install_hooks() {
    inst_multiple modprobe readlink sleep tr
    inst_simple "$moddir/cexluks-lib.sh" /lib/cexluks-lib.sh
    inst_hook pre-trigger 20 "$moddir/cexluks-modules.sh"
    inst_hook initqueue 20 "$moddir/cexluks-start.sh"
    inst_hook initqueue/settled 10 "$moddir/cexluks-park.sh"
    inst_hook initqueue/finished 10 "$moddir/cexluks-decided.sh"
    inst_hook emergency 10 "$moddir/cexluks-forget.sh"
    inst_hook shutdown-emergency 10 "$moddir/cexluks-forget.sh"
    inst_hook cleanup 20 "$moddir/cexluks-forget.sh"
}

# called by dracut
install() {
    local _helper

    _helper=$(find_binary cexluks) || cexluks_die "the program 'cexluks' is not installed"
    inst "$_helper" /usr/sbin/cexluks || cexluks_die "$_helper can not be copied into the image"
    cexluks_install_libs

    if cexluks_for_kdump; then
        dinfo "cexluks: an image for kdump holds no configuration and no credential"
    elif cexluks_has_config; then
        cexluks_install_config
    else
        dwarning "cexluks: no /etc/cexluks/cexluks.conf, so this image uses no key management service"
    fi

    # These serve both kinds of image; all else is units or hooks, never both.
    inst_hook cleanup 25 "$moddir/cexluks-keep-refused.sh"
    inst_hook cmdline 20 "$moddir/cexluks-need-network.sh"
    inst_hook pre-udev 65 "$moddir/cexluks-bound-network.sh"
    inst_hook cleanup 15 "$moddir/cexluks-end-network.sh"
    inst_script "$moddir/cexluks-ifup.sh" /sbin/cexluks-ifup
    inst_multiple mkdir mv rm sed setsid
    if dracut_module_included systemd; then
        cexluks_install_units
    else
        cexluks_install_hooks
    fi
    dracut_need_initqueue
}
