#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# After an update, in both families of packages: the initramfs still holds the version of before. Nothing makes a new one
# here: IBM Z boots mapped blocks, so a new image without zipl right after it may be a machine that does not boot.
set -e

case ${1-}:${2-} in
    configure:?* | [2-9]:*)
        if [ -e /etc/cexluks/cexluks.conf ] && [ -d /usr/lib/dracut/modules.d/90cexluks ]; then
            echo 'cexluks: the initramfs holds the version of before, until: dracut --force; on IBM Z: zipl'
        fi
        ;;
esac
