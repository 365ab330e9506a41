#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# format on files, on a machine without a card: what is refused, with which word, and that no byte of the device changes.
# With a card: tests/card (in a virtual machine) and tests/unit/op/test-format.c.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'format' cryptsetup jq xxd gcc mke2fs script

v="$ROOM/disk" key="$(key_file)"
if [[ -e /sys/bus/ap ]]; then
    skip 'format without a card: this machine has an AP bus'
    summary
fi
wrapkey="$ROOM/wrapkey"
gcc -std=gnu17 -O1 -o "$wrapkey" tests/softcex/{wrapkey,token,wrap,crypt-host}.c -lmbedcrypto
head -c 64 /dev/urandom >"$ROOM/clear-key"
for type in aescipher aesdata ep11 ep11-old; do
    "$wrapkey" --type "$type" "$ROOM/clear-key" "$ROOM/$type.skey"
done

empty() { # a device that holds nothing, in $v
    rm -f "$v"
    truncate -s 24M "$v"
    before="$(digest "$v")"
}

format() { # [OPTION…]: with a passphrase from a file
    run format "$v" --key-file "$key" "$@" </dev/null
}

stays() { # TITLE STATUS PART…: of the last run, which wrote nothing: not to the device, and no key to standard output
    expect "$@" || return
    if [[ -z $out && "$(digest "$v")" == "$before" ]]; then
        ok "$1: nothing was written"
    else
        not_ok "$1: nothing was written" "$out"
    fi
}

# --- no card ----------------------------------------------------------------------------------------------------------

empty
run format "$v" --recovery-key </dev/null
stays 'without a card there is no volume' 30 'cannot format: no-ap-bus' 'hint: ' "$v: nothing was written to it"
format
stays 'nor with a passphrase' 30 no-ap-bus
format --dry-run
stays 'nor in a dry run' 30 no-ap-bus
format --bind card
stays 'nor with a card binding' 30 no-ap-bus
for type in aescipher aesdata ep11 ep11-old; do
    format --volume-key-file "$ROOM/$type.skey"
    stays "a secure key ($type) that no card verifies is not used" 30 no-ap-bus
done
truncate -s 24M "$ROOM/other-disk"
run format "$ROOM/other-disk" --recovery-key --sysroot tests/fixtures/sysfs/deconfigured </dev/null
expect 'with cards that are deconfigured it says so' 32 card-offline
run format "$ROOM/other-disk" --recovery-key --sysroot tests/fixtures/sysfs/handler-missing </dev/null
expect 'with a kernel module missing it names that' 37 module-missing pkey_cca
check 'and that file was not written to either' same "$(digest "$ROOM/other-disk")" "$before"

# --- keys that are none -----------------------------------------------------------------------------------------------

refused() { # WHAT FILE REASON…
    format --volume-key-file "$2"
    stays "$1 is no secure key" 38 'cannot format: not-a-secure-key' "$2" 'hint: ' "${@:3}"
}

head -c 272 /dev/urandom >"$ROOM/garbage"
refused '272 random bytes' "$ROOM/garbage"
refused 'a clear key of 512 bits, which the kernel would take,' "$ROOM/clear-key" '64 bytes'
head -c 264 "$ROOM/aescipher.skey" >"$ROOM/truncated"
refused 'a truncated key' "$ROOM/truncated"
head -c 136 "$ROOM/aescipher.skey" >"$ROOM/half"
refused 'half a key' "$ROOM/half"
"$wrapkey" --master-key second "$ROOM/clear-key" "$ROOM/second.skey"
{
    head -c 136 "$ROOM/aescipher.skey"
    tail -c 136 "$ROOM/second.skey"
} >"$ROOM/mixed"
refused 'a key with halves of two master keys' "$ROOM/mixed" 'master key'
{
    head -c 64 "$ROOM/aesdata.skey"
    tail -c 64 "$ROOM/garbage"
} >"$ROOM/half-garbage"
refused 'a key whose second half is garbage' "$ROOM/half-garbage"
{
    head -c 60 "$ROOM/aesdata.skey"
    printf '\xff\xff\xff\xff'
    tail -c 64 "$ROOM/aesdata.skey"
} >"$ROOM/tvv"
refused 'a CCA-AESDATA key with a wrong checksum' "$ROOM/tvv" TVV
"$wrapkey" --type clear "$ROOM/clear-key" "$ROOM/clear.skey"
refused 'a clear key in a token' "$ROOM/clear.skey"
: >"$ROOM/nothing"
refused 'an empty file' "$ROOM/nothing" 'is empty'
head -c 673 /dev/urandom >"$ROOM/large"
refused 'a file that is larger than any key' "$ROOM/large" 'more than 672 bytes'
format --volume-key-file "$ROOM/nowhere"
stays 'a key file that is not there is named' 2 "$ROOM/nowhere does not exist"
format --volume-key-file "$ROOM"
stays 'a directory is no key file' 2 "$ROOM is a directory"
mkdir -p "$ROOM/tree/etc/zkey/repository"
chmod 770 "$ROOM/tree/etc/zkey/repository"
cp "$ROOM/aescipher.skey" "$ROOM/tree/etc/zkey/repository/root.skey"
cp "$ROOM/clear-key" "$ROOM/tree/etc/zkey/repository/clear.skey"
format --sysroot "$ROOM/tree" --zkey-name root
stays "a key of zkey's repository needs a card as well" 30 no-ap-bus
format --sysroot "$ROOM/tree" --zkey-name clear
stays 'and must be a secure one' 38 not-a-secure-key 'clear: ' '64 bytes'
format --sysroot "$ROOM/tree" --zkey-name other
stays 'and must be there' 2 "no key 'other'"

