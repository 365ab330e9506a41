#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Four planted secrets (a person's passphrase, the API key, the bearer token, the passphrase of a binding) are searched
# for, raw and in the usual disguises, in all that the program says, leaves behind, and shows of itself while it runs.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'secrets' cryptsetup jq curl xxd

PASSPHRASE='Quagga+planted/77=&% horse'
api_key='Planted-Api+Key/42=&%end'
sim_start --instance prod=key-protect --api-key "$api_key" || exit 1

# --- the search -------------------------------------------------------------------------------------------------------

mkdir "$ROOM/secrets" "$ROOM/seen"
printf '%s' "$PASSPHRASE" >"$ROOM/secrets/passphrase"
printf '%s' "$api_key" >"$ROOM/secrets/api-key"

hex() {
    xxd -p | tr -d '\n'
}

escaped() { # [xxd's options…]: every byte of standard input as %XX
    xxd -p "$@" | tr -d '\n' | sed 's/../%&/g'
}

disguises() { # FILE: one name and one pattern, in hexadecimal, per line
    local shift cut
    printf 'raw %s\n' "$(hex <"$1")"
    printf 'hex %s\nHEX %s\n' "$(hex <"$1" | hex)" "$(xxd -p -u <"$1" | tr -d '\n' | hex)"
    printf 'url %s\nURL %s\n' "$(escaped <"$1" | hex)" "$(escaped -u <"$1" | hex)"
    printf 'form %s\n' "$(jq -sRr @uri <"$1" | tr -d '\n' | hex)"
    # base64 of something that holds the secret at any place; characters shared with neighbours are left out
    for shift in 0 1 2; do
        cut=$(((shift * 8 + 5) / 6))
        { head -c "$shift" /dev/zero && cat "$1"; } | base64 -w0 | sed -E "s/^.{$cut}//; s/.=+\$//" >"$ROOM/base64"
        printf 'base64-%s %s\nbase64url-%s %s\n' "$shift" "$(hex <"$ROOM/base64")" "$shift" \
            "$(tr '+/' '-_' <"$ROOM/base64" | hex)"
    done
}

patterns() { # all disguises of all secrets: NAME DISGUISE PATTERN
    local secret
    for secret in "$ROOM/secrets"/*; do
        disguises "$secret" | sed "s/^/${secret##*/} /"
    done
}

found_in() { # FILE…: names what of which secret is where
    local file secret name pattern
    patterns >"$ROOM/patterns"
    cut -d' ' -f3 "$ROOM/patterns" >"$ROOM/patterns-only"
    ! cat "$@" | hex | grep -qF -f "$ROOM/patterns-only" || for file; do
        hex <"$file" >"$ROOM/haystack"
        while read -r secret name pattern; do
            ! grep -qF -- "$pattern" "$ROOM/haystack" || echo "$secret ($name) in ${file#"$ROOM/"}"
        done <"$ROOM/patterns"
    done
}

nothing_in() { # TITLE FILE…
    check "$1" same "$(found_in "${@:2}")" ''
}

printf 'x%s' "$api_key" | base64 -w0 >"$ROOM/control"
printf 'Y%sY' "$(escaped -u <"$ROOM/secrets/passphrase")" >>"$ROOM/control"
check 'the search finds what is there' same "$(found_in "$ROOM/control" | cut -d' ' -f1,2 | tr '\n' ' ')" \
    'api-key (base64-1) api-key (base64url-1) passphrase (URL) '

# --- every verb, talking as much as it can ----------------------------------------------------------------------------

# A system of its own below $ROOM/root, where boot and load find the volume through crypttab.
etc="$ROOM/root/etc"
mkdir -p "$etc/cexluks"
install -m 600 /dev/null "$etc/cexluks/api-key"
printf '%s\n' "$api_key" >"$etc/cexluks/api-key"
cp "$SIM_CA" "$etc/cexluks/ca.pem"
sim_conf prod key-protect | sed "s,^api-key.*,api-key = file:/etc/cexluks/api-key,
    s,^ca-file.*,ca-file = /etc/cexluks/ca.pem," >"$etc/cexluks/cexluks.conf"
