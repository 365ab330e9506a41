#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bind ended by SIGKILL at a hundred moments: the passphrase of before opens the volume every time, every keyslot that a
# token names opens through it, and another bind puts things in order. Then a full disk and a service that goes away.
#
# 60 moments are spread evenly over the run time, network included; the others are the entries of those system
# calls that change the file (strace stops bind there, so that the moment between two of them is hit for sure).
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'bind killed' cryptsetup jq curl

EVEN=60
sim_start --instance prod=key-protect || exit 1
{
    printf '[cexluks]\nopen = systemd\n'
    sim_conf prod key-protect
} >"$CONF"
base="$ROOM/base" key="$(key_file)"
volume_make "$base"
unbound="$(digest "$base")"
# The network's share is stretched, or most moments would fall into start and key derivation.
sim_fault '{"path":"*","delay_ms":25}'

leftover_of() { # VOLUME: what an ended bind left; as our list and a plain cryptsetup see it
    local seen
    if [[ "$(digest "$1")" == "$unbound" ]]; then
        echo 'nothing'
        return
    fi
    seen="$("$CEXLUKS" list "$1" --json 2>/dev/null | jq -r '[.[0].keyslots[] | .kind] | join("+")')"
    seen+=" $(cryptsetup luksDump --dump-json-metadata "$1" | jq '.tokens | length')"
    case $seen in
        'passphrase 0') echo 'key material or half a copy of the header, nothing that counts' ;;
        'passphrase 1') echo 'a token without keyslot' ;;
        'passphrase+binding 1') echo 'a binding without its luks2-keyring token' ;;
        'passphrase+binding 2') echo 'a whole binding' ;;
        *) echo "something else ($seen)" ;;
    esac
}

examine() { # VOLUME MOMENT: prints what is wrong, then the leftover
    local v=$1 left
    left="$(leftover_of "$v")"
    opens "$v" "$key" || echo "wrong at $2: the passphrase does not open ($left)"
    case $left in
        'a '*binding*)
            "$CEXLUKS" pass "$v" kms:prod --config "$CONF" </dev/null >"$v.pass" ||
                echo "wrong at $2: no passphrase from the binding"
            opens "$v" "$v.pass" --key-slot 1 || echo "wrong at $2: a token names a dead keyslot"
            ;;
        something*) echo "wrong at $2: $left" ;;
    esac
    # What is byte for byte the volume of before needs no further proof, but for some of them.
    if [[ $left != nothing || $2 == *7 ]]; then
        "$CEXLUKS" bind "$v" kms:prod --config "$CONF" --key-file "$key" </dev/null >"$v.again" 2>&1 ||
            echo "wrong at $2: another bind fails after $left: $(<"$v.again")"
        "$CEXLUKS" pass "$v" kms:prod --config "$CONF" </dev/null >"$v.pass" && opens "$v" "$v.pass" --key-slot 1 ||
            echo "wrong at $2: the binding does not open after another bind"
        [[ "$(cryptsetup luksDump --dump-json-metadata "$v" |
            jq -c '[([.tokens[] | [.type, .keyslots[]]] | sort), (.keyslots | keys)]')" == \
            '[[["cexluks","1"],["luks2-keyring","1"]],["0","1"]]' ]] ||
            echo "wrong at $2: another bind does not put things in order after $left"
        opens "$v" "$key" || echo "wrong at $2: the passphrase does not open after another bind"
    fi
    echo "left: $left"
}

kill_after() { # VOLUME MILLISECONDS
    local pid
    "$CEXLUKS" bind "$1" kms:prod --config "$CONF" --key-file "$key" </dev/null >/dev/null 2>&1 &
    pid=$!
    sleep "$(($2 / 1000)).$(printf '%03d' $(($2 % 1000)))"
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
}

kill_at_call() { # VOLUME CALL NUMBER
    strace -o /dev/null -e "trace=$2" -e "inject=$2:signal=SIGKILL:when=$3" \
        "$CEXLUKS" bind "$1" kms:prod --config "$CONF" --key-file "$key" </dev/null >/dev/null 2>&1
}

lane() { # NUMBER MOMENT…: one after the other, on a volume of its own
    local v="$ROOM/volume$1" moment
    for moment in "${@:2}"; do
        cp "$base" "$v"
        if [[ $moment == *:* ]]; then
            kill_at_call "$v" "${moment%:*}" "${moment#*:}"
        else
            kill_after "$v" "$moment"
        fi
        examine "$v" "$moment"
    done >"$ROOM/lane$1" 2>"$ROOM/lane$1.err" # where the shell tells of each process that was killed
}

# Which moments there are: the longest of three undisturbed runs, and the calls of one.
longest=0
for _ in 1 2 3; do
    cp "$base" "$ROOM/volume"
    started=${EPOCHREALTIME/./}
    bind "$ROOM/volume" kms:prod
    took=$(((${EPOCHREALTIME/./} - started) / 1000))
    [[ $took -le $longest ]] || longest=$took
done
expect "an undisturbed bind works (it takes at most $longest ms here)" 0 'ok: '
moments=()
for ((i = 1; i <= EVEN; i++)); do
    moments+=($((longest * i / EVEN)))
