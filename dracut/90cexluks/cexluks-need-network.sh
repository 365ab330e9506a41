#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cmdline: ask for the network when a key management service may be needed in this boot. Before the hooks of
# all network backends (95 to 99), which read rd.neednet; the kernel's own command line comes later in
# getarg's eyes and still wins. What is wrong with the configuration, "boot" says later, where it is read.

command -v getargbool > /dev/null || . /lib/dracut-lib.sh

# who asks for a name before networkd knows a server shall hear so
[ ! -x /sbin/cexluks-names ] || /sbin/cexluks-names

if /usr/sbin/cexluks boot --needs-network 2> /dev/null; then
    mkdir -p /etc/cmdline.d
    echo 'rd.neednet=1' > /etc/cmdline.d/20-cexluks.conf
fi
