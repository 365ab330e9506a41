#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Before cexluks-dracut goes, in both families of packages: says so when this machine opens volumes with it. The image
# of now is left as it is and goes on opening them; the next one that dracut makes would ask for passphrases.
# Never fails: whether it goes is not decided here.
set -e

# Volumes of this machine that have a binding, and "none" behind those that no passphrase or other program opens.
cexluks_bound_volumes() {
    {
        timeout 60 cexluks list
        while read -r _ source _; do
            case $source in
                '' | UUID=* | /dev/*) ;;
                /*) timeout 60 cexluks list "$source" ;;
            esac
        done </etc/crypttab
        echo / # ends the last one
    } 2>/dev/null | awk '
        /^\// { if (bound) print volume (others ? "" : " none"); volume = $1; bound = others = 0 }
        /^  keyslot [0-9]+: (kms:|card |keyfile:)/ { bound = 1; next }
        /^  keyslot / { others = 1 }'
}

cexluks_warn() {
    echo 'WARNING: this machine opens encrypted volumes with cexluks:'
    [ -z "$1" ] || echo "$1" | sed -e 's/^/    /' -e 's/ none$/ (NO passphrase opens it)/'
    for file in $2; do
        echo "    $file"
    done
    cat <<'END'
  The initramfs of now still holds cexluks and opens them. The next one that dracut makes, at an
  update of the kernel for example, will not: it asks for a passphrase.
  To go on:      install cexluks-dracut again before that.
  To go back:    have a passphrase for each volume (cryptsetup luksAddKey), remove the bindings
                 (cexluks unbind) and the configuration, then: dracut --force; on IBM Z: zipl
END
}

case ${1-} in
    remove | 0)
        cexluks_files=$(ls /etc/cexluks/cexluks.conf /etc/hpcs-for-luks.ini 2>/dev/null) || :
        cexluks_volumes=$(cexluks_bound_volumes) || :
        [ -z "$cexluks_files$cexluks_volumes" ] || cexluks_warn "$cexluks_volumes" "$cexluks_files" >&2 || :
        ;;
esac