# --- a device that holds something ------------------------------------------------------------------------------------

occupied() { # WHAT WORD: $v holds it
    before="$(digest "$v")"
    format
    stays "$1 is not overwritten" 13 'cannot format: device-busy' "$v" "$2" --force
    format --force
    stays "$1 is not overwritten either before a card made a key" 30 no-ap-bus
}

volume_make "$v"
truncate -s 24M "$v"
occupied 'a LUKS2 volume' 'a LUKS2 header'
empty
mke2fs -q -t ext4 "$v"
occupied 'a file system' ext4
empty
# one Linux partition, 2048 sectors from sector 2048 on, and the mark at the end of the first sector
xxd -r -p <<<'000002008300000000080000000800' | dd of="$v" bs=1 seek=446 conv=notrunc status=none
xxd -r -p <<<55aa | dd of="$v" bs=1 seek=510 conv=notrunc status=none
occupied 'a partition table' 'partition table'
rm "$v"
truncate -s 15M "$v"
before="$(digest "$v")"
format
stays 'a device that is too small is told' 2 "$v" 'too few'
rm "$v"
truncate -s $((24 * 1024 * 1024 + 512)) "$v"
before="$(digest "$v")"
format
stays 'so is one that is no multiple of the sector size' 2 'multiple of the sector size'
run format "$ROOM/nowhere" --recovery-key </dev/null
expect 'a device that is not there is missing' 12 device-missing

# --- people, bindings, words ------------------------------------------------------------------------------------------

empty
run format "$v" </dev/null
stays 'without a way in for people nothing is made' 2 'people need a way in' --recovery-key --key-file
format --bind kms:prod --config "$ROOM/nowhere.conf"
stays 'a binding to an unknown service is told at once' 11 config-error
printf '[kms prod]\nendpoint = https://127.0.0.1:1\ninstance = 01234567-89ab-cdef-0123-456789abcdef\nroot-key = k1-k2\n%s\n%s\n' \
    "api-key = file:$key" "ca-file = /etc/ssl/certs/ca-certificates.crt" >"$CONF"
chmod 600 "$key"
format --bind kms:prod --config "$CONF" --timeout 3
if [[ $status -eq 30 || $status -eq 2 || $status -eq 0 ]]; then
    not_ok 'a service that is away is told before anything else' "$err"
else
    stays 'a service that is away is told before anything else' "$status" 'cannot format: '
fi
for words in '--bind cards' '--bind keyfile:/etc/luks/cex.key' '--bind card --bind card' '--sector-size 4095' '--sector-size x' \
    '--uuid root' '--save-key a/b' '--zkey-name a --save-key b' '--zkey-name a --volume-key-file b' '--keybits 192' \
    '--volume-key-file a --key-type CCA-AESDATA' '--label 123456789012345678901234567890123456789012345678' '--keyslot 1'; do
    # shellcheck disable=SC2086 # these are words
    format $words
    stays "format $words is wrong usage" 2
done
format --save-key root --sysroot "$ROOM/tree"
check 'a name that is taken is no reason to lose anything' same "$(digest "$v")" "$before"

run format --help
expect 'format --help shows its options' 0 --bind --recovery-key --volume-key-file --zkey-name --save-key --force --dry-run
# each example of the manual is a command that this program understands: it comes as far as the card
while IFS= read -r example; do
    read -ra words <<<"${example#*cexluks }"
    words[1]="$v"
    run "${words[@]/\/root\/passphrase/$key}" --recovery-key --config "$CONF" --sysroot "$ROOM/tree" </dev/null
    stays "the manual's '$example' comes as far as the card" 30 no-ap-bus
done < <(grep -hE '^(\.Dl )?# cexluks format ' docs/man/cexluks-format.8 | grep -v kms:)

# --- on a terminal ----------------------------------------------------------------------------------------------------

# A passphrase is asked for only when everything else is there, so that nobody types for nothing.
typed="$(script -qefc "'$CEXLUKS' format '$v'" /dev/null </dev/null | tr -d '\r'; echo "status ${PIPESTATUS[0]}")"
check 'on a terminal the steps are shown, and nothing is asked without a card' contains "$typed" \
    'a card makes a secure key ...' no-ap-bus 'status 30'
check 'no passphrase was asked for' not contains "$typed" 'New passphrase'
unchanged 'and nothing was written' "$v" "$before"
summary
