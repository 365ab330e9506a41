#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bind, unbind, list and pass on real LUKS2 headers in files, with a simulated KMS.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'bind' cryptsetup jq curl xxd script

sim_start --instance prod=key-protect --instance plain=key-protect,aad=ignore --instance old=hpcs,aad=ignore \
    --instance older=hpcs,aad=refuse || exit 1
{
    sim_conf prod key-protect prod
    sim_conf plain key-protect plain
    sim_conf old hpcs old
    sim_conf older hpcs older
} >"$CONF"
base="$ROOM/base" v="$ROOM/volume" key="$(key_file)"
volume_make "$base"

fresh() { # a volume that nobody has bound, in $v
    cp "$base" "$v"
    before="$(digest "$v")"
}

# --- the ordinary life of a binding -----------------------------------------------------------------------------------

fresh
bind "$v" kms:prod --dry-run
expect 'bind --dry-run says what could be done' 0 'ok: ' 'can be bound to kms:prod'
unchanged 'bind --dry-run changes nothing' "$v" "$before"

bind "$v" kms:prod --header-backup "$ROOM/backup"
expect 'bind makes a binding, and names keyslot, token and what must follow' 0 \
    "ok: $v opens with kms:prod (keyslot 1, token 0)" 'dracut --force'
check 'the header backup is for its owner only' contains "$(stat -c %a "$ROOM/backup")" 00
check 'the header backup is the header of before' \
    cmp -n $((4 * 1024 * 1024 - 1024 * 1024)) "$ROOM/backup" "$base"
check 'a header backup restores' cryptsetup luksDump "$ROOM/backup"
check 'the passphrase of before still opens' opens_for_human "$v"
check 'the token has the members of the design, and no other' same \
    "$(tokens "$v" '.[0] | keys_unsorted | sort | join(" ")')" \
    '"aad ciphertext created key keyslots kind profile serial type version"'
check 'the token names keyslot, profile and key' same \
    "$(tokens "$v" '.[0] | [.keyslots[], .kind, .profile, .key, .aad, .serial, .version]')" \
    "[\"1\",\"kms\",\"prod\",\"$SIM_ROOT_KEY\",true,1,1]"
check 'the keyslot costs the least that LUKS2 allows' same \
    "$(header_json "$v" | jq -c '.keyslots["1"].kdf | [.type, .iterations]')" '["pbkdf2",1000]'
check 'the keyslot has no priority of its own' same "$(header_json "$v" | jq -c '.keyslots["1"].priority')" null

with_conf pass "$v" kms:prod
expect 'pass gets the passphrase' 0
cp "$ROOM/out" "$ROOM/pass"
check 'it is 32 bytes, without a newline' same "$(stat -c %s "$ROOM/pass")" 32
check 'a plain cryptsetup opens that keyslot with it' opens "$v" "$ROOM/pass" --key-slot 1
check 'and no other keyslot' not opens "$v" "$ROOM/pass" --key-slot 0

with_conf open "$v"
if [[ $status -eq 41 ]]; then
    expect 'open comes as far as device mapper, which is not here' 41 device-mapper
else
    skip 'open without device mapper: this machine has one, or refuses for another reason'
fi

# --- list -------------------------------------------------------------------------------------------------------------

uuid="$(cryptsetup luksUUID "$v")"
created="$(tokens "$v" '.[0].created' | tr -d '"')"
run list "$v"
check 'list shows the lock and every keyslot' same "$out" "$v  $uuid  aes-xts-plain64
  lock: KMS alone
  keyslot 0: passphrase (pbkdf2)
  keyslot 1: kms:prod (token 0, serial 1, key $SIM_ROOT_KEY, $created)"
run list "$v" --json
check 'list --json has this shape' same "$(jq -S . <<<"$out")" "$(
    jq -nS --arg device "$v" --arg uuid "$uuid" --arg key "$SIM_ROOT_KEY" --arg created "$created" '
    [{device: $device, outcome: "ok", uuid: $uuid, cipher: "aes-xts-plain64", lock: "KMS alone", lock_verified: true,
      note: "", verification_pattern: "", credentials: [], lost: [], keyslots: [
        {keyslot: 0, kdf: "pbkdf2", kind: "passphrase"},
        {keyslot: 1, kdf: "pbkdf2", kind: "binding", binding: "kms:prod", token: 0, serial: 1, key: $key,
         aad: true, created: $created}]}]'
)"
run list "$ROOM/nowhere" --json
expect 'list of a device that is not there says so' 12 device-missing nowhere

