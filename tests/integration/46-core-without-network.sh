#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Of the two processes of a verb only the net process speaks to a network: the core, which has the disks and the keys, is
# seen to make no socket for one, nor does anything else that it starts.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'a core without network' cryptsetup jq curl strace keyctl unshare

sim_start --instance prod=key-protect || exit 1
sim_conf prod key-protect >"$CONF"
v="$ROOM/volume"
volume_make "$v"
bind "$v" kms:prod
expect 'a volume is bound' 0

families() { # net or core: which kinds of sockets its processes made, of the trace
    awk -v who="$1" '
        /execve\(.*"net-child"/ { net[$1] = 1 }
        /(clone|clone3|fork|vfork)(\(| resumed).* = [0-9]+$/ && $1 in net { net[$NF] = 1 }
        NR == FNR { next }
        match($0, /socket(pair)?\([A-Z_0-9]+/) {
            family = substr($0, RSTART, RLENGTH)
            sub(/.*\(/, "", family)
            if ((who == "net") == ($1 in net)) seen[family] = 1
        }
        END { for (family in seen) print family }' "$ROOM/trace" "$ROOM/trace" | sort | tr '\n' ' '
}

# what looks for leaks is a tracer as well, and there can be one
strace=(env "ASAN_OPTIONS=detect_leaks=0" strace -f -qq -o "$ROOM/trace" -e 'trace=execve,clone,clone3,fork,vfork,socket,socketpair,connect')

traced() { # VERB ARGUMENT…
    "${strace[@]}" "$CEXLUKS" "$@" --config "$CONF" >"$ROOM/out" 2>"$ROOM/err" </dev/null
    status=$? out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
}

# As in an initramfs, with keyring and /run of its own.
traced_boot() {
    local etc="$ROOM/root/etc"
    mkdir -p "$etc/cexluks"
    { printf '[cexluks]\nopen = systemd\n' && sed "s,^ca-file.*,ca-file = /etc/cexluks/ca.pem," "$CONF"; } |
        sed "s,^api-key.*,api-key = file:/etc/cexluks/api-key," >"$etc/cexluks/cexluks.conf"
    cp "$SIM_CA" "$etc/cexluks/ca.pem"
    install -m 600 "$SIM_API_KEY_FILE" "$etc/cexluks/api-key"
    printf 'late %s none luks\n' "$v" >"$etc/crypttab"
    unshare -Urmpf --mount-proc keyctl session - sh -c 'mount -t tmpfs none /run && exec "$@"' - \
        "${strace[@]}" "$CEXLUKS" boot --sysroot "$ROOM/root" >"$ROOM/out" 2>"$ROOM/err" </dev/null
    status=$? out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
}

verbs='pass check rotate bind'
if unshare -Urmpf --mount-proc keyctl session - true 2>/dev/null; then
    verbs+=' boot'
else
    skip 'boot: no user namespaces with a keyring of their own here'
fi
for verb in $verbs; do
    case $verb in
        pass) traced pass "$v" kms:prod ;;
        check) traced check "$v" ;;
        rotate) traced rotate "$v" ;;
        bind) volume_make "$v.new" && traced bind "$v.new" kms:prod --key-file "$(key_file)" ;;
        boot) traced_boot ;;
    esac
    expect "$verb does its work" 0
    check "$verb: the net process speaks to the service" grep -q AF_INET <<<"$(families net)"
    check "$verb: the core makes no socket for a network" not grep -Eq 'AF_INET|AF_PACKET|AF_VSOCK' <<<"$(families core)"
done

summary
