#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is wrong in the configuration, the header or the service's answers has its outcome word, is named, and leaves
# every byte of the header as it was.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'bad input' cryptsetup jq curl xxd

sim_start --instance prod=key-protect || exit 1
sim_conf prod key-protect >"$CONF"
cp "$CONF" "$ROOM/good.conf"
base="$ROOM/base" v="$ROOM/volume"
volume_make "$base"
cp "$base" "$v"
bind "$v" kms:prod
cp "$v" "$ROOM/bound"
unbound="$(digest "$base")"

# --- configuration ----------------------------------------------------------------------------------------------------

refuses_conf() { # WHAT STATUS PART…: bind with the configuration as it is now
    cp "$base" "$v"
    bind "$v" kms:prod
    expect "$1" "${@:2}"
    [[ "$(digest "$v")" == "$unbound" ]] || not_ok "$1: and the header stays as it is"
}

conf_line() { # SED-COMMAND: the good configuration with one change
    sed "$1" "$ROOM/good.conf" >"$CONF"
}

rm "$CONF"
refuses_conf 'a configuration that does not exist' 11 config-error "$CONF does not exist"
mkdir "$CONF"
refuses_conf 'a configuration that is a folder' 11 config-error "$CONF"
rmdir "$CONF"
if [[ $EUID -eq 0 ]]; then
    # root reads everything, so take what lets it
    cp "$ROOM/good.conf" "$CONF"
    chmod 0 "$CONF"
    chmod 755 "$ROOM"
    if command -v setpriv >/dev/null; then
        for verb in 'ping prod' 'credential check prod'; do
            # shellcheck disable=SC2086 # words
            setpriv --reuid 65534 --clear-groups "$CEXLUKS" $verb --config "$CONF" >"$ROOM/out" 2>"$ROOM/err" </dev/null
            status=$? out='' err="$(<"$ROOM/err")"
            expect "a configuration that we may not read, with $verb" 10 no-permission "$CONF" 'run it as root'
        done
    else
        skip 'a configuration that we may not read: setpriv is not installed'
    fi
    rm "$CONF"
    chmod 700 "$ROOM"
fi
yes '# a comment that says nothing' | head -c 70000 >"$CONF"
refuses_conf 'a configuration of 70000 bytes' 11 config-error "$CONF is larger than 65536"
printf '[kms prod]\nendpoint = https://a.example\0\n' >"$CONF"
refuses_conf 'a NUL in the configuration' 11 config-error "$CONF" NUL
conf_line 's/^\[kms prod\]/[keys prod]/'
refuses_conf 'an unknown section' 11 config-error "$CONF, line 1" '[keys prod]' 'known: [cexluks]'
conf_line '2i end-point = https://a.example'
refuses_conf 'an unknown key' 11 config-error "$CONF, line 2" '"end-point"' 'known here:' endpoint
printf '[cexluks]\non-failure = panic\n' >"$CONF"
refuses_conf 'an unknown value' 11 config-error "$CONF, line 2" '"panic"' 'prompt retry reboot poweroff halt'
conf_line '/^instance/p'
refuses_conf 'a key that is given twice' 11 config-error "$CONF, line 6" '"instance" is given twice'
conf_line 's,^endpoint *= https,endpoint = http,'
refuses_conf 'an endpoint without TLS' 11 config-error "$CONF, line 3" 'endpoint' 'http://'
conf_line 's,^iam-endpoint *= https,iam-endpoint = http,'
refuses_conf 'an IAM endpoint without TLS' 11 config-error "$CONF, line 4" 'iam-endpoint' 'http://'
conf_line 's,^endpoint *= https://,endpoint = https://user:word@,'
refuses_conf 'an endpoint with a password in it' 11 config-error "$CONF, line 3"
conf_line 's,^root-key *=.*,root-key = a/../b,'
refuses_conf 'a root key that is neither UUID nor alias' 11 config-error "$CONF, line 6" 'root-key' 'neither a key id'
conf_line 's,^instance *=.*,instance = prod,'
refuses_conf 'an instance that is no UUID' 11 config-error "$CONF, line 5" 'instance'
conf_line '/^ca-file/d'
refuses_conf 'a profile without a CA' 11 config-error '[kms prod] has no ca-file' 'hint: '
conf_line "s,^ca-file *=.*,ca-file = $ROOM/no-ca.pem,"
refuses_conf 'a CA file that does not exist' 11 config-error "$ROOM/no-ca.pem does not exist"
echo 'not a certificate' >"$ROOM/ca.pem"
conf_line "s,^ca-file *=.*,ca-file = $ROOM/ca.pem,"
refuses_conf 'a CA file without a certificate' 11 config-error "$ROOM/ca.pem" 'no PEM certificate'
printf -- '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n' >"$ROOM/ca.pem"
refuses_conf 'a CA file with a damaged certificate' 19 tls-untrusted
conf_line '/^api-key/d'
refuses_conf 'a profile without an API key' 11 config-error '[kms prod] has no api-key'
conf_line "s,^api-key *=.*,api-key = file:$ROOM/no-key,"
refuses_conf 'an API key that is not there' 21 credential-missing "$ROOM/no-key"
conf_line "s,^api-key *=.*,api-key = file:$ROOM/api-key,"
for mode in 644 640 604; do
    install -m "$mode" "$SIM_API_KEY_FILE" "$ROOM/api-key"
    refuses_conf "an API key that others can read ($mode)" 22 credential-unusable "$ROOM/api-key (mode 0$mode)" \
        "hint: chmod 0600 $ROOM/api-key"
