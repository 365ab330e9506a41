#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# volumes.sh WRAPKEY OUT-DIR: the volumes of the matrix, in files, without card or device mapper: sound ones of every
# kind of secure key, damaged ones, and an attacker's. OUT-DIR/volumes says which UUID each has.
#
# All sound ones hold the same clear key and the same witness, so that opening them right shows. Each has a person's
# passphrase in keyslot 0, and in keyslot 1 one that stands in a "card" binding: written by hand here, because anybody
# who has the disk can write one.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
wrapkey="$1" out="$2"
number=0
work="$(mktemp -d "$out.XXXXXX")"
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
: >"$out/volumes"

cheap=(--pbkdf pbkdf2 --pbkdf-force-iterations 1000)
gcc -std=gnu17 -Wall -Wextra -Werror -O2 -o "$work/luksfill" "$here/../boot/luksfill.c" -lmbedcrypto
printf 'correct horse battery' >"$out/passphrase"
# as in Ignition's initramfs: the same for everybody
printf 'This is a key file used with CEX secure keys, known to everybody\n' >"$out/cex.key"
printf 'cexluks card test' | sha512sum | cut -c 1-128 | sed 's/../\\x&/g' | xargs -0 printf %b | head -c 64 >"$out/clear.key"
head -c 32 "$out/clear.key" >"$work/clear-half"
printf 'the binding of a card volume' | sha256sum | cut -c 1-64 | sed 's/../\\x&/g' | xargs -0 printf %b | head -c 32 \
    >"$out/binding"
printf 'the witness of the volume' >"$work/plain"
truncate -s 1M "$work/plain"

# The pattern is what 32 zero bytes become in sector 0.
truncate -s 1M "$work/zeros"
"$work/luksfill" "$out/clear.key" 512 0 4096 "$work/zeros" "$work/pattern" </dev/null
pattern="$(head -c 32 "$work/pattern" | od -An -tx1 | tr -d ' \n')"
printf '%s' "$pattern" >"$out/pattern"

# volume NAME KEY [cipher=…] [sector=…] [token=card|none|other] [pattern=…] [human=FILE]
volume() {
    local name="$1" key="$2" cipher=paes-xts-plain64 sector=4096 token=card pattern='' human="$out/passphrase" img uuid size offset
    shift 2
    [[ $# -eq 0 ]] || local "$@"
    img="$out/$name.img"
    number=$((number + 1))
    uuid="$(printf 'c0ffee00-0000-4000-8000-%012d' $((100 + number)))"
    printf '%s %s\n' "$name" "$uuid" >>"$out/volumes"
    # room for three keyslots and no more, because luksFormat fills all there is with noise
    size="$(stat -c %s "$key")"
    offset=$((((3 * 4000 * size) >> 20) + 1 << 20))
    if [[ $cipher == *xts* ]]; then
        "$work/luksfill" "$out/clear.key" "$sector" $offset 4096 "$work/plain" "$img" <<<1-255
    fi
    truncate -s $((offset + (1 << 20))) "$img"
    cryptsetup luksFormat --type luks2 --batch-mode --key-file "$human" --volume-key-file "$key" --uuid "$uuid" \
        --cipher "$cipher" --key-size $((8 * size)) --sector-size "$sector" --offset $((offset / 512)) "${cheap[@]}" "$img" >/dev/null
    case $token in
        none) ;;
        other) bind_card "$img" "$out/cex.key" ;;
        card) bind_card "$img" "$out/binding" ;;
    esac
    if [[ -n $pattern ]]; then
        printf '{"type":"paes-verification-pattern","keyslots":[],"verification-pattern":"%s"}' "$pattern" \
            | cryptsetup token import --token-id 7 --json-file - "$img"
    fi
}

# bind_card IMAGE PASSPHRASE: keyslot 1 takes the binding's passphrase, the token says PASSPHRASE
bind_card() {
    cryptsetup luksAddKey --batch-mode --key-file "$human" --key-slot 1 "${cheap[@]}" "$1" "$out/binding"
    printf '{"type":"cexluks","keyslots":["1"],"version":1,"kind":"card","passphrase":"%s","serial":1,%s}' \
        "$(head -c 32 "$2" | base64 -w0)" '"created":"2026-11-22T10:00:00Z"' \
        | cryptsetup token import --token-id 0 --json-file - "$1"
}

