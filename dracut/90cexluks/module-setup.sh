#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Unattended opening of encrypted volumes: the helper, what it needs, and when it runs. Hooks and units only
# say when; what happens then is the helper's business.

cexluks_has_config() {
    [[ -e ${dracutsysrootdir-}/etc/cexluks/cexluks.conf ]] || cexluks_has_old_config
}

# Of hpcs-for-luks: most who have it want its keys on the running system only, so it does not include this module.
cexluks_has_old_config() {
    [[ ! -e ${dracutsysrootdir-}/etc/cexluks/cexluks.conf && -e ${dracutsysrootdir-}/etc/hpcs-for-luks.ini ]]
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

# Whether the image needs a network: only a key management service does, never a card. In doubt it does; what is
# wrong with the configuration, install() says.
cexluks_needs_network() {
    cexluks_for_kdump && return 1
    cexluks_has_config || return 1
    cexluks_ask "${dracutsysrootdir-}" --image-files --needs-network > /dev/null 2>&1
    [[ $? -ne 15 ]]
}

cexluks_die() {
    dfatal "cexluks: $*"
    exit 1
}

# cexluks_can_have MODULE: whether a dependency would be met. In a subshell, because asking schedules modules.
cexluks_can_have() {
    [[ -d $(dracut_module_path "$1") ]] && (check_module "$1")
}

# Made by "make static": one file instead of a program with libraries. For FIPS the libraries are the point.
cexluks_static=/usr/lib/cexluks/cexluks-static

cexluks_is_static() {
    [[ -x ${dracutsysrootdir-}$cexluks_static ]] && ! dracut_module_included fips
}

# called by dracut
check() {
    local _module _needed="crypt"

    cexluks_has_config || return 255
    cexluks_has_old_config && return 255
    cexluks_for_kdump && return 255
    cexluks_needs_network && _needed+=" network"
    # dracut leaves out a module whose dependencies fail, and builds an image that cannot unlock.
    for _module in $_needed; do
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
    cexluks_needs_network && _deps+=" network"
    # last: it looks at what "network" chose
    echo "$_deps cexluks-late"
}

# called by dracut
installkernel() {
    local _mod _load=""

    # Which of them exist, and which are built in, differs by kernel; the helper knows at run time. The
    # last ones are for keyslots, which are encrypted with aes also where the volume is not.
    for _mod in ap zcrypt zcrypt_cex4 pkey pkey_cca pkey_ep11 pkey_pckmo pkey_uv paes_s390 phmac_s390 uvdevice \
        dm_mod dm_crypt algif_skcipher xts cbc aes_generic aes_s390; do
        hostonly='' instmods "$_mod"
    done

    # Loaded early by name, because nothing asks for them when a card appears, or for the handlers of pkey
    # when a program does. Naming one that does not exist would make systemd-modules-load fail. The drivers
    # first: pkey waits, once and for up to 30 seconds, until each queue has one.
    for _mod in dm_crypt algif_skcipher zcrypt_cex4 pkey pkey_cca pkey_ep11 pkey_pckmo paes_s390; do
        modprobe -q -n -d "${dracutsysrootdir-}/" -S "$kernel" "$_mod" 2> /dev/null && _load+="$_mod"$'\n'
    done
    mkdir -p "$initdir/usr/lib/modules-load.d"
    printf '%s' "$_load" > "$initdir/usr/lib/modules-load.d/cexluks.conf"
}

# One key less is no reason for no image: the helper says the same of a key that it can't read.
cexluks_is_key() {
    [[ $1 == /etc/cexluks/keys.d/?* || $1 == /var/lib/hpcs-for-luks/@(logon|user)/?* ]]
}

cexluks_install_config() {
    local _files _file

    _files=$(cexluks_ask "${dracutsysrootdir-}" --image-files) \
        || cexluks_die "an image made from this configuration could not work, see above"
    # a key of the keys directory may have blanks in its name, at the end too
    while IFS= read -r _file; do
        [[ -n $_file ]] || continue
        # not inst_simple, which in dracut 059 and 106 looks for it in the tree that builds, not in the one of --sysroot
        inst "$_file" && continue
        cexluks_is_key "$_file" || cexluks_die "$_file can not be copied into the image"
        dwarn "cexluks: $_file can not be copied; the image goes without"
    done <<< "$_files"
    # Modes are kept, and this one may be readable by others on the system that builds.
    _file=/etc/cexluks/cexluks.conf
    cexluks_has_old_config && _file=/etc/hpcs-for-luks.ini
    chmod 0600 "$initdir$_file"
}

cexluks_install_helper() {
    local _helper

    if cexluks_is_static; then
        inst "$cexluks_static" /usr/sbin/cexluks || cexluks_die "$cexluks_static can not be copied into the image"
    else
        _helper=$(find_binary cexluks) || cexluks_die "the program 'cexluks' is not installed"
        inst "$_helper" /usr/sbin/cexluks || cexluks_die "$_helper can not be copied into the image"
        cexluks_install_libs
    fi
}

# Libraries behind the helper load others that no ELF header names.
cexluks_install_libs() {
    inst_libdir_file 'libgcc_s.so.*'
    if dracut_module_included fips; then
        inst_libdir_file 'ossl-modules/fips.so'
        inst_multiple -o /etc/pki/tls/openssl.cnf /etc/pki/tls/fips_local.cnf /etc/ssl/openssl.cnf
    fi
}

# The helper looks names up; hooks bring interfaces up, and keep others from waiting for them.
cexluks_install_network() {
    local _units=${systemdsystemunitdir:-/usr/lib/systemd/system} _name

    if ! cexluks_is_static; then
        for _name in 'libnss_dns.so.*' 'libnss_files.so.*'; do
            inst_libdir_file "$_name"
        done
    fi
    if ! cexluks_is_static && [[ ! -e $initdir/etc/nsswitch.conf ]]; then
        printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' > "$initdir/etc/nsswitch.conf"
    fi
    if [[ ! -e $initdir/etc/hosts ]]; then
        printf '%s\n' '127.0.0.1 localhost' '::1 localhost' > "$initdir/etc/hosts"
    fi
    inst_hook cmdline 20 "$moddir/cexluks-need-network.sh"
    inst_hook pre-udev 65 "$moddir/cexluks-bound-network.sh"
    inst_hook cleanup 15 "$moddir/cexluks-end-network.sh"
    inst_script "$moddir/cexluks-ifup.sh" /sbin/cexluks-ifup
    inst_multiple mv sed setsid
    dracut_module_included systemd || return 0
    for _name in systemd-networkd-wait-online nm-wait-online-initrd NetworkManager-wait-online-initrd \
        cm-wait-online-initrd; do
        inst_simple "$moddir/wait-online.conf" "$_units/$_name.service.d/50-cexluks.conf"
    done
}

cexluks_install_units() {
    local _dir=${systemdsystemunitdir:-/usr/lib/systemd/system} _unit

    inst_multiple -o "$_dir/cryptsetup-pre.target"
    for _unit in cexluks-boot.service cexluks-retry.service cexluks-forget.service cexluks-refused.service; do
        inst "$_dir/$_unit" || cexluks_die "$_dir/$_unit is missing"
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
}

cexluks_install_hooks() {
    inst_multiple modprobe mv readlink setsid sleep tr
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
    cexluks_install_helper

    if cexluks_has_config && ! cexluks_for_kdump; then
        cexluks_install_config
    else
        # without one the helper has nothing to do
        mkdir -p "$initdir/etc/cexluks"
        echo '# none when this image was made: volumes are opened by card only' \
            > "$initdir/etc/cexluks/cexluks.conf"
        dinfo "cexluks: no configuration in this image, volumes are opened by card only"
    fi

    # These serve both kinds of image; all else is units or hooks, never both.
    inst_hook cleanup 25 "$moddir/cexluks-keep-refused.sh"
    inst_hook cleanup 30 "$moddir/cexluks-wipe.sh"
    inst_multiple mkdir rm
    cexluks_needs_network && cexluks_install_network
    if dracut_module_included systemd; then
        cexluks_install_units
    else
        cexluks_install_hooks
    fi
    dracut_need_initqueue
}