done
install -m 600 /dev/null "$ROOM/api-key"
refuses_conf 'an empty API key file' 22 credential-unusable "$ROOM/api-key"
head -c 5000 /dev/zero | tr '\0' k >"$ROOM/api-key"
refuses_conf 'an API key of 5000 bytes' 22 credential-unusable "$ROOM/api-key"
printf 'two\nlines' >"$ROOM/api-key"
refuses_conf 'an API key file of two lines' 22 credential-unusable "$ROOM/api-key"
conf_line 's,^api-key *=.*,api-key = env:KEY,'
refuses_conf 'an API key from an unknown source' 11 config-error "$CONF, line 7" 'is not a source'
cp "$ROOM/good.conf" "$CONF"
chmod 666 "$CONF"
refuses_conf 'a configuration that others can change' 11 config-error "$CONF can be changed by others" "hint: chmod go-w $CONF"
rm "$CONF"
cp "$ROOM/good.conf" "$CONF"
bind "$base" kms:dr
expect 'a profile that is not there' 11 config-error 'no [kms dr]'
bind "$base" card
expect 'a card binding where no card protects the volume' 38 not-a-secure-key
bind "$ROOM/nowhere" kms:prod
expect 'a device that is not there' 12 device-missing "$ROOM/nowhere"
unchanged 'none of these changes the header' "$base" "$unbound"

# --- headers ----------------------------------------------------------------------------------------------------------

header_with() { # JQ-FILTER
    cp "$ROOM/bound" "$v"
    header_edit "$v" "$1"
}

ours='.tokens["0"]'
header_with '.'
with_conf pass "$v" kms:prod
expect 'a header whose JSON was only written anew is accepted' 0
header_with "$ours.endpoint = \"https://evil.example\""
refuses_header 'a token with a URL' 'token 0 has the unknown member' endpoint
header_with "$ours.profile = \"https://evil.example\""
refuses_header 'a token whose profile is a URL' "'profile' is not a plain name"
header_with "$ours.header = \"X-Forwarded-For\""
refuses_header 'a token with an unknown member' 'token 0 has the unknown member' header
header_with "$ours |= del(.ciphertext)"
refuses_header 'a token that lacks a member' 'lacks the member' ciphertext
header_with "$ours.ciphertext |= .[0:-3]"
refuses_header 'a token with a truncated ciphertext' "'ciphertext' is not base64"
header_with "$ours.ciphertext = (\"A\" * 9000)"
refuses_header 'a token that is too large' 'token 0 is larger than'
header_with "$ours.version = 2"
refuses_header 'a token of a later version' 'token 0 has another version'
header_with "$ours.serial = \"1\""
refuses_header 'a token with a member of another type' "'serial' is no positive number"
header_with '.segments["0"].encryption = "cipher_null-ecb"'
refuses_header 'a null cipher of the data' "unexpected cipher 'cipher_null-ecb'"
header_with '.keyslots["1"].area.encryption = "cipher_null-ecb"'
refuses_header 'a null cipher of our keyslot' "keyslot 1 has the unexpected cipher 'cipher_null-ecb'"
header_with '.keyslots["0"].area.encryption = "cipher_null-ecb"'
refuses_header "a null cipher of another's keyslot" "keyslot 0 has the unexpected cipher 'cipher_null-ecb'"
header_with '.segments["0"].size = "4096" | .digests["0"].segments = ["0", "1"] |
    .segments["1"] = (.segments["0"] | .offset = "4198400" | .iv_tweak = "8" | .size = "dynamic")'
