# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Source this file: what can be said about an unpacked image. Each says on stdout what it found wrong.

not() {
    ! "$@"
}

all() { # FILE…: they all exist
    local file
    for file; do
        [[ -e $file || -L $file ]] || { echo "missing: $file" && return 1; }
    done
}

none() { # FILE…: none exists
    local file
    for file; do
        [[ ! -e $file && ! -L $file ]] || { echo "there: $file" && return 1; }
    done
}

mode_is() { # MODE FILE
    [[ "$(stat -c %a:%u:%g "$2")" == "$1:0:0" ]] || { stat -c '%a %u:%g %n' "$2" && return 1; }
}

finds_none() { # FOLDER FIND-ARGUMENT…: no such file is in it
    local found
    found="$(find "$@")"
    [[ -z $found ]] || { printf 'there: %s\n' "$found" && return 1; }
}

units_of() { # IMAGE: its folder of units
    if [[ -e $1/usr/lib/systemd/system/cexluks-boot.service ]]; then
        echo "$1/usr/lib/systemd/system"
    else
        echo "$1/lib/systemd/system"
    fi
}

hooks_of() { # IMAGE: its folder of hooks, which moved with dracut 102
    if [[ -d $1/var/lib/dracut/hooks ]]; then
        echo "$1/var/lib/dracut/hooks"
    else
        echo "$1/usr/lib/dracut/hooks"
    fi
}

units_are_enabled() { # IMAGE: all units, and who starts them
    local units
    units="$(units_of "$1")"
    all "$units"/cexluks-{boot,retry,forget,refused}.service "$units/cryptsetup-pre.target" \
        "$1"/etc/systemd/system/initrd.target.wants/cexluks-{boot,retry}.service \
        "$units"/{emergency,rescue,dracut-emergency}.service.wants/cexluks-forget.service
}

drop_ins_fit() { # UNITS
    grep -q '^AssertPathExists=!/run/cexluks/refused/%I$' "$1/systemd-cryptsetup@.service.d/50-cexluks.conf" \
        && all "$1"/{systemd-networkd,nm}-wait-online*.service.d/50-cexluks.conf \
            "$1"/{,remote-}cryptsetup.target.d/50-cexluks.conf
}

names_from_networkd() { # IMAGE: where nothing else writes a resolv.conf
    local units
    units="$(units_of "$1")"
    all "$units"/cexluks-names.{path,service} "$units/systemd-networkd.service.wants/cexluks-names.path" \
        && [[ -x $1/sbin/cexluks-names && $(readlink "$1/etc/resolv.conf") == ../run/cexluks-names/resolv.conf ]]
}

plain_hooks_are_there() { # IMAGE: the hooks of an image without systemd, and what they call
    local hooks
    hooks="$(hooks_of "$1")"
    all "$hooks/pre-trigger/20-cexluks-modules.sh" \
        "$hooks"/{initqueue/20-cexluks-start,initqueue/settled/10-cexluks-park,initqueue/finished/10-cexluks-decided}.sh \
        "$hooks"/{emergency/10,shutdown-emergency/10,cleanup/20}-cexluks-forget.sh \
        "$hooks"/cleanup/{25-cexluks-keep-refused,30-cexluks-wipe}.sh "$1/lib/cexluks-lib.sh" \
        "$1"/usr/{sbin/modprobe,bin/mkdir,bin/mv,bin/readlink,bin/rm,bin/setsid,bin/sleep,bin/tr}
}

network_hooks_are_there() { # IMAGE
    local hooks
    hooks="$(hooks_of "$1")"
    all "$hooks"/{cmdline/20-cexluks-need-network,pre-udev/65-cexluks-bound-network,cleanup/15-cexluks-end-network}.sh \
        "$1"/usr/{sbin/cexluks-ifup,bin/sed,bin/setsid,bin/mv} "$1/etc/hosts"
}

sh_reads() { # IMAGE
    local hook hooks
    hooks="$(hooks_of "$1")"
    for hook in "$hooks"/{,*/,*/*/}*cexluks* "$1/usr/lib/cexluks-lib.sh" "$1/usr/sbin/cexluks-ifup"; do
        [[ ! -e $hook ]] || dash -n "$hook" || return 1
    done
}

modules_load_fits() { # IMAGE KVER: each name in the list exists in the image, or in the kernel; both that are everywhere do
    local name list="$1/usr/lib/modules-load.d/cexluks.conf"
    [[ "$(grep -cx -e dm_crypt -e algif_skcipher "$list")" == 2 ]] || { cat "$list" && return 1; }
    while read -r name; do
        modprobe -n -q -d "$1" -S "$2" "$name" || { echo "$name is not in the image" && return 1; }
    done < "$list"
}

no_secret_readable() { # IMAGE TEXT
    local file
    while IFS= read -r file; do
        [[ "$(stat -c %a "$file")" == *00 ]] || { echo "readable: $file" && return 1; }
    done < <(grep -rl "$2" "$1" || true)
}

no_network() { # IMAGE
    finds_none "$1" '(' -name 'systemd-networkd*' -o -name dhclient -o -name NetworkManager -o -name nm-initrd-generator \
        -o -name 'cexluks-*network*' -o -name cexluks-ifup ')'
}

nothing_of_ours() { # IMAGE
    finds_none "$1" -iname '*cexluks*'
}
