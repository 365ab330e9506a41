# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
# "bind card", "list", "pattern", "keygen" on prepared volumes.

key=(--key-file /host/volumes/passphrase)

# without VERB…: refused with that word, and the header is as it was
refuses() {
    local title="$1" word="$2" before
    shift 2
    before="$(head -c 1M "$dev" | sha256sum)"
    if cexluks "$@" >/run/said 2>&1; then
        not_ok "$title"
    elif grep -q "$word" /run/said; then
        ok "$title: $word"
    else
        sed 's/^/    /' /run/said
        not_ok "$title: $word"
    fi
    is "$title: nothing written" "$before" "$(head -c 1M "$dev" | sha256sum)"
}

use to-bind
works 'bind card' cexluks bind "$dev" card "${key[@]}"
says 'bind card: again is nothing to do' nothing-to-do cexluks bind "$dev" card "${key[@]}"
says 'bind card: list says what the lock is' 'card alone' cexluks list "$dev"
opens 'a volume bound by "bind card"'
cexluks close v >/dev/null
works 'unbind card' cexluks unbind "$dev" card
closed 'unbound again' not-bound ''

for name in clear-512 plain-aes clear-tokens; do
    release
    use "$name"
    cryptsetup token remove --token-id 0 "$dev"
    refuses "bind card on $name" not-a-secure-key bind "$dev" card "${key[@]}"
    says "list: the lock of $name is no card" '!card alone|card and KMS' cexluks list "$dev"
done

release
use kms
says 'bind card beside a KMS binding warns that the card is now the only lock' 'only lock|card alone' \
    cexluks bind "$dev" card "${key[@]}"
says 'and list says so too' 'card alone' cexluks list "$dev"
works 'unbind card, beside a KMS binding' cexluks unbind "$dev" card
says 'then it is card and KMS' 'card and KMS' cexluks list "$dev"

fresh none
use unbound
refuses 'bind card without a card' no-card bind "$dev" card "${key[@]}"

fresh
use with-pattern
works 'pattern verify' cexluks pattern verify "$dev" "${key[@]}"
release
use wrong-pattern
refuses 'pattern verify of another volume' pattern-mismatch pattern verify "$dev" "${key[@]}"
release
use aescipher
works 'pattern set' cexluks pattern set "$dev" "${key[@]}"
is 'pattern set: the token, as zkey writes it' \
    "{\"type\":\"paes-verification-pattern\",\"keyslots\":[],\"verification-pattern\":\"$(</host/volumes/pattern)\"}" \
    "$(cryptsetup luksDump --dump-json-metadata "$dev" | jq -c '.tokens[] | select(.type != "cexluks")')"

# another blob under the next master key: the same pattern
fresh '' second
use rewrapped
works 'pattern verify after the key was wrapped again' cexluks pattern verify "$dev" "${key[@]}"

fresh
works 'keygen' cexluks keygen --xts /run/new.skey
is 'keygen: 272 bytes' 272 "$(stat -c %s /run/new.skey)"
is 'keygen: paes takes it' 65 "$(probe cipher 'xts(paes)' /run/new.skey | wc -c)"
works 'keygen --key-type EP11-AES' cexluks keygen --xts --key-type EP11-AES /run/ep11.skey
works 'keygen --key-type CCA-AESDATA, no XTS' cexluks keygen --key-type CCA-AESDATA --keybits 128 /run/aesdata.skey
is 'keygen: 64 bytes' 64 "$(stat -c %s /run/aesdata.skey)"
fails 'keygen: never over a file' cexluks keygen --xts /run/new.skey
turn 'mk,00.0047,cur,second'
fails 'keygen: refuses domains with different master keys' cexluks keygen --xts /run/mixed.skey
works 'keygen: but takes the named one' cexluks keygen --xts --apqns 00.0048 /run/mixed.skey
fresh 00:CEX8P:0047
says 'keygen: EP11 where only EP11 is, and says so' 'EP11 key' cexluks keygen --xts /run/e.skey
fresh none
fails 'keygen: no card' cexluks keygen --xts /run/none.skey
fails 'keygen: no card, no file' test -e /run/none.skey
