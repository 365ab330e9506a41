#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The life of an API key: replaced without a gap, checked, sealed by a card, renewed; and what is left when a step fails.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/terminal.sh
source tests/integration/terminal.sh
need 'API keys' jq curl script

key="$ROOM/prod.api-key"
sim_start --instance prod=key-protect --api-key the-next-key --api-key the-one-after || exit 1
sim_conf prod key-protect | sed "s,^api-key.*,api-key = file:$key," >"$CONF"
install -m 600 "$SIM_API_KEY_FILE" "$key"
first="$(tr -d '\n' <"$key")"

credential() { # VERB [ARGUMENT…]: standard input is that of the caller
    run credential "$@" --config "$CONF"
}

files() { # what is there, with modes
    (cd "$ROOM" && stat -c '%n %a' prod.api-key*)
}

asked() { # which API keys IAM saw since MARK, first one first; "refused" where it said no
    sim_requests ".[$1:] | map(select(.path == \"/identity/token\") | .status) | join(\" \")"
}

# --- what does not become a key ---------------------------------------------------------------------------------------

before="$(digest "$key")"
credential set prod </dev/null
expect 'nothing on standard input' 2 'no API key was given'
credential set prod <<<'two words'
expect 'what is no API key' 22 credential-unusable
head -c 2000 /dev/zero | tr '\0' k >"$ROOM/long"
credential set prod <"$ROOM/long"
expect 'what is too long' 2 '1024 bytes at most'
credential set prod <<<'not-known-to-iam'
expect 'a key that IAM refuses' 23 iam-refused 'stays as it is'
sim_listener prod down
credential set prod --timeout 2 <<<the-next-key
expect 'a service that is not there' 24 kms-unreachable
sim_listener prod up
credential set nobody <<<the-next-key
expect 'a profile that is not there' 11 'no [kms nobody]'
credential set prod <<<"$first"
expect 'the key that is there' 0 nothing-to-do
unchanged 'and the file is as it was' "$key" "$before"
check 'and nothing is beside it' same "$(files)" 'prod.api-key 600'

# --- a new key, without a gap -----------------------------------------------------------------------------------------

credential set prod <<<the-next-key
expect 'a new key' 0 'ok: ' "$key has the new API key" 'the one before' dracut 'credential set prod --finish'
check 'is in its file' same "$(<"$key")" the-next-key
check 'and the old one beside it' same "$(<"$key.old")" "$first"
check 'both for their owner alone' same "$(files)" $'prod.api-key 600\nprod.api-key.old 600'
mark="$(sim_requests length)"
with_conf ping prod
expect 'the new one is used' 0 'prod: ok'
check 'and no other is tried' same "$(asked "$mark")" 200
echo revoked-meanwhile >"$key"
mark="$(sim_requests length)"
with_conf ping prod
expect 'the old one serves when IAM refuses the new one' 0 'prod: ok'
check 'after that, and not before' same "$(asked "$mark")" '400 200'
credential check prod </dev/null
expect 'check tells of each' 23 "file:$key.old: ok" "file:$key: iam-refused"
echo the-next-key >"$key"
credential check prod </dev/null
expect 'and is content when both are accepted' 0 "file:$key: ok" "file:$key.old: ok"
chmod 644 "$key.old"
with_conf ping prod
expect 'an old one that others can read is warned of, and not used' 0 'prod: ok' 'going on with the API key before it'
chmod 600 "$key.old"

# --- the end of the change --------------------------------------------------------------------------------------------

credential set prod --finish </dev/null
expect 'no boot has had the new key yet' 42 image-stale 'rebuild the initramfs'
touch -d '20 years ago' "$key"
echo not-known-to-iam >"$ROOM/x" && touch -r "$key" "$ROOM/x"
cp -p "$key" "$ROOM/kept" && cat "$ROOM/x" >"$key" && touch -r "$ROOM/kept" "$key"
credential set prod --finish </dev/null
expect 'a new key that the service refuses' 23 iam-refused 'the API key before stays'
cp -p "$ROOM/kept" "$key"
check 'the old one is there' test -e "$key.old"
if can_unpack_images; then
    tree="$ROOM/tree"
    for file in "$SIM_CA" "$key" "$key.old"; do
        mkdir -p "$tree${file%/*}" && cp -p "$file" "$tree$file"
    done
    bootable now "$CONF" "$key"
    cp -p "$key" "$ROOM/kept" && echo the-one-of-then >"$key"
    bootable back "$CONF" "$key"
    cp -p "$ROOM/kept" "$key"
    bootable rescue ''
    run credential set prod --finish --config "$CONF" --sysroot "$tree" </dev/null
    expect 'an image to roll back to that has another key' 42 \
        "image-stale: $tree/boot/back.img can be booted, and has another $key" 'the API key before stays'
    check 'the old one is there all the same' test -e "$tree$key.old"
    bootable back "$CONF" "$key"
    run credential set prod --finish --config "$CONF" --sysroot "$tree" </dev/null
    expect 'when all have this one, the one before goes' 0 "$key.old is gone"
    rm -r "$tree"
