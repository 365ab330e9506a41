# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
# "cexluks format" beside what zkey's documented recipe makes, and what format refuses.

# artefact FILE: standard input becomes build/tests/card/FILE
artefact() {
    sed "s/^/artefact $1 | /"
}

blank() {
    release
    rm -f /run/blank.img
    truncate -s 40M /run/blank.img
    dev="$(losetup --find --show /run/blank.img)"
}

# What of a luksDump must be alike: not sizes of sums, salts, numbers of iterations.
shape() {
    cryptsetup luksDump "$dev" | sed -nE 's/^[ \t]*(cipher|sector|Cipher|Cipher key|offset|Key):[ \t]*/\1: /p' | sort -u
}

tokens() {
    cryptsetup luksDump --dump-json-metadata "$dev" | jq -c '.tokens[] | select(.type == "paes-verification-pattern")
        | [.type, .keyslots, (.["verification-pattern"] | test("^[0-9a-f]{64}$"))]'
}

# --- zkey's recipe: zkey generate, the cryptsetup command that "zkey cryptsetup" prints, zkey-cryptsetup setvp ---------

blank
probe generate 2 256 0 any half1 >/dev/null
probe generate 2 256 0 any half2 >/dev/null
cat half1 half2 >secure-xtskey.skey
works "zkey's recipe: luksFormat" cryptsetup luksFormat -q --type luks2 --volume-key-file secure-xtskey.skey \
    --key-size 2176 --cipher paes-xts-plain64 --pbkdf argon2i --pbkdf-memory 32 --pbkdf-force-iterations 4 \
    --key-file /host/volumes/passphrase --sector-size 4096 "$dev"
printf '{"type":"paes-verification-pattern","keyslots":[],"verification-pattern":"%s"}' \
    "$(probe cipher 'xts(paes)' secure-xtskey.skey)" | cryptsetup token import --json-file - "$dev"
cryptsetup luksDump "$dev" | artefact luksDump.zkey
zkey_shape="$(shape)" zkey_tokens="$(tokens)"
works 'pattern verify: agrees with what setvp stores' \
    cexluks pattern verify "$dev" --key-file /host/volumes/passphrase

# --- ours ---------------------------------------------------------------------------------------------------

blank
if cexluks format "$dev" --bind card --recovery-key >/run/format.out 2>/run/format.err; then
    ok 'format --bind card --recovery-key'
else
    sed 's/^/    /' /run/format.out /run/format.err
    not_ok 'format --bind card --recovery-key'
fi
cryptsetup luksDump "$dev" | artefact luksDump.cexluks
is 'format: cipher, key size, sector size, area as by zkey' "$zkey_shape" "$(shape)"
is 'format: a key of 2176 bits' 1 "$(shape | grep -c '^Key: 2176 bits')"
is "format: zkey's token" "$zkey_tokens" "$(tokens)"
recovery="$(grep -oE '([cbdefghijklnrtuv]{8}-){7}[cbdefghijklnrtuv]{8}' /run/format.out /run/format.err | tail -n 1 | sed 's/.*://')"
is 'format: a recovery key in the form of systemd' 71 "${#recovery}"
works 'format: cryptsetup opens it with the recovery key' cryptsetup open --key-file <(printf '%s' "$recovery") "$dev" v
fails 'format: and with nothing else' cryptsetup open --test-passphrase --key-file /host/volumes/passphrase "$dev"
cexluks close v >/dev/null
release
use made-by-format /run/blank.img
run_boot
if is_open; then
    printf 'the witness of the volume' | dd of=/dev/mapper/v conv=notrunc,fsync bs=4096 status=none
fi
judge_open 'a volume made by format'
says 'format: list names the lock' 'card alone' cexluks list "$dev"
artefact list.txt </run/said
works 'format: pattern verify' cexluks pattern verify "$dev" --key-file <(printf '%s' "$recovery")
works 'format: pattern verify of the open mapping' cexluks pattern verify v --key-file <(printf '%s' "$recovery")
cexluks close v >/dev/null

# --- what format refuses ------------------------------------------------------------------------------------

sum="$(sha256sum </run/blank.img)"
refused() {
    local title="$1"
    shift
    fails "format: $title" cexluks format "$dev" "$@" --key-file /host/volumes/passphrase
    is "format: $title: nothing written" "$sum" "$(sha256sum </run/blank.img)"
}
refused 'refuses a device that holds something' --bind card
head -c 272 /host/volumes/clear.key >clear
blank
sum="$(sha256sum </run/blank.img)"
refused 'refuses a clear key as secure key' --bind card --volume-key-file /host/volumes/clear.key
refused 'refuses a truncated key' --bind card --volume-key-file <(head -c 128 secure-xtskey.skey)
refused 'refuses a DEVICE in use' --bind kms:nobody
fresh none
blank
refused 'needs a card' --bind card

# --- other keys ---------------------------------------------------------------------------------------------

fresh 00:CEX8P:0047
blank
works 'format: EP11 where only EP11 is' cexluks format "$dev" --bind card --recovery-key
is 'format: EP11: key size from the key' 1 "$(shape | grep -c '^Key: 5376 bits')"

fresh
mkdir -p /etc/zkey/repository
blank
works 'keygen --name' cexluks keygen --xts --name root-disk --volumes /dev/dasda2:root --sector-size 4096
is 'keygen: a key that the card knows' '00.0047 type 2 size 256 flags 2' \
    "$(probe verify <(head -c 136 /etc/zkey/repository/root-disk.skey))"
works 'format --zkey-name' cexluks format "$dev" --zkey-name root-disk --bind card --recovery-key
works 'format --zkey-name: that key' cryptsetup open --test-passphrase --volume-key-file /etc/zkey/repository/root-disk.skey "$dev"
blank
# the one for a typed passphrase, whose key derivation is benchmarked and slow
works 'format --save-key' cexluks format "$dev" --save-key other-disk --bind card --key-file /host/volumes/passphrase
works 'format --save-key: it is there' cryptsetup open --test-passphrase --volume-key-file /etc/zkey/repository/other-disk.skey "$dev"
artefact other-disk.info </etc/zkey/repository/other-disk.info