v="$ROOM/volume" key="$(key_file)"
volume_make "$v"
printf 'planted %s none luks\n' "$v" >"$etc/crypttab"
n=0

says() { # VERB ARGUMENT…: keeps what it says for the search. Standard output counts, but for the two that are filters.
    local verb=$1
    n=$((n + 1))
    "$CEXLUKS" "$@" --sysroot "$ROOM/root" --debug >"$ROOM/out" 2>"$ROOM/seen/$n-$verb.err"
    status=$?
    [[ $verb == pass || $verb == unwrap ]] || cp "$ROOM/out" "$ROOM/seen/$n-$verb.out"
    sane "$ROOM/seen/$n-$verb.err" "$*"
}

says bind "$v" kms:prod --key-file "$key" --header-backup "$ROOM/backup" </dev/null
check 'bind works' test "$status" -eq 0
says bind "$v" kms:prod --key-file "$key" </dev/null
says pass "$v" kms:prod </dev/null
check 'pass works' test "$status" -eq 0
cp "$ROOM/out" "$ROOM/secrets/binding"
says wrap prod <"$key"
cp "$ROOM/out" "$ROOM/wrapped"
says unwrap prod <"$ROOM/wrapped"
check 'unwrap gives the secret to standard output and nowhere else' cmp "$ROOM/out" "$key"
says list "$v" </dev/null
says list "$v" --json </dev/null
says ping </dev/null
says key list --json </dev/null
says key create prod name-of-a-key </dev/null
says open "$v" </dev/null
says bind "$v" kms:prod --key-file <(printf '%s-and-wrong' "$PASSPHRASE") </dev/null
sim_fault '{"path":"*/actions/unwrap","action":"other-plaintext"}'
says pass "$v" kms:prod </dev/null
sim_faults_clear
for action in html wrong-types nulls duplicates half-body redirect garbled-token nul; do
    sim_fault "{\"path\":\"*\",\"action\":\"$action\"}"
    says pass "$v" kms:prod --timeout 1 </dev/null
    check "an answer with $action gives no passphrase" test ! -s "$ROOM/out"
    sim_faults_clear
done
# An error that quotes what it was sent, as a service with a bug would.
sim_fault "$(jq -nc --arg key "$api_key" '{path: "*/identity/token", action: "status", status: 400,
    body: {errorCode: "BXNIM0415E", errorMessage: "no such thing"}, headers: {"X-Echo": $key}}')"
says ping </dev/null
sim_faults_clear
says close nothing-of-that-name </dev/null
says why </dev/null
says help bind </dev/null

if [[ $EUID -eq 0 ]] && unshare -m true 2>/dev/null; then
    alone
    for verb in boot 'boot --retry' load forget; do
        # its own /run, which is looked through afterwards
        cat >"$ROOM/in-namespace" <<END
mount -t tmpfs none /run || exit 99
"$CEXLUKS" $verb --sysroot "$ROOM/root" --debug --timeout 3
status=\$?
cp -r /run "$ROOM/seen/run-${verb// /}"
exit \$status
END
        timeout 8 keyctl session - unshare -m bash "$ROOM/in-namespace" >"$ROOM/seen/${verb// /}.out" \
            2>"$ROOM/seen/${verb// /}.err" </dev/null
        case $? in
            99) skip "$verb: no mount here" ;;
            *) ok "$verb ran in a namespace of its own" ;;
        esac
    done
    together
    check 'boot wrote its report' test -s "$ROOM/seen/run-boot/cexluks/report.json"
else
    skip 'boot, load and forget: need root and mount namespaces'
fi

