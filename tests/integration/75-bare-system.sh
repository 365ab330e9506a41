#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A system that has next to nothing, as an initramfs may: no /etc, no entropy device, IPv6 alone, no CA, a clock that is
# decades off. Each has its outcome within the budget, with the dynamic and the static helper alike. What the helper needs
# to start (itself and its libraries, /proc, /dev/null) is put into a folder and run there with chroot.
if [[ -z ${CEXLUKS_TEST_NAMESPACE-} && $EUID -eq 0 ]] && unshare -nm true 2>/dev/null; then
    CEXLUKS_TEST_NAMESPACE=1 exec unshare -nm --propagation private "${BASH_SOURCE[0]}" "$@"
fi
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'a bare system' jq curl ip mount chroot ldd cryptsetup
if [[ -z ${CEXLUKS_TEST_NAMESPACE-} ]]; then
    skip 'a bare system: needs root and namespaces'
    summary
fi
if ! ip link set lo up || ! ip link add kms0 type veth peer name kms1 2>/dev/null; then
    skip 'a bare system: the kernel makes no veth interfaces'
    summary
fi
ip link set kms0 up
ip link set kms1 up
ip addr add 192.0.2.2/24 dev kms0

# --- the system -------------------------------------------------------------------------------------------------------

bare="$ROOM/bare"
mkdir -p "$bare"/{proc,dev,cexluks}
while read -r file; do
    mkdir -p "$bare${file%/*}"
    cp -L "$file" "$bare$file"
done < <(is_static || ldd "$CEXLUKS" | grep -o '/[^ ]*')
cp "$CEXLUKS" "$bare/cexluks/cexluks"
: >"$bare/dev/null"
trap 'umount -l "$bare/proc" "$bare/dev/"* 2>/dev/null; tidy_up' EXIT
if ! { mount -t proc proc "$bare/proc" && mount --bind /dev/null "$bare/dev/null"; }; then
    skip 'a bare system: no mounts here'
    summary
fi

LISTEN=127.0.0.1
begin() { # [kms-sim's options…]: a service that the bare system knows by the names kms.example and iam.example
    sim_start --listen "$LISTEN" --instance prod=key-protect --host kms.example --host iam.example "$@" || exit 1
    cp "$SIM_CA" "$bare/cexluks/ca.pem"
    install -m 600 "$SIM_API_KEY_FILE" "$bare/cexluks/api-key"
}

conf() { # [LINE…]
    sim_conf prod key-protect | sed "s,^endpoint.*,endpoint = https://kms.example:${SIM_URL##*:},
        s,^iam-endpoint.*,iam-endpoint = https://iam.example:${SIM_IAM_URL##*:},
        s,^ca-file.*,ca-file = /cexluks/ca.pem,; s,^api-key.*,api-key = file:/cexluks/api-key," >"$bare/cexluks/conf"
    printf '%s\n' "$@" >>"$bare/cexluks/conf"
}

BUDGET=3
there() { # TITLE STATUS PART… -- VERB ARGUMENT…: in the bare system, within the budget
    local expected=() started=${EPOCHREALTIME/./} took
    while [[ $1 != -- ]]; do
        expected+=("$1")
        shift
    done
    chroot "$bare" /cexluks/cexluks "${@:2}" --config /cexluks/conf --timeout "$BUDGET" </dev/null >"$ROOM/out" 2>"$ROOM/err"
    status=$? out="$(tr -d '\0' <"$ROOM/out")" err="$(<"$ROOM/err")"
    took=$(((${EPOCHREALTIME/./} - started) / 1000))
    sane "$ROOM/err" "${expected[0]}"
    expect "${expected[@]}"
    check "${expected[0]}: within the budget ($took ms)" test "$took" -le $((BUDGET * 1000 + 1500))
}

# --- no entropy device, no /etc ---------------------------------------------------------------------------------------