fi
credential set prod --finish </dev/null
expect 'a boot since then, and a key that works' 0 'ok: ' "$key.old is gone"
check 'and it is' not test -e "$key.old"
credential set prod --finish </dev/null
expect 'again' 0 nothing-to-do

# --- typed ------------------------------------------------------------------------------------------------------------

terminal_begin "$CEXLUKS" credential set prod --config "$CONF"
terminal_see 'New API key of prod (not shown): '
terminal_type the-one-after
terminal_end
expect 'a key that is typed' 0 'has the new API key'
check 'which nobody sees' not contains "$screen" the-one-after
check 'and the terminal is as it was' same "$echo_after" on
check 'is in its file, too' same "$(<"$key")" the-one-after

# --- kept by something else -------------------------------------------------------------------------------------------

sed "s,^api-key.*,api-key = credential:prod," "$CONF" >"$ROOM/other"
run credential set prod --config "$ROOM/other" <<<the-next-key
expect 'a key that systemd keeps' 22 credential-unusable 'kept by something else: credential:prod'

# --- sealed by a card -------------------------------------------------------------------------------------------------

with_card="$B/tests/faults/with-card" # the helper with a card of its own
if [[ ! -x $with_card ]]; then
    skip "sealed by a card: $B has no helper with a card of its own"
    summary
fi
root="$ROOM/root"
mkdir -p "$root/etc/cexluks"
cp -r tests/fixtures/sysfs/two-cards-one-offline/{sys,dev,proc} "$root/"
cp "$SIM_CA" "$root/ca.pem"
sim_conf prod key-protect | sed 's,^api-key.*,api-key = sealed:/prod.sealed,; s,^ca-file.*,ca-file = /ca.pem,' \
    >"$root/etc/cexluks/cexluks.conf"

carded() { # VERB [ARGUMENT…]
    FAULTS_CARD="${master_key:-current}" "$with_card" "$@" --sysroot "$root" >"$ROOM/out" 2>"$ROOM/err"
    status=$?
    out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
    sane "$ROOM/err" "$*"
}

sealed_files() {
    (cd "$root" && stat -c '%n %a' prod.sealed*)
}

carded credential check prod </dev/null
expect 'nothing is sealed yet' 21 credential-missing
carded credential set prod <<<the-next-key
expect 'a key goes straight into its seal' 0 "$root/prod.sealed has the new API key"
check 'which alone is there' same "$(sealed_files)" 'prod.sealed 600'
check 'and does not show it' not grep -qa the-next-key "$root/prod.sealed"
carded ping prod </dev/null
expect 'and is used' 0 'prod: ok'
carded credential set prod <<<the-one-after
expect 'another one' 0 'the one before'
check 'and the one before stays sealed beside it' same "$(sealed_files)" $'prod.sealed 600\nprod.sealed.old 600'
carded credential check prod </dev/null
expect 'both work' 0 'sealed:/prod.sealed: ok' 'sealed:/prod.sealed.old: ok'
carded credential renew prod </dev/null
expect 'the master key is the current one' 0 nothing-to-do 'sealed with the current master key'

master_key=old
carded ping prod </dev/null
expect 'after a change of the master key it goes on working' 0 'prod: ok' 'cexluks credential renew prod'
carded credential check prod </dev/null
expect 'which credential check tells' 0 "sealed:/prod.sealed: ok: the service accepts it; sealed with the card's old master key"
carded check </dev/null
expect 'and check too' 0 master-key-old 'cexluks credential renew prod'
before="$(digest "$root/prod.sealed" "$root/prod.sealed.old")"
carded credential renew prod </dev/null
expect 'renew seals all anew' 0 "sealed:/prod.sealed: ok" "sealed:/prod.sealed.old: ok" dracut
check 'with other bytes' not same "$(digest "$root/prod.sealed" "$root/prod.sealed.old")" "$before"
check 'and the same modes' same "$(sealed_files)" $'prod.sealed 600\nprod.sealed.old 600'
master_key=current
carded credential check prod </dev/null
expect 'and the same API keys' 0 'sealed:/prod.sealed: ok' 'sealed:/prod.sealed.old: ok'
check 'and nothing to renew' not contains "$out" 'old master key'
mv "$root/prod.sealed.old" "$root/prod.sealed"
rm -r "$root/sys" && cp -r tests/fixtures/sysfs/no-card/sys "$root/"
before="$(digest "$root/prod.sealed")"
carded ping prod </dev/null
expect 'without its card it is nothing' 31 no-card
carded credential set prod <<<the-one-after
expect 'and nothing can be sealed' 31 no-card
carded credential renew prod </dev/null
expect 'nor renewed' 31 no-card
unchanged 'the seal is as it was' "$root/prod.sealed" "$before"
check 'and alone' same "$(sealed_files)" 'prod.sealed 600'
run credential renew prod --config "$CONF" </dev/null
expect 'a profile without a seal has nothing to renew' 0 nothing-to-do 'no sealed API key'
summary