bearer="$(sim_requests 'map(select(.status == 200) | .headers.authorization | select(. != null)) | last')"
printf '%s' "${bearer#Bearer }" | tail -c 80 >"$ROOM/secrets/bearer"
check 'the token that is searched for was really sent' test "$(stat -c %s "$ROOM/secrets/bearer")" -eq 80
mapfile -d '' seen < <(find "$ROOM/seen" -type f -print0)
check 'there is much to look through' test "${#seen[@]}" -gt 40
nothing_in "no secret in what the verbs say, nor in /run (${#seen[@]} files)" "${seen[@]}"
dd if="$v" of="$ROOM/metadata" bs=32k count=1 status=none
nothing_in 'no secret in the metadata of the volume' "$ROOM/metadata"

# --- what the two processes show while they wait for an answer --------------------------------------------------------

mkdir "$ROOM/shown"
exec 9<"$key" # a descriptor that must not get into the network's process
sim_fault '{"path":"*/actions/unwrap","delay_ms":4000}'
mark="$(sim_requests length)"
"$CEXLUKS" pass "$v" kms:prod --sysroot "$ROOM/root" </dev/null 2>"$ROOM/shown/err" >"$ROOM/late" &
core=$!
for ((i = 0; i < 100; i++)); do
    [[ "$(sim_requests ".[$mark:] | map(select(.path | endswith(\"unwrap\"))) | length")" == 0 ]] || break
    sleep 0.05
done
net="$(tr -d ' ' <"/proc/$core/task/$core/children")"
for pid in $core $net; do
    for file in cmdline environ comm status limits maps; do
        cat "/proc/$pid/$file" >"$ROOM/shown/$pid-$file"
    done
    # by number: the shell sorts 10 before 2
    (cd "/proc/$pid/fd" && printf '%s\n' * | sort -n | xargs readlink) >"$ROOM/shown/$pid-fd"
done
field() { # PID NAME
    sed -n "s/^$2:[[:space:]]*//p" "$ROOM/shown/$1-status"
}
check 'the network has a process of its own' same "$(tr '\0' ' ' <"$ROOM/shown/$net-cmdline")" 'cexluks net-child '
check 'with an empty environment' test ! -s "$ROOM/shown/$net-environ"
check 'with no right to gain privileges' same "$(field "$net" NoNewPrivs)" 1
if grep -q __asan_init "$CEXLUKS"; then
    skip 'a filter for system calls: builds with sanitizers have none'
else
    check 'with a filter for system calls' same "$(field "$net" Seccomp)" 2
fi
if [[ $EUID -eq 0 ]]; then
    check 'as nobody' same "$(field "$net" Uid) $(field "$net" Gid) $(field "$net" Groups)" \
        "$(printf '65534\t65534\t65534\t65534 65534\t65534\t65534\t65534 ')"
    check 'without capabilities' same "$(field "$net" CapEff) $(field "$net" CapPrm)" '0000000000000000 0000000000000000'
fi
check 'its input and output lead nowhere' same "$(sed -n 1,2p "$ROOM/shown/$net-fd" | sort -u)" /dev/null
check 'its log is the standard error of the core' same "$(sed -n 3p "$ROOM/shown/$net-fd")" "$ROOM/shown/err"
# the map is what it reads to overwrite its memory at the end
check 'its other descriptors are sockets, its own events and its own map' same "$(sed 1,3d "$ROOM/shown/$net-fd" |
    grep -vE "^(socket:\[[0-9]+\]|anon_inode:(\[(eventfd|eventpoll|timerfd)\]|inotify)|/proc/$net/maps)\$")" ''
for pid in $core $net; do
    name=$([[ $pid == "$core" ]] && echo core || echo net)
    check "no core dump of the $name process" same "$(sed -n 's/^Max core file size *//p' "$ROOM/shown/$pid-limits" |
        tr -s ' ' | cut -d' ' -f1,2)" '0 0'
done
if [[ $EUID -eq 0 ]] && command -v setpriv >/dev/null; then
    check 'the net process is not dumpable: the same user cannot look into it' not \
        setpriv --reuid 65534 --regid 65534 --clear-groups cat "/proc/$net/environ"
fi
wait "$core"
check 'and still the passphrase arrives' cmp "$ROOM/late" "$ROOM/secrets/binding"
check 'the net process ends with the core' test ! -e "/proc/$net"
nothing_in 'no secret in command line, environment, status or maps of either' "$ROOM"/shown/*

# Who is not root owns the files below /proc of a dumpable process only.
if [[ $EUID -eq 0 ]] && command -v setpriv >/dev/null; then
    chmod 711 "$ROOM"
    mkdir "$ROOM/other"
    cp "$CEXLUKS" "$ROOM/other/cexluks"
    cp "$ROOM/wrapped" "$ROOM/other/wrapped"
    cp -r "$ROOM/root" "$ROOM/other/root"
    chown -R 65534:65534 "$ROOM/other"
    setpriv --reuid 65534 --regid 65534 --clear-groups "$ROOM/other/cexluks" unwrap prod --sysroot "$ROOM/other/root" \
        <"$ROOM/other/wrapped" >"$ROOM/late" 2>"$ROOM/shown/other" &
    core=$!
    sleep 1
    check 'the core process is not dumpable' same \
        "$(stat -c %u "/proc/$core/environ") $(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' "/proc/$core/status")" '0 65534'
    check 'nobody can look into itself' not setpriv --reuid 65534 --regid 65534 --clear-groups \
        cat "/proc/$core/mem" "/proc/$core/environ"
    net="$(tr -d ' ' <"/proc/$core/task/$core/children")"
    kill -KILL "$core"
    { wait "$core"; } 2>/dev/null
    for ((i = 0; i < 40; i++)); do
        [[ -n $net && -e /proc/$net ]] || break
        sleep 0.05
    done
    check 'a killed core takes the net process along' test ! -e "/proc/${net:-0}"
else
    skip 'whether the core is dumpable: needs root and setpriv'
fi
sim_faults_clear
exec 9<&-

# --- system calls -----------------------------------------------------------------------------------------------------

traced() { # [-v] PATTERN: the bytes of all strings in the lines of the trace that match
    grep -E "$@" "$ROOM/trace" | grep -o '"[^"]*"' | tr -d '"' | sed 's/\\x//g' | while read -r one; do
        xxd -r -p <<<"$one"
    done
}

if command -v strace >/dev/null; then
    for verb in bind pass; do
        cp "$v" "$ROOM/traced"
        args=("$verb" "$ROOM/traced" kms:prod)
        if [[ $verb == bind ]]; then
            args+=(--key-file "$key")
            "$CEXLUKS" unbind "$ROOM/traced" kms:prod >/dev/null
        fi
        strace -f -xx -s 300000 -e trace=execve,open,openat,read,write,writev,pwrite64,sendto,sendmsg,recvmsg -o "$ROOM/trace" \
            "$CEXLUKS" "${args[@]}" --sysroot "$ROOM/root" --debug </dev/null >"$ROOM/out" 2>/dev/null
        status=$?
        [[ $verb == bind ]] || cp "$ROOM/out" "$ROOM/secrets/binding"
        # The files that hold secrets are read, and pass prints one. What goes from one process to the other is hidden,
        # because the kernel keeps it in buffers that it does not wipe.
        # The two run side by side: a call may stand in two lines.
        meant='read\([0-9]|read resumed|write\(1,'
        traced -v "$meant" >"$ROOM/trace-raw"
        traced "$meant" >"$ROOM/trace-meant"
        check "the search finds the API key where the core of $verb reads it" contains \
            "$(found_in "$ROOM/trace-meant")" 'api-key (raw)'
        check "the trace of $verb is one (status $status)" test "$(grep -cE 'open(at)?\(' "$ROOM/trace")" -gt 20
        check "the processes of $verb talk to each other" test "$(grep -cE 'sendmsg\([0-9]' "$ROOM/trace")" -gt 2
        nothing_in "no secret in what $verb executes, opens, writes, or passes from process to process" "$ROOM/trace-raw"
    done
else
    skip 'system calls: strace is not installed'
fi
summary
