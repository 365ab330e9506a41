#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What runs check by itself: the plug-in of kernel-install, with the real helper and images that are none; timer and service.
# shellcheck source-path=SCRIPTDIR disable=SC2317 # functions are reached through check
source "$(dirname "$0")/lib.sh"
if [[ $EUID -ne 0 ]] || ! unshare -mp --fork true 2>/dev/null; then
    skip 'check by itself: needs root and namespaces'
    summary
fi

# --- kernel-install ---------------------------------------------------------------------------------------------------

etc="$ROOM/etc" staging="$ROOM/staging" entry="$ROOM/entry"
running="$ROOM/run"
mkdir -p "$etc/cexluks" "$staging" "$entry" "$running/systemd/system"
plugin() { # HELPER COMMAND
    CEXLUKS="$1" CEXLUKS_ETC="$etc" CEXLUKS_RUN="$running" KERNEL_INSTALL_STAGING_AREA="$staging" \
        kernel-install/55-cexluks-check.install "$2" 6.1-nowhere "$entry" /boot/vmlinuz >"$ROOM/out" 2>"$ROOM/err"
    status=$? out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
}
quiet() {
    same "$status$out$err" 0
}

echo 'no image' >"$staging/initrd"
plugin "$CEXLUKS" add
check 'without a configuration there is nothing to check' quiet
echo >"$etc/cexluks/cexluks.conf"
plugin "$CEXLUKS" remove
check 'nor when a kernel is removed' quiet
plugin "$ROOM/absent" add
check 'nor without the helper' quiet

running="$ROOM/build"
plugin "$CEXLUKS" add
check 'nor where systemd does not run, as in the build of an image' quiet
running="$ROOM/run"

helper="$ROOM/helper" # the real one, with a configuration, as this system may have none
printf '#!/bin/sh\nexec "%s" "$@" --config "%s"\n' "$CEXLUKS" "$etc/cexluks/cexluks.conf" >"$helper"
chmod 755 "$helper"
plugin "$helper" add
expect 'a bad image is told loudly, and installed' 0 'THE NEW INITRAMFS FOR 6.1-nowhere WOULD NOT OPEN' image-incomplete
touch "$etc/cexluks/refuse-bad-images"
plugin "$helper" add
expect 'or refused, if that is configured' 1 'WOULD NOT OPEN' 'It is not installed'
printf '#!/bin/sh\necho "$@"\n' >"$helper"
plugin "$helper" add
expect 'a good one is not' 0 "check --initramfs $staging/initrd"
rm "$staging/initrd"
plugin "$helper" add
check 'no image, no check' quiet
echo >"$entry/initrd"
plugin "$helper" add
expect 'the image of an older kernel-install' 0 "check --initramfs $entry/initrd"

# --- systemd ----------------------------------------------------------------------------------------------------------

if command -v systemd-analyze >/dev/null; then
    mkdir "$ROOM/units"
    sed "s|/usr/sbin/cexluks|$CEXLUKS|" units/cexluks-check.service >"$ROOM/units/cexluks-check.service"
    cp units/cexluks-check.timer "$ROOM/units/"
    check 'systemd finds no fault in timer and service' same \
        "$(systemd-analyze verify --man=no "$ROOM"/units/cexluks-check.{service,timer} 2>&1 | grep cexluks)" ''
    check 'the service is sandboxed' systemd-analyze security --no-pager --offline=yes --threshold=45 \
        "$ROOM/units/cexluks-check.service"
else
    skip 'timer and service: systemd-analyze is not installed'
fi
check 'nothing enables the timer' not grep -rq 'cexluks-check.timer' units dracut Makefile

summary