done
calls=0
if command -v strace >/dev/null; then
    cp "$base" "$ROOM/volume"
    strace -o "$ROOM/trace" -e trace=write,fsync,flock "$CEXLUKS" bind "$ROOM/volume" kms:prod --config "$CONF" \
        --key-file "$key" </dev/null >/dev/null 2>&1
    for call in write fsync flock; do
        number=$(grep -c "^$call(" "$ROOM/trace")
        # the writes before the header's first are those to the network's process
        first=$([[ $call == write ]] && grep '^write(' "$ROOM/trace" | grep -n -m 1 'LUKS' | cut -d: -f1 || echo 1)
        for ((i = first; i <= number && calls < 100 - EVEN; i++)); do
            moments+=("$call:$i")
            calls=$((calls + 1))
        done
    done
fi
for ((; calls < 100 - EVEN; calls++)); do
    moments+=($((longest * (2 * (calls % EVEN) + 1) / (2 * EVEN))))
done

# Even and odd ones side by side, for two processors.
even=() odd=()
for i in "${!moments[@]}"; do
    if ((i % 2)); then odd+=("${moments[i]}"); else even+=("${moments[i]}"); fi
done
lane 1 "${even[@]}" &
other=$!
lane 2 "${odd[@]}"
wait "$other"
check 'bind killed at 100 different moments: nothing is lost, nothing is left after another bind' same \
    "$(grep -hv '^left: ' "$ROOM/lane1" "$ROOM/lane2")" ''
check 'every moment was looked at' same "$(cat "$ROOM/lane1" "$ROOM/lane2" | grep -c '^left: ')" 100
grep -h '^left: ' "$ROOM/lane1" "$ROOM/lane2" | sort | uniq -c | sed -E 's/^ *([0-9]+) left: /# left at \1 moments: /'
check 'both writes of the header were interrupted' contains "$(cat "$ROOM/lane1" "$ROOM/lane2")" \
    'left: a token without keyslot' 'left: a whole binding'
sim_faults_clear

# --- a full disk ------------------------------------------------------------------------------------------------------

v="$ROOM/volume"
mkdir "$ROOM/full"
cp "$base" "$v"
if [[ $EUID -eq 0 ]] && unshare -m mount -t tmpfs -o size=100k none "$ROOM/full" 2>/dev/null; then
    cat >"$ROOM/bind-full" <<END
mount -t tmpfs -o size=100k none "$ROOM/full" || exit 99
"$CEXLUKS" bind "$v" kms:prod --config "$CONF" --key-file "$key" --header-backup "$ROOM/full/backup"
status=\$?
ls -A "$ROOM/full" >"$ROOM/full-list"
exit \$status
END
    unshare -m bash "$ROOM/bind-full" >"$ROOM/out" 2>"$ROOM/err" </dev/null
    status=$? out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
    check 'without room for the header backup there is no bind' not test "$status" -eq 0
    check 'and the file is named' contains "$err" "$ROOM/full/backup"
    unchanged 'and the volume stays as it is' "$v" "$unbound"
    check 'and no half backup stays' same "$(<"$ROOM/full-list")" ''
else
    skip 'a full disk: needs root and mount namespaces'
fi

# --- a service that goes away -----------------------------------------------------------------------------------------

for path in '*/identity/token' '*/actions/wrap' '*/actions/unwrap'; do
    sim_fault "{\"path\":\"$path\",\"action\":\"reset\"}"
    cp "$base" "$v"
    bind "$v" kms:prod --timeout 2
    check "bind fails when every ${path#\*} is cut" not test "$status" -eq 0
    unchanged "and leaves the volume as it was (${path#\*})" "$v" "$unbound"
    sim_faults_clear
done
# the second unwrap is the one from within the header's change
sim_fault '{"path":"*/actions/unwrap","skip":1,"action":"other-plaintext"}'
cp "$base" "$v"
bind "$v" kms:prod
expect 'a service that unwraps something else than was wrapped is not trusted' 28 kms-bad-ciphertext 'something else'
check 'and nothing is left of it' same "$(header_json "$v" | jq -c '[(.tokens | length), (.keyslots | keys)]')" \
    '[0,["0"]]'
sim_faults_clear
sim_fault '{"path":"*/actions/unwrap","skip":1,"action":"reset"}'
cp "$base" "$v"
bind "$v" kms:prod --timeout 2
check 'bind fails when the service is gone after the token was stored' not test "$status" -eq 0
check 'and takes the token back' same "$(header_json "$v" | jq -c '[(.tokens | length), (.keyslots | keys)]')" '[0,["0"]]'
check 'and the passphrase opens' opens_for_human "$v"
sim_faults_clear
sim_fault '{"path":"*/actions/unwrap","skip":1,"delay_ms":5000}'
cp "$base" "$v"
"$CEXLUKS" bind "$v" kms:prod --config "$CONF" --key-file "$key" --timeout 3 </dev/null >"$ROOM/out" 2>"$ROOM/err" &
child=$!
for ((i = 0; i < 100; i++)); do
    [[ "$(sim_requests '[.[] | select(.path | endswith("unwrap"))] | length')" -lt 2 ]] || break
    sleep 0.05
done
kill -KILL "$SIM_PID"
{ wait "$SIM_PID"; } 2>/dev/null
wait "$child"
status=$? out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
# timeout, where this machine is so busy that the network's process has no time to tell
check 'a service killed in the middle is unreachable' contains ' 24 45 ' " $status "
check 'and the token is taken back' same "$(header_json "$v" | jq -c '[(.tokens | length), (.keyslots | keys)]')" \
    '[0,["0"]]'
check 'and the passphrase still opens' opens_for_human "$v"
summary
