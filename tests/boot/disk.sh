#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# disk.sh [OPTION]… OUT: make a LUKS2 disk image in a plain file, without device mapper.
#
#   --data             a small data volume (ext4 with one file) instead of a root
#   --plain            the root's file system itself, without LUKS
#   --passphrase P     the human's passphrase in keyslot 0 (default: "correct horse battery")
#   --pbkdf KIND       of that keyslot: pbkdf2 (default) or argon2id, both at small cost
#   --uuid UUID        of the LUKS header (default: the same for every disk of its kind)
#   --label LABEL      of the LUKS header
#   --cipher NAME      as the header names it (default: aes-xts-plain64, which the payload really is)
#   --wrap COMMAND     makes the header's volume key: called with a file that holds the clear one, and a file to write
#   --sector-size N    512 (default) or 4096
#   --size MIB         of the payload (default: 448 for a root, 16 for data)
#   --overlay DIR      files on top of the root, the marker's hooks for example
#   --root DIR         the tree to take the root from (default: what root.sh prints)
#   --key-out FILE     a copy of the clear volume key
#   --pattern-out FILE zkey's verification pattern of that key, 64 hexadecimal digits
#
# The encrypted payload depends on the volume key, not on the header: it is cached, and each OUT is a sparse copy
# with a fresh header in front. So disks with different headers cost a second each.
set -euo pipefail
# or a failure inside $(…) would not end anything
shopt -s inherit_errexit
export LC_ALL=C

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# 16 MiB, where cryptsetup puts the data of a LUKS2 volume by default
data_offset=16777216

say() {
    printf 'disk.sh: %s\n' "$*" >&2
}

kind=root passphrase='correct horse battery' pbkdf=pbkdf2 uuid='' label='' cipher=aes-xts-plain64
sector_size=512 size='' overlay='' tree='' key_out='' pattern_out='' wrap='' plain=no
while [[ ${1-} == --* ]]; do
    case $1 in
        --data) kind=data ;;
        --plain) plain=yes ;;
        --passphrase) passphrase=$2 && shift ;;
        --pbkdf) pbkdf=$2 && shift ;;
        --uuid) uuid=$2 && shift ;;
        --label) label=$2 && shift ;;
        --cipher) cipher=$2 && shift ;;
        --sector-size) sector_size=$2 && shift ;;
        --size) size=$2 && shift ;;
        --overlay) overlay=$2 && shift ;;
        --root) tree=$2 && shift ;;
        --wrap) wrap=$2 && shift ;;
        --key-out) key_out=$2 && shift ;;
        --pattern-out) pattern_out=$2 && shift ;;
        *) say "unknown option '$1'" && exit 2 ;;
    esac
    shift
done
if [[ $# -ne 1 ]]; then
    say "usage: disk.sh [OPTION]… OUT"
    exit 2
fi
out=$1

# Fixed, so that kernel command lines and configurations can be written down in the tests.
case $kind in
    root) fs_uuid=6f6f7421-0000-4000-8000-000000000001 default_uuid=c0ffee00-0000-4000-8000-000000000001 ;;
    data) fs_uuid=64617461-0000-4000-8000-000000000002 default_uuid=c0ffee00-0000-4000-8000-000000000002 ;;
esac
uuid=${uuid:-$default_uuid}
if [[ -z $size ]]; then
    if [[ $kind == root ]]; then size=448; else size=16; fi
fi

