#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# networkd's name servers into resolv.conf, where nothing else writes one: at the cmdline hook, when there are none yet,
# and by cexluks-names.path each time that networkd learns of others. A name server with a port, or one that
# holds on one interface only, has no place in resolv.conf.

names=/run/cexluks-names
state=/run/systemd/netif/state

umask 022
mkdir -p "$names"
found=$(sed -n 's/^DNS=//p' "$state" 2> /dev/null | tr ' ' '\n' | sed -n -e 's/#.*//' -e '/^fe80:/d' \
    -e 's/^[0-9][0-9.]*$/nameserver &/p' -e 's/^[0-9a-fA-F]*:[0-9a-fA-F:.]*$/nameserver &/p')
if [ -n "$found" ]; then
    # a server that does not answer costs 2 seconds, not 5
    printf '%s\noptions timeout:2 attempts:2\n' "$found" > "$names/new"
else
    # whoever asks now hears at once that it is too early
    echo 'options timeout:0 attempts:1' > "$names/new"
fi
mv -f "$names/new" "$names/resolv.conf"
