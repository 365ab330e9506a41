#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Of the two processes of a verb only the net process speaks to a network: the core, which has the disks and the keys, is
# seen to make no socket for one, nor does anything else that it starts.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'a core without network' cryptsetup jq curl strace

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

traced() { # VERB ARGUMENT…
    strace -f -qq -o "$ROOM/trace" -e trace=execve,clone,clone3,fork,vfork,socket,socketpair,connect \
        "$CEXLUKS" "$@" --config "$CONF" >"$ROOM/out" 2>"$ROOM/err" </dev/null
    status=$? out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
}

for verb in 'pass' 'check' 'rotate'; do
    case $verb in
        pass) traced pass "$v" kms:prod ;;
        check) traced check "$v" ;;
        rotate) traced rotate "$v" ;;
    esac
    check "$verb: the net process speaks to the service" grep -q AF_INET <<<"$(families net)"
    check "$verb: the core makes no socket for a network" not grep -Eq 'AF_INET|AF_PACKET|AF_VSOCK' <<<"$(families core)"
done

summary