refuses_header 'a second segment' 'not exactly one data segment'
cp "$base" "$v"
cryptsetup reencrypt --init-only --resilience none -q -d "$(key_file)" "$v" 2>/dev/null
refuses_header 'a re-encryption under way' 're-encryption'
header_with '.config.requirements = {mandatory: ["something-new"]}'
refuses_header 'an unknown requirement'
cp "$ROOM/bound" "$v"
header_set "$v" "$(header_json "$v" | head -c 700)"
refuses_header 'truncated metadata'
header_with "$ours.ciphertext |= (.[0:-8] + \"AAAAAAA=\")"
changed="$(digest "$v")"
with_conf pass "$v" kms:prod
expect 'a ciphertext with other bytes' 28 kms-bad-ciphertext
unchanged 'and the header stays' "$v" "$changed"
head -c 5M /dev/urandom >"$v"
refuses_header 'random bytes' 'no valid LUKS2 header'
truncate -s 5M "$ROOM/luks1"
cryptsetup luksFormat -q --type luks1 --pbkdf-force-iterations 1000 "$ROOM/luks1" "$(key_file)"
cp "$ROOM/luks1" "$v"
refuses_header 'a LUKS1 header' 'no valid LUKS2 header'

# --- answers ----------------------------------------------------------------------------------------------------------

cp "$ROOM/bound" "$v"
bound="$(digest "$v")"

answers() { # WHAT FAULT STATUS PART…: from the KMS for unwrap and wrap, then from IAM
    local path
    for path in '*/actions/unwrap' '*/actions/wrap' '*/identity/token'; do
        sim_fault "$(jq -c --arg path "$path" '. + {path: $path}' <<<"$2")"
        if [[ $path == *unwrap || $path == *token ]]; then
            with_conf pass "$v" kms:prod --timeout 2
        else
            cp "$base" "$ROOM/other"
            bind "$ROOM/other" kms:prod --timeout 2
            [[ "$(digest "$ROOM/other")" == "$unbound" ]] || not_ok "$1: the unbound header stays as it is"
        fi
        expect "$1 from ${path#*/}" "${@:3}"
        [[ $path != *unwrap || ! -s $ROOM/out ]] || not_ok "$1: nothing is taken for a passphrase"
        sim_faults_clear
    done
}

answers 'HTML' '{"action":"html"}' 24 kms-unreachable "'127.0.0.1'"
answers 'an answer of 10 MB' '{"action":"huge"}' 24 kms-unreachable "'127.0.0.1'"
answers 'half an answer' '{"action":"half-body"}' 24 kms-unreachable "'127.0.0.1'"
answers 'members of other types' '{"action":"wrong-types"}' 24 kms-unreachable "'127.0.0.1'"
answers 'null for every member' '{"action":"nulls"}' 24 kms-unreachable "'127.0.0.1'"
answers 'deeply nested JSON' '{"action":"deep"}' 24 kms-unreachable "'127.0.0.1'"
answers 'a NUL' '{"action":"nul"}' 24 kms-unreachable "'127.0.0.1'"
answers 'an escaped NUL' '{"action":"nul-escape"}' 24 kms-unreachable "'127.0.0.1'"
answers 'members that occur twice' '{"action":"duplicates"}' 24 kms-unreachable "'127.0.0.1'"
answers 'compressed bytes that nobody asked for' '{"action":"gzip"}' 24 kms-unreachable "'127.0.0.1'"
answers 'nothing at all' '{"action":"empty"}' 24 kms-unreachable "'127.0.0.1'"
answers 'a redirect' '{"action":"redirect","location":"https://localhost:1/"}' 24 kms-unreachable 'redirects are not followed'
answers 'HTTP 501' '{"action":"status","status":501}' 24 kms-unreachable '501'
answers 'headers of 200 kB' '{"action":"big-headers"}' 24 kms-unreachable "'127.0.0.1'"
answers 'a wrong length' '{"action":"wrong-length"}' 24 kms-unreachable "'127.0.0.1'"
sim_fault '{"path":"*/actions/unwrap","action":"empty-plaintext"}'
with_conf pass "$v" kms:prod --timeout 2
check 'a passphrase of no bytes is refused' not test "$status" -eq 0
sim_faults_clear
sim_fault '{"path":"*/actions/unwrap","action":"other-plaintext"}'
with_conf pass "$v" kms:prod --timeout 2
expect 'another passphrase than the keyslot wants' 40 wrong-passphrase "$v"
check 'is not handed out' test ! -s "$ROOM/out"
sim_faults_clear
for harmless in unknown-members escapes chunked; do
    sim_fault "{\"path\":\"*\",\"action\":\"$harmless\"}"
    with_conf pass "$v" kms:prod
    expect "what JSON and HTTP allow is understood: $harmless" 0
    sim_faults_clear
done
unchanged 'after all that the bound header is as it was' "$v" "$bound"
summary