# key NAME [wrapkey's option]…: prints the path of the clear key, wrapped
key() {
    local name="$work/$1.key"
    shift
    "$wrapkey" "$@" "$out/clear.key" "$name"
    printf '%s\n' "$name"
}

half() {
    "$wrapkey" "${@:2}" "$work/clear-half" "$work/$1.key"
    printf '%s\n' "$work/$1.key"
}

# --- sound ------------------------------------------------------------------------------------------------

aescipher="$(key aescipher)"
volume aescipher "$aescipher"
volume sectors-512 "$aescipher" sector=512
volume aescipher-hidden "$(key hidden --pfv 1)"
volume aesdata "$(key aesdata --type aesdata)"
volume ep11 "$(key ep11 --type ep11)"
volume ep11-old "$(key ep11-old --type ep11-old)"
for type in aescipher aesdata ep11 ep11-old; do
    volume "cbc-$type" "$(half "cbc-$type" --type "$type")" cipher=paes-cbc-plain64
done
volume with-pattern "$aescipher" pattern="$pattern"
volume wrong-pattern "$aescipher" pattern="${pattern/[0-4]/9}"
# the same key under the next master key: another blob, the old pattern
volume rewrapped "$(key rewrapped --master-key second)" pattern="$pattern"
# made as Ignition does: no token, and the passphrase is public
volume ignition "$aescipher" token=none human="$out/cex.key" pattern="$pattern"
volume unbound "$aescipher" token=none
volume to-bind "$aescipher" token=none
volume wrong-passphrase "$aescipher" token=other

# --- damaged ----------------------------------------------------------------------------------------------

# YaST's bug: a key size of 1024 bits for every key
head -c 128 "$aescipher" >"$work/truncated.key"
volume truncated "$work/truncated.key"
cat <(head -c 136 "$aescipher") <(tail -c 136 "$work/rewrapped.key") >"$work/mixed-master-keys.key"
volume mixed-master-keys "$work/mixed-master-keys.key"
head -c 16 "$work/clear-half" >"$work/clear-quarter"
"$wrapkey" "$work/clear-quarter" "$work/quarter.key"
cat <(head -c 136 "$aescipher") "$work/quarter.key" >"$work/mixed-sizes.key"
volume mixed-sizes "$work/mixed-sizes.key"
cat <(head -c 64 "$work/aesdata.key") <(head -c 64 "$work/aesdata.key" | tr '\001' '\002') >"$work/mixed-kinds.key"
volume mixed-kinds "$work/mixed-kinds.key"
cp "$work/aesdata.key" "$work/bad-tvv.key"
printf '\x55' | dd of="$work/bad-tvv.key" bs=1 seek=62 conv=notrunc status=none
volume bad-tvv "$work/bad-tvv.key"
cp "$aescipher" "$work/damaged.key"
printf '\xff\xff' | dd of="$work/damaged.key" bs=1 seek=100 conv=notrunc status=none
volume damaged "$work/damaged.key"
cp "$aescipher" "$work/no-export.key"
printf '\x00' | dd of="$work/no-export.key" bs=1 seek=50 conv=notrunc status=none
volume no-export "$work/no-export.key"
printf '\x01\x02\x03' | cat - "$aescipher" | head -c 272 >"$work/noise.key"
volume noise "$work/noise.key"

# --- an attacker's ----------------------------------------------------------------------------------------

volume clear-512 "$out/clear.key"
volume clear-tokens "$(key clear --type clear)"
volume plain-aes "$out/clear.key" cipher=aes-xts-plain64
volume plain-aes-ignition "$out/clear.key" cipher=aes-xts-plain64 token=none human="$out/cex.key"
volume clear-512-ignition "$out/clear.key" token=none human="$out/cex.key"
# for the KMS: bound by whoever calls this
volume kms "$aescipher" token=none
volume kms-plain "$out/clear.key" cipher=aes-xts-plain64 token=none
