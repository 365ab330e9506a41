#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check: planted faults in configuration, service, header and command line, each told by its word; and a good machine
# passes. With a card: tests/card, tests/unit/op/test-check.c.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'check' cryptsetup jq curl xxd openssl

sim_start --instance prod=key-protect --instance dr=key-protect-dedicated --instance old=hpcs \
    --instance soon=key-protect,tls=ends-soon || exit 1
{
    sim_conf prod key-protect prod
    sim_conf dr key-protect-dedicated dr
} >"$CONF"
cp "$CONF" "$ROOM/good.conf"
v="$ROOM/volume"
volume_make "$v"
bind "$v" kms:prod
expect 'a volume is bound to one service' 0
bind "$v" kms:dr
expect 'and to another one' 0
before="$(digest "$v")"

# In place of /, because words of this machine's command line may turn the unlock off; the files of the test are there too.
tree="$ROOM/tree"
mkdir -p "$tree/etc/cexluks" "$tree/proc" "$tree$(dirname "$ROOM")"
ln -s "$ROOM" "$tree$ROOM"

look() { # [OPTION…]: the next boot of that volume
    run check "$v" --config "$CONF" --sysroot "$tree" "$@" </dev/null
}

# --- a good machine ---------------------------------------------------------------------------------------------------

look
expect 'a good machine passes' 0 "$v: kms:prod: ok: opens keyslot 1 in" "$v: kms:dr: ok: opens keyslot 2 in" \
    'kms:prod: ok: TLS, IAM token and service in' 'the next boot: ok: 1 of 1 volumes would open'
look --json
check 'as JSON it says the same' same \
    "$(jq -c '[.outcome, .volumes, .opening, ([.findings[].level] | unique)]' "$ROOM/out")" \
    '["ok",1,1,["ok"]]'
unchanged 'nothing was changed' "$v" "$before"
tokens_before="$(sim_tokens_issued)"
look
check 'one IAM token per service is enough for everything' same "$(sim_tokens_issued)" $((tokens_before + 2))

# --- what may stop to work --------------------------------------------------------------------------------------------

sim_conf old hpcs old >>"$CONF"
look
expect 'a service that ends is a warning, not a failure' 0 'kms:old: warning: service-ends: HPCS ' '28 March 2027' \
    'hint: bind to a service that stays'
cp "$ROOM/good.conf" "$CONF"

day() { # DATE: as check prints it
    date -u -d "$1" +%Y-%m-%d
}
served="$(openssl s_client -connect "127.0.0.1:$(sim_info '.instances[] | select(.name == "prod") | .port')" </dev/null 2>/dev/null |
    openssl x509 -noout -enddate)"