begin
addresses='address = 127.0.0.1, iam.example=127.0.0.1'
volume_make "$bare/volume"
sim_conf prod key-protect >"$CONF"
bind "$bare/volume" kms:prod
expect 'a volume is bound' 0
conf "$addresses"
check 'there is no device but null, and no /etc' same "$(cd "$bare" && echo dev/* etc*)" 'dev/null etc*'
there 'no entropy device, no /etc: the service answers' 0 'prod: ok' -- ping
there 'no entropy device: libcryptsetup needs one' 43 image-incomplete '/dev/urandom' 'hint: mount devtmpfs' -- pass /volume kms:prod
check 'no entropy device: no passphrase' test ! -s "$ROOM/out"
for device in random urandom; do
    : >"$bare/dev/$device"
    mount --bind "/dev/$device" "$bare/dev/$device"
done
there 'no /etc: a passphrase' 0 -- pass /volume kms:prod
check 'no /etc: it opens the volume' opens "$bare/volume" "$ROOM/out"
conf
there 'no resolv.conf: a name is not found' 18 dns-failed 'iam.example' 'hint: ' -- ping
mkdir "$bare/etc"
printf '%s\n' '127.0.0.1 kms.example iam.example' >"$bare/etc/hosts"
there 'no resolv.conf, but a hosts file' 0 'prod: ok' -- ping
rm -r "${bare:?}/etc"

# --- trust ------------------------------------------------------------------------------------------------------------

conf "$addresses"
rm "$bare/cexluks/ca.pem"
mark="$(sim_log length)"
there 'the CA file is missing' 11 config-error 'ca-file /cexluks/ca.pem does not exist' 'hint: ' -- ping
check 'the CA file is missing: nothing is sent' same "$(sim_log length)" "$mark"
: >"$bare/cexluks/ca.pem"
there 'the CA file is empty' 11 config-error 'no PEM certificate' 'hint: ' -- ping
there 'the CA file is empty: no passphrase' 11 config-error -- pass /volume kms:prod
sim_stop
# No program can be given a clock of its own; to one that is decades back, valid certificates begin in the future.
begin --iam-tls not-yet-valid
conf "$addresses"
there 'a clock before the certificate' 20 tls-clock 'iam.example' 'not valid at' 'hint: ' -- ping
check 'a clock before the certificate: gets no request' same "$(sim_requests length)" 0
sim_stop

# --- IPv6 alone -------------------------------------------------------------------------------------------------------

if ip -6 addr add 2001:db8::2/64 dev kms0 nodad 2>/dev/null && grep -q '^0*1 ' /proc/net/if_inet6; then
    ip addr del 192.0.2.2/24 dev kms0
    ip addr del 127.0.0.1/8 dev lo
    LISTEN=::1
    begin
    conf 'address = [::1], iam.example=[::1]'
    there 'IPv6 alone: fixed addresses' 0 'prod: ok' -- ping
    mkdir "$bare/etc"
    printf '%s\n' '::1 kms.example iam.example' >"$bare/etc/hosts"
    conf
    there 'IPv6 alone: a hosts file' 0 'prod: ok' -- ping
    printf '%s\n' '192.0.2.9 kms.example iam.example' '::1 kms.example iam.example' >"$bare/etc/hosts"
    echo 'multi on' >"$bare/etc/host.conf" # or glibc takes the first line alone
    there 'IPv6 alone: names that have an IPv4 address too' 0 'prod: ok' -- ping
    rm "$bare/etc/hosts"
    there 'IPv6 alone: no resolv.conf' 18 dns-failed 'iam.example' -- ping
    printf 'nameserver 2001:db8::53\n' >"$bare/etc/resolv.conf"
    there 'IPv6 alone: a name server that does not answer' 18 dns-failed 'iam.example' -- ping
    conf 'address = 192.0.2.9, iam.example=192.0.2.9'
    there 'IPv6 alone: an IPv4 address leads nowhere' 17 no-network 'iam.example' -- ping
    ip -6 addr del 2001:db8::2/64 dev kms0
    there 'link-local addresses are no network' 17 no-network -- ping
else
    skip 'IPv6 alone: this kernel has no IPv6'
fi
summary