# The real root gets by with much less than the tree that dracut needs: no kernel, modules, Perl or package data.
populate_root() {
    local top="$1"
    rm -rf "${top:?}"/boot "${top:?}"/vmlinuz* "${top:?}"/usr/lib/modules "${top:?}"/usr/lib/dracut \
        "$top"/usr/share/{perl,perl5,doc,locale,zoneinfo,i18n,common-licenses,bash-completion,zsh,gcc} \
        "$top"/usr/lib/*-linux-gnu/{perl,perl-base,gconv} \
        "$top"/usr/lib/udev/{hwdb.d,hwdb.bin} "$top"/etc/udev/hwdb.d \
        "$top"/var/lib/{dpkg,apt} "$top"/var/cache/* "$top"/var/log/*
    install -D -m 0755 "$here/marker/boot-marker" "$top/usr/local/sbin/boot-marker"
    install -D -m 0644 "$here/marker/boot-marker.service" "$top/etc/systemd/system/boot-marker.service"
    mkdir -p "$top/etc/systemd/system/multi-user.target.wants" "$top/etc/systemd/journald.conf.d" \
        "$top/usr/local/lib/boot-marker.d"
    ln -sf ../boot-marker.service "$top/etc/systemd/system/multi-user.target.wants/"
    ln -sf /lib/systemd/system/multi-user.target "$top/etc/systemd/system/default.target"
    # What a machine that lives for one minute does not need. udev stays: it is part of what is tested.
    local unit
    for unit in getty@tty1.service getty.target serial-getty@ttyS0.service serial-getty@ttysclp0.service console-getty.service \
        apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
        fstrim.timer systemd-tmpfiles-clean.timer systemd-pstore.service systemd-logind.service \
        systemd-user-sessions.service systemd-update-utmp.service systemd-update-utmp-runlevel.service \
        systemd-random-seed.service systemd-machine-id-commit.service systemd-journal-flush.service \
        systemd-resolved.service systemd-networkd.service networking.service dbus.service dbus.socket \
        systemd-binfmt.service proc-sys-fs-binfmt_misc.automount dev-hugepages.mount dev-mqueue.mount \
        sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount \
        modprobe@drm.service modprobe@fuse.service modprobe@configfs.service; do
        ln -sf /dev/null "$top/etc/systemd/system/$unit"
    done
    printf '[Journal]\nStorage=volatile\n' >"$top/etc/systemd/journald.conf.d/volatile.conf"
    printf '%s\n' 6c75787465737400000000000000cafe >"$top/etc/machine-id"
    printf 'boottest\n' >"$top/etc/hostname"
    rm -f "$top/etc/fstab"
    # or the first boot would bring up to date what has not changed
    touch "$top/etc/.updated" "$top/var/.updated"
    if [[ -n $overlay ]]; then
        cp -a "$overlay/." "$top/"
    fi
}

populate_data() {
    printf 'the data volume\n' >"$1/witness"
}

# encrypt_payload DIR: disk.img of plain.img, with the key it makes and the pattern of that
encrypt_payload() {
    local tmp="$1"
    gcc -std=gnu17 -Wall -Wextra -O2 -o "$tmp/luksfill" "$here/luksfill.c" -lmbedcrypto
    # Known on purpose: these disks hold nothing, and a second implementation can be checked against them.
    printf 'cexluks boot test, %s volume' "$kind" | sha512sum \
        | cut -d ' ' -f 1 | tr -d '\n' | sed 's/../\\x&/g' | xargs -0 printf %b >"$tmp/volume.key"
    dumpe2fs "$tmp/plain.img" 2>/dev/null \
        | sed -n 's/^  Free blocks: //p' | grep -oE '[0-9]+(-[0-9]+)?' | sed -E 's/^([0-9]+)$/\1-\1/' \
        | "$tmp/luksfill" "$tmp/volume.key" "$sector_size" "$data_offset" \
            "$(dumpe2fs -h "$tmp/plain.img" 2>/dev/null | sed -n 's/^Block size: *//p')" \
            "$tmp/plain.img" "$tmp/disk.img"
    # The verification pattern is 32 zero bytes under the key with a zero tweak: the beginning of sector 0.
    truncate -s 4096 "$tmp/zeros"
    "$tmp/luksfill" "$tmp/volume.key" 512 0 4096 "$tmp/zeros" "$tmp/encrypted" </dev/null
    head -c 32 "$tmp/encrypted" | xxd -p -c 0 >"$tmp/pattern"
}

