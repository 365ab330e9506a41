# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
# An API key that the card keeps: made, used by the boot, and refused wherever it must be.

network
cp /host/veiled/{ca.pem,prod.api-key} /run/kms/
veil /run/kms/ca.pem /run/kms/prod.api-key
chmod 0600 /run/kms/prod.api-key
sealed=/etc/cexluks/prod.sealed

# From here on the configuration names SOURCE.
source_is() {
    sed -i "s,^api-key.*,api-key = $1," /host/profile
    [[ -z ${dev-} ]] || conf
}

# refuses_key TITLE WORD: the service is never asked
refuses_key() {
    if cexluks pass "$dev" kms:prod --timeout 5 2>/run/said | cat >/run/passphrase; [[ -s /run/passphrase ]]; then
        not_ok "$1: there is a passphrase"
    elif grep -q "$2" /run/said; then
        ok "$1: $2"
    else
        sed 's/^/    /' /run/said
        not_ok "$1: $2"
    fi
}

# flip OFFSET: one bit of the file
flip() {
    local byte
    byte="$(od -An -tu1 -j "$1" -N 1 "$sealed")"
    # shellcheck disable=SC2059 # the octal number is the format
    printf "\\$(printf %03o $((byte ^ 4)))" | dd of="$sealed" bs=1 seek="$1" conv=notrunc status=none
}

use kms-plain
works 'credential seal' cexluks credential seal prod
is 'credential seal: for root alone' 600 "$(stat -c %a $sealed)"
fails 'credential seal: nothing of the API key is in the file' grep -qaF -f /run/kms/prod.api-key $sealed
fails 'credential seal: never over a file' cexluks credential seal prod
rm /run/kms/prod.api-key
source_is "sealed:$sealed"
opens 'a sealed API key'
release
use kms
opens 'a sealed API key, and a secure key for the volume'
release

use kms-plain
cp $sealed /run/good
size="$(stat -c %s $sealed)"
# magic, version, lengths, salt, nonce, name, key token (master key, payload, padding's end), box, tag
for at in 0 9 11 16 64 76 90 140 215 $((size - 40)) $((size - 1)); do
    cp -p /run/good $sealed
    flip "$at"
    refuses_key "a bit flipped at $at" 'credential-unusable\|master-key-unknown\|card-offline'
done
for short in $((size - 1)) $((size / 2)) 0; do
    head -c "$short" /run/good >$sealed
    refuses_key "cut to $short bytes" credential-unusable
done
cp -p /run/good $sealed
chmod 0644 $sealed
refuses_key 'readable for others' credential-unusable
chmod 0600 $sealed

turn 'rotate,00,second'
opens 'a sealed API key and the old master key'
said 'a warning that it is to be sealed again' 'prod.sealed opens with the old master key'
release
use kms-plain
turn 'rotate,00,third'
closed 'a sealed API key after two changes' master-key-unknown 'prod.sealed: wants master key'

fresh '' second
use kms-plain
closed 'a sealed API key in another domain' master-key-unknown 'prod.sealed: wants master key'
fresh none
use kms-plain
closed 'a sealed API key and no card' no-card 'prod.sealed'
turn 'after,6000,add,00,CEX8C;after,6100,add,00.0047'
opens 'a sealed API key and a card 6 s late' 40

fresh 00:CEX8P:0047
use kms-plain
cp /host/veiled/prod.api-key /run/kms/
veil /run/kms/prod.api-key
chmod 0600 /run/kms/prod.api-key
source_is file:/run/kms/prod.api-key
says 'credential seal: EP11 where only EP11 is' 'EP11-AES key' cexluks credential seal prod /etc/cexluks/ep11.sealed
source_is sealed:/etc/cexluks/ep11.sealed
opens 'an API key sealed by EP11'
release
source_is file:/run/kms/prod.api-key
