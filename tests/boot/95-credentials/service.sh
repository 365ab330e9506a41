# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# To be sourced, in the real root: the service as it is installed, and what came of starting it. Run by itself it does
# nothing.

say() { # WHAT: before each line
    local line
    while IFS= read -r line; do
        printf '%s: %s\n' "$1" "$line"
    done
}

begin() {
    local card
    mount -o remount,rw /
    # what the initramfs knew of the network went with it
    card="$(basename "$(ls -d /sys/class/net/e*)")"
    ip address add 10.0.2.15/24 dev "$card" 2>/dev/null
    ip link set "$card" up
    install -m 755 cexluks /usr/sbin/cexluks
    install -D -m 644 ca.pem /etc/cexluks/ca.pem
    install -m 644 cexluks-load.service /etc/systemd/system/
    # tcsd listens there, and TrouSerS asks for it by name
    ip link set lo up
    printf '127.0.0.1 localhost\n' >/etc/hosts
    install -D -m 600 key /etc/cexluks/keys.d/user/test:key
    # the boot of this root asked nobody to wait for a network
    systemctl mask -q network-online.target
    systemctl daemon-reload
}

configure() { # LINE: for the API key
    sed "s,^@api-key@,$1," cexluks.conf >/etc/cexluks/cexluks.conf
}

load() { # WHAT
    local since
    since="$(date '+%F %T')"
    sleep 1 # the journal is asked by the second
    cexluks forget >/dev/null
    systemctl start cexluks-load.service 2>/dev/null
    {
        journalctl -q -o cat --since "$since" -t cexluks
        echo "status $(systemctl show -P ExecMainStatus cexluks-load.service)"
        # shellcheck disable=SC2016 # for the inner shell
        keyctl session - sh -c 'keyctl link @u @s; keyctl list @u' 2>&1 | sed -n 's/.*user: /key /p'
    } | say "$1"
}