# --- again ------------------------------------------------------------------------------------------------------------

before="$(digest "$v")"
bind "$v" kms:prod
expect 'bind again is nothing-to-do' 0 'nothing-to-do: ' 'keyslot 1'
unchanged 'and changes no byte' "$v" "$before"
run bind "$v" kms:prod --config "$CONF" </dev/null
expect 'bind again needs no passphrase' 0 nothing-to-do

# --- where the passphrase comes from ----------------------------------------------------------------------------------

fresh
bind "$v" kms:prod --key-file <(printf wrong)
expect 'a wrong passphrase is told as such' 40 wrong-passphrase "$v" hint:
unchanged 'and changes nothing' "$v" "$before"
run bind "$v" kms:prod --config "$CONF" --key-file - <<<"$PASSPHRASE"
expect 'a newline at the end of --key-file - counts' 40 wrong-passphrase 'newline'
run bind "$v" kms:prod --config "$CONF" --key-file - </dev/null
expect 'an empty standard input is no passphrase' 2 'standard input is empty'
run bind "$v" kms:prod --config "$CONF" </dev/null
expect 'without a terminal and --key-file there is none' 2 'not a terminal' '--key-file'
run bind "$v" kms:prod --config "$CONF" --key-file "$ROOM/nowhere" </dev/null
expect 'a key file that is not there is named' 2 "$ROOM/nowhere does not exist"
bind "$v" kms:prod --key-file "$ROOM"
expect 'a directory is no key file' 2 "$ROOM is a directory"
bind "$v" kms:prod --header-backup "$ROOM/nowhere/backup"
expect 'a header backup needs a folder' 2 "$ROOM/nowhere/backup"
unchanged 'none of these changes a byte' "$v" "$before"
run bind "$v" kms:prod --config "$CONF" --key-file - <"$key"
expect 'the passphrase comes from --key-file -' 0 'keyslot 1'

fresh
# script wants a terminal's worth of time before it reads: the passphrase follows the question
typed="$(
    mkfifo "$ROOM/typed"
    script -qefc "'$CEXLUKS' bind '$v' kms:prod --config '$CONF'" "$ROOM/terminal" <"$ROOM/typed" &
    exec 3>"$ROOM/typed"
    for ((i = 0; i < 200; i++)); do
        grep -q 'opens .* now' "$ROOM/terminal" 2>/dev/null && break
        sleep 0.05
    done
    printf '%s\n' "$PASSPHRASE" >&3
    wait $!
    echo "status $?"
)"
check 'the passphrase is asked for on a terminal' contains "$typed" "Passphrase that opens $v now: " 'status 0' \
    'opens with kms:prod'
check 'and is not shown there' not contains "$typed" "$PASSPHRASE"

# --- unbind -----------------------------------------------------------------------------------------------------------