ca_ends="$(openssl x509 -in "$SIM_CA" -noout -enddate)"
look
expect 'until when the certificates last' 0 \
    "kms:prod: ok: TLS, IAM token and service in" "; certificate until $(day "${served#*=}"), CA until $(day "${ca_ends#*=}")"
look --json
check 'as JSON too' same \
    "$(jq -c '.findings[] | select(.subject == "kms:prod" and .volume == "") | [.certificate_ends, .ca_ends]' "$ROOM/out")" \
    "[\"$(day "${served#*=}")\",\"$(day "${ca_ends#*=}")\"]"
sim_conf soon key-protect soon >>"$CONF"
look
expect 'a certificate that ends soon is a warning' 0 \
    'kms:soon: warning: certificate-ends: a certificate of the service ends on ' 'in 9 days' 'hint: get the next one'
check 'the others last longer' not contains "$out" 'kms:prod: warning'
cat "$SIM_CA" /etc/ssl/certs/ca-certificates.crt >"$ROOM/bundle.pem"
sed "s|^ca-file.*|ca-file = $ROOM/bundle.pem|" "$ROOM/good.conf" >"$CONF"
look
expect 'of a bundle of CAs the one counts that signed' 0 ", CA until $(day "${ca_ends#*=}")"
cp "$ROOM/good.conf" "$CONF"

mkdir -p "$tree/etc/luks" "$tree/etc/zkey/repository"
touch "$tree/etc/luks/cex.key" "$tree/etc/zkey/repository/root."{skey,info,pass}
look
expect 'passphrases that were left lying about are named' 0 '/etc/luks/cex.key: warning: public-passphrase: ' \
    '/etc/zkey/repository/root.pass: warning: public-passphrase: ' 'hint: remove the file'
check 'what is none is not' not contains "$out" root.skey root.info
rm -r "$tree/etc/luks" "$tree/etc/zkey"

cp "$v" "$ROOM/two-ways"
cryptsetup luksKillSlot -q "$v" 0 </dev/null >/dev/null 2>&1
look
expect 'a volume that no person can open is a warning' 0 "$v: passphrase: warning: no-passphrase"
cp "$ROOM/two-ways" "$v"

# --- by the cards of another machine (what they decide: tests/unit/op/test-check.c) -----------------------------------

for machine in tests/fixtures/sysfs/*; do
    "$CEXLUKS" cards --json --sysroot "$machine" >"$ROOM/cards.json" 2>/dev/null
    look --cards "$ROOM/cards.json"
    expect "what cards --json prints can be read: ${machine##*/}" 0 '1 of 1 volumes would open'
done
jq 'del(.cards)' "$ROOM/cards.json" >"$ROOM/none.json"
look --cards "$ROOM/none.json"
expect 'something else is none' 2 'none.json is not what cards --json prints' 'hint: '
look --cards "$ROOM/absent.json"
expect 'nor is nothing' 2 'absent.json: No such file'
look --cards "$ROOM/cards.json" --offline
expect 'offline there is no volume key to judge' 2 '--cards goes with neither'

# --- what fails -------------------------------------------------------------------------------------------------------

sim_listener prod hang
look --timeout 2
expect 'a service that never answers fails in time, and the other one opens' 24 "$v: kms:prod: failed: kms-unreachable" \
    "$v: kms:dr: ok: opens keyslot 2" '1 of 1 volumes would open' 'hint: '
sim_listener prod up
root_key="$(sim_info '.instances[] | select(.name == "prod") | .root_key')"
sim_key_state "$root_key" 2
look
expect 'a root key that is disabled' 27 'kms:prod: failed: kms-key-disabled: root key' "$v: kms:prod: failed: kms-key-disabled"
sim_key_state "$root_key" 3
look
expect 'a root key that only unwraps is a warning' 0 'kms:prod: warning: key-unwraps-only' "$v: kms:prod: ok"
sim_key_state "$root_key" 1

printf 'no-key-of-anybody-0123456789-abcdefghijklmnop' >"$ROOM/wrong.api-key"
chmod 600 "$ROOM/wrong.api-key"
sed "0,/^api-key.*/s||api-key = file:$ROOM/wrong.api-key|" "$ROOM/good.conf" >"$CONF"
look
expect 'an API key that IAM refuses' 23 'kms:prod: failed: iam-refused' "$v: kms:prod: failed: iam-refused"
sed "0,/^api-key.*/s||api-key = file:$ROOM/absent.api-key|" "$ROOM/good.conf" >"$CONF"
look
expect 'an API key that is not there' 21 'kms:prod: failed: credential-missing'
sed "0,/^ca-file.*/s||ca-file = $ROOM/absent.pem|" "$ROOM/good.conf" >"$CONF"
look
check 'a CA that is not there' contains "$out" 'kms:prod: failed: '
printf '[cexluks]\ntimeuot = 3s\n' >"$CONF"
look
expect 'a mistake in the configuration' 11 'timeuot'
look --json
check 'as JSON it has cause and hint, too' contains "$(jq -r '.outcome, .cause, .hint' "$ROOM/out")" config-error timeuot \
    'see cexluks.conf(5)'
cp "$ROOM/good.conf" "$CONF"

printf '[volume v]\nuuid = %s\ncipher = paes-xts-plain64\n' "$(cryptsetup luksUUID "$v")" >>"$CONF"
look
expect 'a header that is not what was pinned' 14 "$v: header: failed: header-refused" '0 of 1 volumes would open'
cp "$ROOM/good.conf" "$CONF"
printf '[volume v]\nuuid = %s\nmin-serial = 7\n' "$(cryptsetup luksUUID "$v")" >>"$CONF"
look
expect 'a binding older than the configuration wants' 14 'serial 1, the configuration wants 7'
cp "$ROOM/good.conf" "$CONF"

cp "$v" "$ROOM/whole"
header_edit "$v" '.tokens["0"].ciphertext |= (.[:40] + "AAAA" + .[44:])'
look
expect 'a damaged token' 28 "$v: kms:prod: failed: kms-bad-ciphertext" "$v: kms:dr: ok"
cp "$ROOM/whole" "$v"
header_edit "$v" '.tokens["1"].aad = false'
look
expect 'a refusal behind a binding that works shuts nothing' 14 "$v: kms:prod: ok" "$v: kms:dr: failed: header-refused" \
    '1 of 1 volumes would open'
cp "$ROOM/whole" "$v"
header_edit "$v" '.tokens["0"].aad = false'
for how in '' --offline; do
    look $how
    expect "before it, it shuts the volume $how" 14 "$v: kms:prod: failed: header-refused" "$v: kms:dr: ok" \
        '0 of 1 volumes would open'
done
cp "$ROOM/whole" "$v"
run check "$ROOM/nowhere" --config "$CONF" </dev/null
expect 'a device that is not there' 12 device-missing

# --- left to systemd --------------------------------------------------------------------------------------------------

(printf '[cexluks]\nopen = systemd\n' && cat "$ROOM/good.conf") >"$CONF"
for how in '' --offline; do
    look $how
    expect "a key that systemd looks for nowhere opens nothing $how" 15 "$v: kms:prod: failed: not-bound" \
        "hint: cexluks bind $v kms:prod --luks2-keyring" "$v: kms:dr: failed: not-bound" '0 of 1 volumes would open'
done
bind "$v" kms:dr
look
expect 'nor when only the second one is found' 15 "$v: kms:prod: failed: not-bound" "$v: kms:dr: ok" '0 of 1 volumes'
bind "$v" kms:prod
look
expect 'with the token it does' 0 "$v: kms:prod: ok" "$v: kms:dr: ok" '1 of 1 volumes would open'
cp "$ROOM/good.conf" "$CONF"
cp "$ROOM/whole" "$v"

# --- offline ----------------------------------------------------------------------------------------------------------

tokens_before="$(sim_tokens_issued)"
look --offline
expect 'offline, what can be said is said' 0 "$v: kms:prod: ok: would be tried" 'if card and KMS agree'
check 'and nobody is asked' same "$(sim_tokens_issued)" "$tokens_before"

# --- command line and crypttab ----------------------------------------------------------------------------------------

boot() { # CMDLINE CRYPTTAB CONFIGURATION: what the next boot would have
    printf '%s\n' "$1" >"$tree/proc/cmdline"
    printf '%s\n' "$2" >"$tree/etc/crypttab"
    { printf '[cexluks]\n%s\n' "$3" && cat "$ROOM/good.conf"; } >"$tree/etc/cexluks/cexluks.conf"
}
look_in_tree() { # [DEVICE] [OPTION…]
    run check --sysroot "$tree" "$@" </dev/null
}

boot '' "root $v none" ''
look_in_tree
expect 'a volume of crypttab' 0 "$v: kms:prod: ok" 'the next boot: ok: 1 of 1 volumes would open'
boot 'rd.cexluks=0' "root $v none" 'on-failure = poweroff'
look_in_tree
expect 'turned off, and no prompt either: that is a failure' 11 'command line: failed: config-error: rd.cexluks=0' \
    'hint: remove the word' '0 of 1 volumes would open'
boot 'rd.cexluks=0' "root $v none" 'on-failure = prompt'
look_in_tree --json
check 'with a prompt a warning, and nothing opens by itself' same "$status $(jq -c '[.outcome, .volumes, .opening,
    (.findings[] | select(.subject == "command line") | .level, .word)]' "$ROOM/out")" \
    '0 ["nothing-to-do",1,0,"warning","turned-off"]'

sim_listener prod hang
boot 'rd.cexluks.kms=dr' "root $v none" ''
look_in_tree --timeout 2
expect 'a site that picks its service is not held up by the other one' 0 'kms:prod: nothing-to-do: rd.cexluks.kms' \
    "$v: kms:prod: nothing-to-do: rd.cexluks.kms leaves out kms:prod" "$v: kms:dr: ok" '1 of 1 volumes would open'
sim_listener prod up
boot 'rd.cexluks.kms=nobody' "root $v none" ''
look_in_tree
expect 'one that leaves out all of them opens nothing' 15 "$v: kms:prod: failed: not-bound" "$v: kms:dr: failed: not-bound" \
    '0 of 1 volumes would open'

volume_make "$ROOM/other"
for line in "none nofail" "/etc/other.key" "none tpm2-device=auto"; do
    boot '' "root $v none"$'\n'"other $ROOM/other $line" ''
    look_in_tree
    expect "another volume that does not wait for us: $line" 0 "$ROOM/other: header: nothing-to-do: " '1 of 1 volumes'
done
boot '' "root $v none"$'\n'"other $ROOM/other none luks" ''
look_in_tree
expect 'one that stops the boot at a prompt is a failure' 15 "$ROOM/other: header: failed: not-bound" '1 of 2 volumes'
boot '' "root $v none"$'\n'"other $ROOM/absent none nofail" ''
look_in_tree
expect 'one that need not be there' 0 "$ROOM/absent: header: nothing-to-do" '1 of 1 volumes'
for lines in "root $v none"$'\n'"other $ROOM/absent none" "other $ROOM/absent none"$'\n'"root $v none"; do
    boot '' "$lines" ''
    look_in_tree
    expect "one that has to: ${lines%% *} first" 12 "$ROOM/absent: header: failed: device-missing" '1 of 2 volumes'
done

# --- one device, as the boot has it -----------------------------------------------------------------------------------

boot '' "root $v none tpm2-device=auto"$'\n'"other $ROOM/other none nofail" ''
look_in_tree "$v"
expect 'one device has the options that crypttab gives it' 15 "hint: cexluks bind $v kms:prod --luks2-keyring"
boot "rd.luks.uuid=$(cryptsetup luksUUID "$v")" "root $v none" ''
look_in_tree
expect 'one that is named by path and by UUID is one volume' 0 "$v: kms:prod: ok" '1 of 1 volumes would open'
boot '' "root $v none noauto" ''
look_in_tree "$v"
expect 'one that is not for the boot does not open there' 0 "$v: boot: warning: not-at-boot: " noauto "$v: kms:prod: ok" \
    'the next boot: nothing-to-do: 0 of 1 volumes would open'
boot '' "other $ROOM/other none nofail" ''
look_in_tree "$v"
expect 'nor one that nothing names' 0 'not-at-boot: ' 'name other volumes' "$v: kms:prod: ok" '0 of 1 volumes would open'
boot 'rd.cexluks.uuid=96fa7ba7-5229-4f32-a9d3-849404febb0e' "root $v none" ''
look_in_tree "$v"
expect 'nor one that the command line leaves out' 0 'not-at-boot: ' 'rd.cexluks.uuid' "$v: kms:prod: ok" '0 of 1 volumes'
sed -i '/^root/d' "$tree/etc/crypttab"
look_in_tree "$v"
expect 'named in crypttab or not' 0 'not-at-boot: ' "$v: kms:prod: ok" '0 of 1 volumes would open'

dd if="$v" of="$ROOM/header" bs=1M count=4 status=none
truncate -s 8M "$ROOM/data"
boot '' "data $ROOM/data none header=$ROOM/header" ''
for device in "$ROOM/data" "$ROOM/header"; do
    look_in_tree "$device"
    expect "the volume of a detached header: ${device##*/}" 0 "$ROOM/data: kms:prod: ok" '1 of 1 volumes would open'
done
boot '' '' ''
look_in_tree "$ROOM/data"
expect 'data without a header are no volume' 14 'no valid LUKS2 header'

rm "$tree/etc/cexluks/cexluks.conf"
look_in_tree "$v"
expect 'without a configuration the boot opens nothing' 11 'configuration: failed: config-error: ' \
    '/etc/cexluks/cexluks.conf does not exist' 'hint: touch /etc/cexluks/cexluks.conf' 'the next boot: config-error'

summary