# Prints the cached payload's directory: volume.key, its pattern, and disk.img, a sparse file whose first 16 MiB are a
# hole.
payload() {
    local cache root='' inputs key dir tmp
    cache="${CEXLUKS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cexluks}"
    mkdir -p "$cache"
    if [[ $kind == root ]]; then
        root="${tree:-$("$here/root.sh")}"
    fi
    inputs="$(
        cat "$here/disk.sh" "$here/luksfill.c" "$here"/marker/*
        printf '%s\n' "$kind" "$root" "$sector_size" "$size" "$plain"
        if [[ -n $overlay ]]; then
            tar -C "$overlay" --sort=name --mtime=@0 --owner=0 --group=0 -cf - . | sha256sum
        fi
    )"
    key="$(sha256sum <<<"$inputs" | cut -c1-16)"
    dir="$cache/payload-$kind-$key"
    if [[ -d $dir ]]; then
        touch "$dir"
        printf '%s\n' "$dir"
        return
    fi
    local lock
    exec {lock}>"$dir.lock"
    flock "$lock"
    if [[ ! -d $dir ]]; then
        local started=$SECONDS
        rm -rf --one-file-system "$dir".tmp.*
        find "$cache" -maxdepth 1 -name 'payload-*' -mtime +14 -exec rm -rf --one-file-system {} +
        tmp="$dir.tmp.$$"
        mkdir "$tmp"
        mkdir "$tmp/upper" "$tmp/work" "$tmp/top"
        export -f populate_root populate_data
        # The overlay is mounted in a namespace of its own, so it can't outlive this command.
        # shellcheck disable=SC2016 # the inner shell expands these
        here="$here" overlay="$overlay" unshare -m bash -euo pipefail -c '
            kind=$1 root=$2 tmp=$3 fs_uuid=$4 size=$5
            if [[ -n $root ]]; then
                mount -t overlay overlay -o "lowerdir=$root,upperdir=$tmp/upper,workdir=$tmp/work" "$tmp/top"
            fi
            "populate_$kind" "$tmp/top"
            truncate -s "${size}M" "$tmp/plain.img"
            mke2fs -q -F -t ext4 -b 4096 -m 0 -O ^has_journal -E hash_seed=$fs_uuid,lazy_itable_init=1 -U "$fs_uuid" \
                -L "$kind" -d "$tmp/top" "$tmp/plain.img"' - "$kind" "$root" "$tmp" "$fs_uuid" "$size"
        if [[ $plain == yes ]]; then
            ln "$tmp/plain.img" "$tmp/disk.img"
        else
            encrypt_payload "$tmp"
        fi
        rm -rf --one-file-system "$tmp"/{upper,work,top,plain.img,luksfill,zeros,encrypted}
        mv -T "$tmp" "$dir"
        say "$kind payload made in $((SECONDS - started)) s: $(du -h "$dir/disk.img" | cut -f1)"
    fi
    exec {lock}>&-
    printf '%s\n' "$dir"
}

dir="$(payload)"
cp --reflink=auto --sparse=always "$dir/disk.img" "$out.tmp"
if [[ $plain == yes ]]; then
    mv "$out.tmp" "$out"
    exit 0
fi
kdf=(--pbkdf pbkdf2 --pbkdf-force-iterations 1000)
if [[ $pbkdf == argon2id ]]; then
    kdf=(--pbkdf argon2id --pbkdf-memory 32768 --pbkdf-parallel 1 --pbkdf-force-iterations 4)
fi
volume_key="$dir/volume.key"
if [[ -n $wrap ]]; then
    volume_key="$out.key"
    # shellcheck disable=SC2086 # a command with its arguments
    $wrap "$dir/volume.key" "$volume_key"
fi
printf '%s' "$passphrase" | cryptsetup luksFormat --type luks2 --batch-mode --key-file - \
    --volume-key-file "$volume_key" --key-size $((8 * $(stat -c %s "$volume_key"))) --cipher "$cipher" \
    --sector-size "$sector_size" --uuid "$uuid" ${label:+--label "$label"} "${kdf[@]}" "$out.tmp"
if [[ -n $wrap ]]; then
    rm "$volume_key"
fi
if [[ -n $key_out ]]; then
    cp "$dir/volume.key" "$key_out"
fi
if [[ -n $pattern_out ]]; then
    cp "$dir/pattern" "$pattern_out"
fi
mv "$out.tmp" "$out"