before="$(digest "$v")"
run unbind "$v" kms:prod --dry-run
expect 'unbind --dry-run says what would go' 0 'would be removed'
unchanged 'unbind --dry-run changes nothing' "$v" "$before"
run unbind "$v" kms:dr
expect 'unbind of what is not there is nothing-to-do' 0 nothing-to-do
run unbind "$v" kms:prod --header-backup "$ROOM/backup"
expect 'an existing file is no place for a header backup' 2 usage "$ROOM/backup exists"
unchanged 'and nothing was removed' "$v" "$before"
if command -v strace >/dev/null; then
    cp "$v" "$ROOM/to-unbind"
    strace -f -s 65536 -e trace=write,fsync -o "$ROOM/trace" "$CEXLUKS" unbind "$v" kms:prod >/dev/null 2>&1
    # the first metadata that it writes, without the backslashes that strace shows
    check 'unbind removes the keyslot and its mention in the token at once' not contains \
        "$(grep -m 1 -E 'write\([0-9]+, "\{' "$ROOM/trace" | sed 's/[\]//g')" '"1":{"type":"luks2"'
    wrong='' moments=0
    for call in write fsync; do
        for ((i = 1; i <= $(grep -c "$call(" "$ROOM/trace"); i++)); do
            cp "$ROOM/to-unbind" "$ROOM/killed"
            strace -f -o /dev/null -e "trace=$call" -e "inject=$call:signal=SIGKILL:when=$i" \
                "$CEXLUKS" unbind "$ROOM/killed" kms:prod >/dev/null 2>&1 </dev/null
            moments=$((moments + 1))
            orphans="$("$CEXLUKS" list "$ROOM/killed" --json | jq '[.[0].keyslots[] | select(.kind == "passphrase")] | length')"
            [[ $orphans == 1 ]] || wrong+="$call $i: $orphans keyslots of people"$'\n'
            opens_for_human "$ROOM/killed" || wrong+="$call $i: the passphrase opens no more"$'\n'
            "$CEXLUKS" unbind "$ROOM/killed" kms:prod >/dev/null 2>&1 || wrong+="$call $i: unbind again fails"$'\n'
            left="$(header_json "$ROOM/killed" | jq -c '[(.tokens | length), (.keyslots | keys)]')"
            [[ $left == '[0,["0"]]' ]] || wrong+="$call $i: unbind again leaves $left"$'\n'
        done 2>/dev/null # where the shell tells of each process that was killed
    done
    check "unbind killed at $moments moments leaves no unknown keyslot, and the next one completes it" same "$wrong" ''
    check 'and there were moments' test "$moments" -gt 5
else
    run unbind "$v" kms:prod
    skip 'unbind killed: strace is not installed'
fi
check 'unbind leaves neither token nor keyslot' same \
    "$(header_json "$v" | jq -c '[(.tokens | length), (.keyslots | keys)]')" '[0,["0"]]'
check 'the passphrase opens as before' opens_for_human "$v"

bind "$v" kms:prod
run unbind "$v" --keyslot 1
expect 'unbind --keyslot removes keyslot and token' 0 'removed from'
check 'neither is left' same "$(header_json "$v" | jq -c '[(.tokens | length), (.keyslots | keys)]')" '[0,["0"]]'
before="$(digest "$v")"
run unbind "$v" --keyslot 0
expect 'the last way in is not removed' 16 last-way-in "$v"
bind "$v" kms:prod
run unbind "$v" --keyslot 0
expect 'a passphrase goes where a binding stays' 0
before="$(digest "$v")"
run unbind "$v" kms:prod
expect 'the last way in is not removed, be it a binding' 16 last-way-in
unchanged 'and no byte changes' "$v" "$before"
run unbind "$v" kms:prod --keyslot 1
expect 'a binding and a keyslot at once is wrong usage' 2 'BINDING or --keyslot'
run unbind "$v"
expect 'neither of both is wrong usage' 2 'BINDING or --keyslot'

# --- services that treat additional data in their own way ------------------------------------------------------------

fresh
bind "$v" kms:plain
expect 'a Key Protect that ignores additional data is not bound to' 25 kms-refused additional
unchanged 'and nothing was written' "$v" "$before"
for profile in old older; do
    fresh
    bind "$v" "kms:$profile"
    expect "an HPCS that does not honour additional data ($profile) is bound without" 0
    check "which the token tells ($profile)" same "$(tokens "$v" '.[0].aad')" false
    check "and list too ($profile)" contains "$("$CEXLUKS" list "$v")" 'without additional data'
    with_conf pass "$v" "kms:$profile"
    check "its passphrase opens the volume ($profile)" opens "$v" "$ROOM/out" --key-slot 1
done
header_edit "$v" '.tokens["0"].profile = "prod"'
with_conf pass "$v" kms:prod
expect 'a token without additional data is refused where the service honours it' 14 header-refused 'additional data'

# --- two profiles, and a broken binding -------------------------------------------------------------------------------

fresh
bind "$v" kms:prod
bind "$v" kms:old
expect 'a second profile gets a binding of its own' 0 'keyslot 2, token 1'
check 'with a serial of its own' same "$(tokens "$v" 'map(.serial)')" '[1,2]'
for profile in prod old; do
    with_conf pass "$v" "kms:$profile"
    check "each opens the volume ($profile)" opens "$v" "$ROOM/out"
done
run unbind "$v" kms:prod
with_conf pass "$v" kms:old
check 'unbind of one leaves the other' opens "$v" "$ROOM/out"

replaced() { # WHY: bind after something broke
    bind "$v" kms:prod
    expect "a binding that $1 is replaced" 0 'replacing it' 'opens with kms:prod'
    check "one binding is left after it ($1)" same \
        "$(header_json "$v" | jq -c '[(.tokens | length), (.keyslots | length)]')" '[1,2]'
    check "the new one is younger ($1)" same "$(tokens "$v" '.[0].serial')" 2
    with_conf pass "$v" kms:prod
    check "and opens ($1)" opens "$v" "$ROOM/out"
}

fresh
bind "$v" kms:prod
cp "$v" "$ROOM/bound"
header_edit "$v" '.tokens["0"].ciphertext |= (.[0:-12] + "AAAAAAAAAAA=")'
replaced 'has a damaged ciphertext'
# as a run leaves it that is interrupted before the old binding goes
cp "$ROOM/bound" "$v"
header_edit "$v" '.tokens["0"] |= (.ciphertext |= (.[0:-12] + "AAAAAAAAAAA=") | .profile = "older")'
bind "$v" kms:prod
header_edit "$v" '.tokens["0"].profile = "prod"'
bind "$v" kms:prod
expect 'an older binding beside one that opens is removed' 0 'no longer to an older one'
check 'and the one that opens stays' same "$(tokens "$v" 'map(.serial)')" '[2]'
with_conf pass "$v" kms:prod
check 'which opens' opens "$v" "$ROOM/out"
cp "$ROOM/bound" "$v"
cryptsetup luksKillSlot -q "$v" 1 -d "$key" 2>/dev/null
run list "$v"
before_tokens="$(tokens "$v" length)"
bind "$v" kms:prod
expect "a token whose keyslot cryptsetup removed ($before_tokens of them) is cleaned away" 0
check 'no token without a keyslot is left' same "$(tokens "$v" 'map(.keyslots | length)')" '[1]'
cp "$ROOM/bound" "$v"
sim_control DELETE "/keys/$SIM_ROOT_KEY" >/dev/null
other="$("$CEXLUKS" key create prod other --config "$CONF")"
sed -i "s/$SIM_ROOT_KEY/$other/" "$CONF"
replaced 'was made by a root key that is gone'
cp "$v" "$ROOM/bound"
sim_key_state "$other" 2
before="$(digest "$v")"
bind "$v" kms:prod
expect 'a disabled root key is no reason to replace' 27 kms-key-disabled
unchanged 'and no byte changes' "$v" "$before"
sim_key_state "$other" 1
SIM_ROOT_KEY="$other"

# --- what others put into the header ----------------------------------------------------------------------------------

fresh
printf 'a second human' >"$ROOM/second"
cryptsetup luksAddKey --pbkdf pbkdf2 --pbkdf-force-iterations 1000 -d "$key" "$v" "$ROOM/second"
foreign='{"type":"clevis","keyslots":["1"],"jwe":{"ciphertext":"w","protected":"e30","tag":"t","deep":{"er":[1,[2,{"a":null}]]}}}'
cryptsetup token import --token-id 7 --json-file - "$v" <<<"$foreign"
foreign_is() { # what the tokens and keyslots of others are
    header_json "$v" | jq -c '[.tokens["7"], .keyslots["0"], .keyslots["1"], .segments, .config]'
    dd if="$v" bs=4096 skip=8 count=126 status=none | sha256sum
}
theirs="$(foreign_is)"
bind "$v" kms:prod
expect 'a volume that another program bound is bound too' 0 'keyslot 2'
check 'its token, keyslots and key material stay as they are' same "$(foreign_is)" "$theirs"
run list "$v" --json
check 'list tells whose keyslot is whose' same "$(jq -c '.[0].keyslots | map(.kind)' <<<"$out")" \
    '["passphrase","foreign","binding"]'
run unbind "$v" kms:prod
check 'also after unbind' same "$(foreign_is)" "$theirs"

# --- a header without room --------------------------------------------------------------------------------------------

fresh
header_edit "$v" '.tokens = ([range(32) | {key: tostring, value: {type: "theirs", keyslots: []}}] | from_entries)'
before="$(digest "$v")"
bind "$v" kms:prod
expect 'a header with 32 tokens is full, and says so' 14 header-refused 'no token number is free in the header' hint:
unchanged 'and stays as it is' "$v" "$before"
volume_make "$ROOM/narrow" --luks2-keyslots-size 512k --offset 8192
cp "$ROOM/narrow" "$v"
before="$(digest "$v")"
bind "$v" kms:prod
if [[ $status -eq 0 ]]; then
    bind "$v" kms:old
fi
expect 'a header whose key area is full says so' 14 header-refused 'no room for another keyslot in the header' hint:
check 'no token without a keyslot stays behind' same "$(tokens "$v" 'map(select(.keyslots == [])) | length')" 0
check 'and the passphrase opens it' opens_for_human "$v"

# --- volumes with a secure key, or with what should be one -------------------------------------------------------------

mkdir "$ROOM/wrapkey"
gcc -std=gnu17 -O1 -o "$ROOM/wrapkey/wrapkey" tests/softcex/{wrapkey,token,wrap,crypt-host}.c -lmbedcrypto
head -c 64 /dev/urandom >"$ROOM/clear-key"
"$ROOM/wrapkey/wrapkey" "$ROOM/clear-key" "$ROOM/secure-key"

paes_make() { # FILE KEY: a paes volume around the volume key in KEY
    volume_make "$1" --luks2-keyslots-size 6m --offset 16384 -c paes-xts-plain64 \
        --key-size $((8 * $(stat -c %s "$2"))) --volume-key-file "$2"
    truncate -s 12M "$1"
}

lock_is() { # VOLUME TEXT
    check "list: $2" contains "$("$CEXLUKS" list "$1")"$'\n' "  lock: $2"$'\n'
}

card_token_add() { # FILE: a card binding, as somebody would forge it who has the disk
    local id
    head -c 32 /dev/urandom | tr '\0' x >"$ROOM/card-passphrase"
    cryptsetup luksAddKey --pbkdf pbkdf2 --pbkdf-force-iterations 1000 -d "$key" "$1" "$ROOM/card-passphrase"
    id="$(header_json "$1" | jq -r '.keyslots | keys | map(tonumber) | max')"
    cryptsetup token import --json-file - "$1" <<<"{\"type\":\"cexluks\",\"keyslots\":[\"$id\"],\"version\":1,
        \"kind\":\"card\",\"passphrase\":\"$(base64 -w0 "$ROOM/card-passphrase")\",\"serial\":1,
        \"created\":\"2026-11-22T10:00:00Z\"}"
}

paes_make "$ROOM/paes" "$ROOM/secure-key"
lock_is "$ROOM/paes" 'card and passphrase (key not verified)'
bind "$ROOM/paes" kms:prod
expect 'a paes volume with a secure key is bound to a KMS' 0 'keyslot 1'
with_conf pass "$ROOM/paes" kms:prod
check 'and opens' opens "$ROOM/paes" "$ROOM/out" --key-slot 1
lock_is "$ROOM/paes" 'card and KMS (key not verified)'

before="$(digest "$ROOM/paes")"
run bind "$ROOM/paes" card --key-file "$key"
if [[ ! -e /sys/bus/ap ]]; then
    expect 'without a card, a card binding is refused with the word for that' 30 no-ap-bus
    unchanged 'and nothing was written' "$ROOM/paes" "$before"
else
    skip 'bind card without a card: this machine has an AP bus'
fi
run bind "$ROOM/paes" card --key-file <(printf wrong)
expect 'bind card with a wrong passphrase says so' 40 wrong-passphrase

card_token_add "$ROOM/paes"
lock_is "$ROOM/paes" 'card alone (key not verified); kms:prod adds nothing'
check 'list --json: the same' same "$("$CEXLUKS" list "$ROOM/paes" --json | jq -c '.[0] | [.lock, .lock_verified, .note]')" \
    '["card alone",false,"kms:prod adds nothing"]'
cp "$ROOM/paes" "$ROOM/paes-bound"
run bind "$ROOM/paes" card </dev/null
expect 'bind card again proves the keyslot, and needs no passphrase' 0 nothing-to-do 'keyslot 2' \
    'the card is now the only lock: kms:prod adds nothing'
bind "$ROOM/paes" kms:prod
expect 'so does bind kms:prod, and tells what it is worth' 0 nothing-to-do \
    'the card is now the only lock: kms:prod adds nothing'
cryptsetup token remove --token-id 0 "$ROOM/paes"
bind "$ROOM/paes" kms:prod
expect 'a kms binding beside a card one is made with a warning' 0 'ok: ' \
    'the card is now the only lock: kms:prod adds nothing'
run unbind "$ROOM/paes" card
expect 'unbind removes a card binding' 0 'removed from'
check 'its token and its keyslot' same "$(tokens "$ROOM/paes" '[.[].kind]')$(header_json "$ROOM/paes" | jq -c '.keyslots | keys')" \
    '["kms"]["0","1","3"]'
run unbind "$ROOM/paes" card
expect 'once' 0 nothing-to-do
header_edit "$ROOM/paes-bound" '.tokens["1"].passphrase = "'"$(head -c 24 /dev/urandom | base64)QUFBQUFBQUE="'"'
lock_is "$ROOM/paes-bound" \
    'card and KMS (key not verified); card binding broken: keyslot 2: the passphrase does not open the keyslot'

paes_make "$ROOM/card-only" "$ROOM/secure-key"
lock_is "$ROOM/card-only" 'card and passphrase (key not verified)'
card_token_add "$ROOM/card-only"
lock_is "$ROOM/card-only" 'card alone (key not verified)'
run unbind "$ROOM/card-only" --keyslot 0
expect 'the passphrase goes where a card binding stays' 0
before="$(digest "$ROOM/card-only")"
run unbind "$ROOM/card-only" card
expect 'the last way in is not removed, be it a card binding' 16 last-way-in
unchanged 'and no byte changes' "$ROOM/card-only" "$before"
truncate -s 12M "$ROOM/zkey"
paes_make "$ROOM/zkey" "$ROOM/secure-key"
pattern="$(head -c 32 /dev/urandom | xxd -p -c 32)"
cryptsetup token import --json-file - "$ROOM/zkey" \
    <<<"{\"type\":\"paes-verification-pattern\",\"keyslots\":[],\"verification-pattern\":\"$pattern\"}"
check "list shows zkey's verification pattern" contains "$("$CEXLUKS" list "$ROOM/zkey")" "verification pattern: $pattern"
check 'also as JSON' same "$("$CEXLUKS" list "$ROOM/zkey" --json | jq -r '.[0].verification_pattern')" "$pattern"

# Rule 5: what nobody's card protects gets no card binding, and one that was forged is told for what it is.
refused() { # VOLUME WHY REASON…
    before="$(digest "$1")"
    run bind "$1" card --key-file "$key"
    expect "bind card is refused on $2" 38 not-a-secure-key "$1" 'hint: a card binding would open it for anyone' "${@:3}"
    unchanged "and writes nothing to $2" "$1" "$before"
}
exposed='none; card binding refused: not a secure key; its passphrase stands in the header, so whoever has the disk can open it'

fresh
refused "$v" 'an ordinary volume' 'its cipher is none for secure keys'
card_token_add "$v"
lock_is "$v" "$exposed"
refused "$v" 'an ordinary volume with a forged card binding' 'aes-xts-plain64 is no cipher for secure keys'

paes_make "$ROOM/clear" "$ROOM/clear-key"
lock_is "$ROOM/clear" 'passphrase; no card protects this volume: its paes key is a clear one'
refused "$ROOM/clear" 'a paes volume with a clear key of 512 bits' 'its key has not the size of a secure key'
bind "$ROOM/clear" kms:prod
expect 'it may be bound to a KMS, with a warning' 0 'no card protects this volume: its paes key is a clear one'
lock_is "$ROOM/clear" 'KMS alone; no card protects this volume: its paes key is a clear one'
card_token_add "$ROOM/clear"
lock_is "$ROOM/clear" "$exposed"
refused "$ROOM/clear" 'that with a forged card binding' 'no secure key'

head -c 272 /dev/urandom >"$ROOM/random-key" # as long as two CCA-AESCIPHER keys
paes_make "$ROOM/random" "$ROOM/random-key"
lock_is "$ROOM/random" 'card and passphrase (key not verified)'
refused "$ROOM/random" 'a paes volume whose key only has the size of a secure one' 'volume key'
card_token_add "$ROOM/random"
check 'list looks at the key itself where it can' contains "$("$CEXLUKS" list "$ROOM/random")" \
    'card binding refused: not a secure key'
refused "$ROOM/random" 'that with a forged card binding' 'volume key'

"$ROOM/wrapkey/wrapkey" "$ROOM/clear-key" "$ROOM/mixed-key"
"$ROOM/wrapkey/wrapkey" --master-key second "$ROOM/clear-key" "$ROOM/second-key"
dd if="$ROOM/second-key" of="$ROOM/mixed-key" bs=136 skip=1 seek=1 conv=notrunc status=none
paes_make "$ROOM/mixed" "$ROOM/mixed-key"
refused "$ROOM/mixed" 'a paes volume whose key has halves of two master keys' 'volume key'

# --- open = systemd ---------------------------------------------------------------------------------------------------

fresh
{
    printf '[cexluks]\nopen = systemd\n'
    cat "$CONF"
} >"$ROOM/systemd.conf"
bind "$v" kms:prod --config "$ROOM/systemd.conf"
expect 'with open = systemd bind works as before' 0
check 'and adds a luks2-keyring token for the same keyslot' same \
    "$(header_json "$v" | jq -c '[.tokens[] | select(.type == "luks2-keyring")]')" \
    "[{\"type\":\"luks2-keyring\",\"keyslots\":[\"1\"],\"key_description\":\"cexluks:$uuid\"}]"
run unbind "$v" kms:prod
check 'unbind removes that token as well' same "$(header_json "$v" | jq -c '.tokens | length')" 0
bind "$v" kms:prod
bind "$v" kms:prod --config "$ROOM/systemd.conf"
expect 'a volume that was bound before gets one by another bind' 0 'ok: ' 'systemd'
check 'for the keyslot that is there' same \
    "$(header_json "$v" | jq -c '[.tokens[] | select(.type == "luks2-keyring") | .keyslots]')" '[["1"]]'
before="$(digest "$v")"
bind "$v" kms:prod --config "$ROOM/systemd.conf"
expect 'after which there is nothing to do' 0 nothing-to-do
unchanged 'and no byte changes' "$v" "$before"

keyring() { # FILE: key description and keyslots of each luks2-keyring token
    header_json "$1" | jq -c '[.tokens[] | select(.type == "luks2-keyring") | [.key_description, .keyslots]]'
}

fresh
bind "$v" kms:prod --luks2-keyring
expect 'bind --luks2-keyring does it without open = systemd' 0 'ok: ' 'lacks "open = systemd"'
check 'and that is the token' same "$(keyring "$v")" "[[\"cexluks:$uuid\",[\"1\"]]]"
before="$(digest "$v")"
bind "$v" kms:prod --luks2-keyring
expect 'again there is nothing to do' 0 nothing-to-do
unchanged 'and no byte changes' "$v" "$before"
run rotate "$v" kms:prod --config "$CONF" </dev/null
expect 'a new secret' 0
check 'keeps the token, for the new keyslot' same "$(keyring "$v" | sed 's/"[0-9]"/N/')" "[[\"cexluks:$uuid\",[N]]]"
check 'which is the one that is bound' same "$(keyring "$v" | jq -c '.[0][1]')" "$(tokens "$v" '.[0].keyslots')"
run unbind "$v" kms:prod
check 'unbind removes it' same "$(keyring "$v")" '[]'

fresh
bind "$v" kms:prod
before="$(digest "$v")"
bind "$v" kms:prod --luks2-keyring --dry-run
expect 'with --dry-run a volume that is bound would get it' 0 'would find'
unchanged 'and no byte changes' "$v" "$before"
# A token of the same type for somebody else's key is not ours.
cryptsetup token add "$v" --key-description something-else --key-slot 1
bind "$v" kms:prod --luks2-keyring
expect 'it gets it' 0 'ok: ' 'systemd finds'
check 'beside what was there' same "$(keyring "$v")" "[[\"something-else\",[\"1\"]],[\"cexluks:$uuid\",[\"1\"]]]"
run unbind "$v" kms:prod
check 'unbind leaves what is not ours' same "$(keyring "$v")" '[["something-else",[]]]'

fresh
before="$(digest "$v")"
bind "$v" card --luks2-keyring
expect 'a card binding has no key for it' 2 'kms bindings'
unchanged 'and no byte changes' "$v" "$before"
summary
