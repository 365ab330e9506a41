#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# open = systemd: load puts the passphrase into root's user keyring, a plain cryptsetup finds it there, it expires, and
# forget takes it away. Every step runs in a new session, as units and shells do.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'keyring' cryptsetup jq curl keyctl

# shellcheck disable=SC2016 # for the inner shell
if ! keyctl session - sh -c 'id=$(keyctl add user cexluks-test:probe x @u) && keyctl link @u @s &&
    keyctl timeout "$id" 20 && keyctl print "$id" && keyctl unlink "$id" @u' >/dev/null 2>&1; then
    skip 'keyring: the kernel, or a container, offers no user keyring here'
    summary
fi

alone
sim_start --instance prod=key-protect || exit 1
etc="$ROOM/root/etc"
mkdir -p "$etc/cexluks"
v="$ROOM/volume" w="$ROOM/second"
volume_make "$v"
volume_make "$w"
uuid="$(cryptsetup luksUUID "$v")" second="$(cryptsetup luksUUID "$w")"
{
    printf '[cexluks]\nopen = systemd\nkey-expiry = 90s\n'
    sim_conf prod key-protect
} >"$CONF"
sed "s,^api-key.*,api-key = file:/etc/cexluks/api-key,; s,^ca-file.*,ca-file = /etc/cexluks/ca.pem," "$CONF" \
    >"$etc/cexluks/cexluks.conf"
cp "$SIM_CA" "$etc/cexluks/ca.pem"
install -m 600 "$SIM_API_KEY_FILE" "$etc/cexluks/api-key"
printf 'one %s none luks\ntwo %s none luks\n' "$v" "$w" >"$etc/crypttab"

session() { # COMMAND…: in a session keyring of its own; sets out, err and status
    keyctl session - "$@" >"$ROOM/out" 2>"$ROOM/err" </dev/null
    status=$?
    out="$(<"$ROOM/out")"
    err="$(grep -v '^Joined session keyring' "$ROOM/err")"
}

load() {
    session "$CEXLUKS" load --sysroot "$ROOM/root" "$@"
}

key_of() { # UUID: id, expiry in seconds and permissions of the key, from the kernel's list
    # 3cbd100f I--Q---     1  89s 3f010000     0     0 user      cexluks:96fa7ba7-…: 32
    awk -v name="cexluks:$1:" '$8 == "user" && $9 == name && $4 != "expd" { print $1, $4, $5 }' /proc/keys
}

opens_by_token() { # FILE: does a plain cryptsetup, which can ask nobody, open it?
    # shellcheck disable=SC2016 # for the inner shell
    keyctl session - sh -c 'keyctl link @u @s &&
        exec cryptsetup open --test-passphrase --token-only --token-type luks2-keyring "$1"' sh "$1" </dev/null &>/dev/null
}

bind "$v" kms:prod
expect 'bind with open = systemd' 0
bind "$w" kms:prod
check 'without the key cryptsetup does not open it' not opens_by_token "$v"

from="$(sim_tokens_issued)"
load
expect 'load puts the passphrases of all volumes into the keyring' 0 'ok: ' '2 keys of volumes loaded'
check 'with one token of IAM' same "$(sim_tokens_issued)" $((from + 1))
read -r id expiry permissions <<<"$(key_of "$uuid")"
check 'a key cexluks:UUID is there' test -n "$id"
check "it expires when the configuration says (in $expiry)" grep -qxE '(8[0-9]s|90s|1m)' <<<"$expiry"
check "who does not possess it can see it and nothing else ($permissions)" grep -qxE '3f0[01]0000|0b0[01]0000' <<<"$permissions"
# shellcheck disable=SC2016 # for the inner shell
session sh -c 'keyctl link @u @s && keyctl pipe "%user:$0"' "cexluks:$uuid"
cp "$ROOM/out" "$ROOM/from-keyring"
check 'it holds what the keyslot opens with' opens "$v" "$ROOM/from-keyring" --key-slot 1
check 'a plain cryptsetup opens the volume without asking' opens_by_token "$v"
check 'and the second one' opens_by_token "$w"
if [[ $EUID -eq 0 ]] && command -v setpriv >/dev/null; then
    check 'nobody else can read it' not \
        setpriv --reuid 65534 --regid 65534 --clear-groups keyctl print "0x$id"
fi

load
expect 'load again renews them' 0 'ok: '
# Under sudo the session is the calling user's: what stays linked there, all processes of that user would possess.
# shellcheck disable=SC2016 # for the inner shell
session sh -c '"$@" >/dev/null 2>&1 && keyctl rlist @s' sh "$CEXLUKS" load --sysroot "$ROOM/root"
check "and leaves nothing in the session that it was called in ($out)" same "$status|$out" '0|'
check 'there is still one of each' same "$(key_of "$uuid" | wc -l) $(key_of "$second" | wc -l)" '1 1'
session "$CEXLUKS" forget
expect 'forget takes them away' 0 'ok: ' 'forgotten'
check 'both' same "$(key_of "$uuid")$(key_of "$second")" ''
check 'and cryptsetup opens the volume no more' not opens_by_token "$v"
session "$CEXLUKS" forget
expect 'forget again is nothing-to-do' 0 nothing-to-do

sed -i 's/^key-expiry.*/key-expiry = 2s/' "$etc/cexluks/cexluks.conf"
load
expect 'load with an expiry of two seconds' 0
check 'opens' opens_by_token "$v"
for ((i = 0; i < 80; i++)); do
    opens_by_token "$v" || break
    sleep 0.1
done
check "and after them does not ($i tenths of a second later)" not opens_by_token "$v"

# A token by option, while cexluks itself opens at boot.
sed -i '/^open/d; s/^key-expiry.*/key-expiry = 90s/' "$CONF" "$etc/cexluks/cexluks.conf"
run unbind "$w" kms:prod
bind "$w" kms:prod --luks2-keyring
expect 'bind --luks2-keyring without open = systemd' 0
check 'before load cryptsetup does not open it' not opens_by_token "$w"
load
expect 'load does not need open = systemd' 0 '2 keys of volumes loaded'
check 'and cryptsetup opens the volume without asking' opens_by_token "$w"
session "$CEXLUKS" forget

sim_fault '{"path":"*/actions/unwrap","action":"other-plaintext"}'
load --timeout 3
check 'a passphrase that opens nothing is not loaded' same "$status $(key_of "$uuid")" '40 '
sim_faults_clear
sim_key_state "$SIM_ROOT_KEY" 2
load --timeout 3
expect 'load names a disabled key' 27 kms-key-disabled
check 'and loads nothing' same "$(key_of "$uuid")$(key_of "$second")" ''
session "$CEXLUKS" forget
summary
