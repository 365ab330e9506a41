#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Networks that are broken: name servers that don't answer, routes into nothing, no route, no interface. Each has its
# outcome within the budget. Runs in network and mount namespaces of its own, which end with it.
if [[ -z ${CEXLUKS_TEST_NAMESPACE-} && $EUID -eq 0 ]] && unshare -nm true 2>/dev/null; then
    CEXLUKS_TEST_NAMESPACE=1 exec unshare -nm --propagation private "${BASH_SOURCE[0]}" "$@"
fi
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'network' jq curl ip mount
if [[ -z ${CEXLUKS_TEST_NAMESPACE-} ]]; then
    skip 'network: needs root and network namespaces'
    summary
fi
if ! ip link set lo up || ! ip link add kms0 type veth peer name kms1 2>/dev/null; then
    skip 'network: the kernel makes no veth interfaces'
    summary
fi
ip link set kms0 up
ip link set kms1 up

BUDGET=2
sim_start --instance prod=key-protect --host kms.example --host iam.example || exit 1
port="${SIM_URL##*:}" iam_port="${SIM_IAM_URL##*:}"

conf() { # [LINE…]: a profile whose services have names
    sim_conf prod key-protect | sed "s,^endpoint.*,endpoint = https://kms.example:$port,
        s,^iam-endpoint.*,iam-endpoint = https://iam.example:$iam_port," >"$CONF"
    printf '%s\n' "$@" >>"$CONF"
}

resolver_is() { # LINE…: what resolv.conf says
    printf '%s\n' "$@" >"$ROOM/resolv.conf"
}

# The file that a link leads to would be another one's: a bind mount covers it in this namespace only.
resolver_is ''
printf 'hosts: files dns\n' >"$ROOM/nsswitch.conf"
printf '127.0.0.1 localhost\n' >"$ROOM/hosts"
chmod 711 "$ROOM"
chmod 644 "$ROOM/resolv.conf" "$ROOM/nsswitch.conf" "$ROOM/hosts"
for file in resolv.conf nsswitch.conf hosts; do
    [[ -e /etc/$file ]] || continue
    mount --bind "$ROOM/$file" "/etc/$file" || { skip 'network: no bind mounts here' && summary; }
done

ends_with() { # TITLE STATUS PART…: ping within the budget
    local started=${EPOCHREALTIME/./} took
    with_conf ping --timeout "$BUDGET"
    took=$(((${EPOCHREALTIME/./} - started) / 1000))
    expect "$@"
    check "$1: within the budget ($took ms)" test "$took" -le $((BUDGET * 1000 + 1500))
}

conf
ends_with 'no interface has an address' 17 no-network
ip addr add 192.0.2.2/24 dev kms0
resolver_is 'nameserver 192.0.2.53'
ends_with 'no route, and so no name server' 18 dns-failed 'iam.example'
ip route add default via 192.0.2.1
ends_with 'a name server that does not answer' 18 dns-failed 'iam.example' 'hint: ' 'address'
resolver_is 'nameserver 127.0.0.1'
ends_with 'a name server that is not there' 18 dns-failed 'iam.example'
resolver_is ''
conf 'address = 127.0.0.1, iam.example=127.0.0.1'
resolver_is 'nameserver 192.0.2.53'
ends_with 'fixed addresses need no name server' 0 'prod: ok'
conf 'address = 192.0.2.77, iam.example=192.0.2.77'
ends_with 'a host that does not answer' 24 kms-unreachable 'iam.example'
conf 'address = 127.0.0.1, iam.example=198.51.100.7'
ends_with 'a route into nothing' 24 kms-unreachable 'iam.example'
ip route add blackhole 198.51.100.0/25
ip route add unreachable 198.51.100.128/25
ends_with 'a black hole' 24 kms-unreachable 'iam.example'
ip route del default
conf 'address = 127.0.0.1, iam.example=203.0.113.7'
ends_with 'no route to the service' 17 no-network 'iam.example'
conf 'address = 127.0.0.1, iam.example=127.0.0.1'
sim_listener iam hang
ends_with 'a service that accepts and says nothing' 24 kms-unreachable
sim_listener iam down
ends_with 'a service that refuses connections' 24 kms-unreachable 'refused'
sim_listener iam up
ends_with 'a service that is there again' 0 'prod: ok'

# What comes later is waited for, within the budget.
ip addr flush dev kms0
resolver_is 'nameserver 192.0.2.53'
conf 'address = 127.0.0.1, iam.example=127.0.0.1'
sim_listener prod down
(
    sleep 1
    sim_listener prod up
) &
BUDGET=8
ends_with 'a service that comes a second later is found' 0 'prod: ok'
wait $!
summary
