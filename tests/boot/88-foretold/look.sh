# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the real root of the machine before its maintenance: what "cexluks check" says of the next boot, and of the images that
# might be booted. With the configuration where it belongs, because images are compared with it.
mount -o remount,rw /
cp -r etc/. /etc/
cp cexluks /usr/sbin/
for link in /dev/disk/by-uuid/c0ffee00-*; do
    echo "device $(readlink -f "$link") ${link##*/}"
done
/usr/sbin/cexluks check --json --timeout 20 | sed 's/^/system /'
for image in *.img; do
    /usr/sbin/cexluks check --initramfs "$PWD/$image" --json --timeout 20 | sed "s/^/${image%.img} /"
done
