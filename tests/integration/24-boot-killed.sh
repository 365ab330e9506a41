#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# boot ended by SIGKILL at a hundred random moments, and at each of its calls on the keyring: every byte of the header
# stays, nothing of it runs on, "forget" (which the unit then calls) leaves no key, and another boot has what it wants.
# SEED chooses the moments; the one that was used is printed. In the initramfs: tests/boot/64-helper-killed.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'boot killed' cryptsetup jq curl keyctl strace unshare
if ! unshare -Urmpf --mount-proc keyctl session - true 2>/dev/null; then
    skip 'boot killed: no user namespaces with a keyring of their own here'
    summary
fi

MOMENTS=100
SEED="${SEED:-$((10#${EPOCHREALTIME#*.} % 32768))}"
sim_start --instance prod=key-protect || exit 1
v="$ROOM/volume" etc="$ROOM/root/etc"
mkdir -p "$etc/cexluks"
volume_make "$v"
{
    printf '[cexluks]\nopen = systemd\n'
    sim_conf prod key-protect
} >"$CONF"
bind "$v" kms:prod
expect 'a volume is bound' 0
sed "s,^api-key.*,api-key = file:/etc/cexluks/api-key,; s,^ca-file.*,ca-file = /etc/cexluks/ca.pem," "$CONF" \
    >"$etc/cexluks/cexluks.conf"
cp "$SIM_CA" "$etc/cexluks/ca.pem"
install -m 600 "$SIM_API_KEY_FILE" "$etc/cexluks/api-key"
printf 'planted %s none luks\n' "$v" >"$etc/crypttab"
before="$(digest "$v")"
uuid="$(cryptsetup luksUUID "$v")"
# The network's share is stretched, or most moments would fall into the start.
sim_fault '{"path":"*","delay_ms":20}'

# With keyring, /run and process numbers of its own. Prints a line for all that is wrong, and one per moment.
cat >"$ROOM/inside" <<'END'
mount -t tmpfs none /run || exit 99
keyctl link @u @s
boot=("$CEXLUKS" boot --sysroot "$ROOM/root")

keys() { # how many of ours
    keyctl list @u | grep -c "cexluks:"
}

running() { # whose processes of ours end within a second
    local left=100
    while grep -qsxE "cexluks.*|exe" /proc/[0-9]*/comm; do
        left=$((left - 1))
        [[ $left -gt 0 ]] || return 0
        sleep 0.01
    done
    return 1
}

opens() { # does the loaded key?
    keyctl pipe "$(keyctl search @u user "cexluks:$uuid")" |
        cryptsetup open --test-passphrase --key-file - "$v" 2>&1 || echo "and its key opens nothing"
}

examine() { # MOMENT
    local had
    ! running || echo "wrong at $1: it runs on"
    had="$(keys)"
    cmp -s "$v" "$v.before" || echo "wrong at $1: the volume changed"
    # every fourth with what the killed one left, as from a shell; all others as the unit does it
    if (($(wc -l <"$ROOM/moments") % 4)); then
        "$CEXLUKS" forget </dev/null >/dev/null 2>&1
        [[ $(keys) -eq 0 ]] || echo "wrong at $1: a key is left"
    else
        "${boot[@]}" </dev/null >"$ROOM/again" 2>&1 || echo "wrong at $1: another boot fails: $(<"$ROOM/again")"
        [[ $(keys) -eq 1 ]] || echo "wrong at $1: another boot leaves $(keys) keys"
        opens | sed "s/^/wrong at $1: /"
        "$CEXLUKS" forget </dev/null >/dev/null 2>&1
    fi
    echo "$1 $had" >>"$ROOM/moments"
}

cp "$v" "$v.before"
: >"$ROOM/moments"
times=()
for _ in 1 2 3 4 5; do
    began=${EPOCHREALTIME/./}
    "${boot[@]}" </dev/null >"$ROOM/again" 2>&1 || echo "wrong: an undisturbed boot fails: $(<"$ROOM/again")"
    times+=($((${EPOCHREALTIME/./} - began)))
    [[ $(keys) -eq 1 ]] || echo "wrong: an undisturbed boot loads $(keys) keys"
    opens
    "$CEXLUKS" forget </dev/null >/dev/null 2>&1
done
usual="$(printf '%s\n' "${times[@]}" | sort -n | sed -n 3p)"
echo "# an undisturbed boot usually takes $((usual / 1000)) ms"
RANDOM=$SEED
for ((i = 0; i < 5 * MOMENTS && $(wc -l <"$ROOM/moments") < MOMENTS; i++)); do
    at=$((usual * (RANDOM * 32768 + RANDOM) / 1073741824))
    timeout -s KILL "$((at / 1000000)).$(printf %06d $((at % 1000000)))" "${boot[@]}" </dev/null >/dev/null 2>&1
    # or it had ended before
    [[ $? -ne 137 ]] || examine "$at"
done
for call in add_key keyctl; do
    for ((i = 1; i < 100; i++)); do
        strace -f -qq -o "$ROOM/trace" -e "trace=$call" -e "inject=$call:signal=KILL:when=$i" "${boot[@]}" \
            </dev/null >/dev/null 2>&1
        [[ $? -eq 137 ]] || break
        examine "$call:$i"
    done
done
END
export CEXLUKS ROOM MOMENTS SEED v uuid
wrong="$(unshare -Urmpf --mount-proc keyctl session - bash "$ROOM/inside" 2>"$ROOM/inside.err")"
grep '^#' <<<"$wrong"
timed="$(grep -vc : "$ROOM/moments")" calls="$(grep -c : "$ROOM/moments")"
printf '# killed at %d moments (SEED=%s), %d of them with a key in the keyring, and at %d calls, %d with one\n' \
    "$timed" "$SEED" "$(grep -v : "$ROOM/moments" | grep -c ' 1$')" "$calls" "$(grep : "$ROOM/moments" | grep -c ' 1$')"
check "boot killed at $MOMENTS random moments and at each call on the keyring: nothing is lost, nothing is left" same \
    "$(grep -v '^#' <<<"$wrong")" ''
check 'every moment was looked at' same "$timed" "$MOMENTS"
check 'and at some of them there was a key to forget' grep -q ' 1$' "$ROOM/moments"
check 'calls on the keyring were hit' test "$calls" -ge 2
unchanged 'every byte of the volume is as it was' "$v" "$before"
check 'the passphrase opens' opens_for_human "$v"
summary
