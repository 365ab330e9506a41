#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The verbs that speak to the service, every error that it can give, and what goes over the wire: read from the
# simulator's log, from a proxy, and from traps that the environment points to.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'the service' jq curl socat openssl

sim_start --instance prod=key-protect,keys=250 --instance dr=key-protect-dedicated --instance old=hpcs \
    --instance tls12=key-protect,tls=tls12 --instance strange=key-protect,tls=unknown-ca \
    --instance expired=key-protect,tls=expired --instance name=key-protect,tls=wrong-host \
    --instance tls11=key-protect,tls=tls11 --api-key a-reader:reader --token-lifetime 3600 || exit 1
{
    sim_conf prod key-protect prod
    sim_conf dr key-protect-dedicated dr
} >"$CONF"
sim_conf prod key-protect prod >"$ROOM/one.conf"

log_since() { # MARK [FILTER]: requests after the one numbered MARK
    sim_requests ".[$1:] | ${2:-.}"
}

mark() {
    sim_requests length
}

one() { # VERB ARGUMENT…: with the configuration of one profile
    run "$@" --config "$ROOM/one.conf" </dev/null
}

unwrap() { # [ARGUMENT…]: $ROOM/wrapped
    run unwrap --config "$ROOM/one.conf" "$@" <"$ROOM/wrapped"
}

# --- verbs ------------------------------------------------------------------------------------------------------------

with_conf ping
expect 'ping without a profile asks all of them' 0 'prod: ok' 'dr: ok'
with_conf ping dr
expect 'ping with a profile asks that one' 0 'dr: ok'
check 'and no other' not contains "$out" prod
with_conf ping nobody
expect 'ping of an unknown profile' 11 config-error 'no [kms nobody]'
sim_listener dr down
with_conf ping --timeout 1
expect 'ping fails when one of them fails' 24 'prod: ok' 'dr: kms-unreachable'
sim_listener dr up
with_conf wrap
expect 'wrap wants a name where there are two profiles' 2 'has 2 profiles' 'hint: name one'

one key list
check 'key list shows all pages' same "$(wc -l <"$ROOM/out")" 251
check 'with id, name, alias and state, between tabs' same "$(grep -F "$SIM_ROOT_KEY" "$ROOM/out")" \
    "$SIM_ROOT_KEY"$'\t'cexluks-root$'\t'cexluks-root$'\t'active
one key list --json
check 'key list --json has the same' same \
    "$(jq -c --arg id "$SIM_ROOT_KEY" '[length, (.[] | select(.id == $id))]' <<<"$out")" \
    "[251,{\"id\":\"$SIM_ROOT_KEY\",\"name\":\"cexluks-root\",\"alias\":\"cexluks-root\",\"state\":\"active\"}]"
with_conf key create dr boot-2026
expect 'key create prints the id' 0
created="$out"
with_conf key list dr
check 'and the key is there' contains "$out" "$created"$'\t'boot-2026
with_conf key create dr other --json
check 'key create --json' same "$(jq -c '[keys, .name, .state]' <<<"$out")" '[["alias","id","name","state"],"other","active"]'
with_conf key create dr x
expect 'a name of one character is refused before it is sent' 2 '2 to 90'

printf 'begin\0middle\xff\xfe\n\0end\n\n' >"$ROOM/plain"
for size in as-is 1 512; do
    [[ $size == as-is ]] || head -c "$size" /dev/urandom >"$ROOM/plain"
    run wrap --config "$ROOM/one.conf" <"$ROOM/plain"
    expect "wrap of binary data ($size)" 0
    cp "$ROOM/out" "$ROOM/wrapped"
    unwrap
    check "comes back byte for byte ($size)" cmp "$ROOM/out" "$ROOM/plain"
done
head -c 513 /dev/zero >"$ROOM/plain"
run wrap --config "$ROOM/one.conf" <"$ROOM/plain"
expect 'wrap takes 512 bytes at most' 2 'longer than 512'
one wrap
expect 'wrap of nothing is wrong usage' 2 'standard input is empty'
printf 'a secret' >"$ROOM/plain"
run wrap --config "$ROOM/one.conf" <"$ROOM/plain"
cp "$ROOM/out" "$ROOM/wrapped"
if command -v script >/dev/null; then
    said="$(script -qefc "'$CEXLUKS' unwrap --config '$ROOM/one.conf' <'$ROOM/wrapped'" /dev/null </dev/null)"
    check 'unwrap does not write to a terminal' contains "$said" 'not written to a terminal'
    check 'no byte of it' not contains "$said" 'a secret'
fi

# --- what goes over the wire ------------------------------------------------------------------------------------------

from=$(mark)
issued=$(sim_tokens_issued)
unwrap --debug
expect 'one unwrap' 0 'a secret'
check 'takes one token' same "$(sim_tokens_issued)" $((issued + 1))
check 'and two requests' same "$(log_since "$from" length)" 2
check 'IAM gets a form, with its length' same \
    "$(log_since "$from" '.[0] | [.method, .path, .headers["content-type"], (.headers["content-length"] | tonumber > 0),
        .headers.accept] | join(" ")')" \
    'POST /identity/token application/x-www-form-urlencoded true application/json'
check 'the API key survives the form' same "$(
    log_since "$from" '.[0].body' | tr '&' '\n' | sed -n 's/^apikey=//p' | sed 's/%/\\x/g' | xargs -0 printf '%b' | tr -d '\n'
)" "$(tr -d '\n' <"$SIM_API_KEY_FILE")"
check 'the KMS gets its own type and the instance' same \
    "$(log_since "$from" '.[1] | [.method, .path, .headers["content-type"], .headers["bluemix-instance"]] | join(" ")')" \
    "POST /api/v2/keys/$SIM_ROOT_KEY/actions/unwrap application/vnd.ibm.kms.key_action+json $SIM_INSTANCE"
correlation="$(log_since "$from" '.[1].headers["correlation-id"]')"
check 'with a version 4 Correlation-Id' grep -qE \
    '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' <<<"$correlation"
check 'which the debug log names' contains "$err" "$correlation"
check 'nothing asks for 100-continue, compression, or another protocol' same \
    "$(sim_requests '[.[].headers | keys[]] | map(select(. == "expect" or . == "accept-encoding" or . == "upgrade"
        or . == "cookie" or . == "referer" or . == "transfer-encoding")) | length')" 0
check 'TLS is 1.2 or newer' same "$(sim_requests '[.[].tls] | unique | map(select(test("1\\.[23]") | not)) | length')" 0
if command -v cryptsetup >/dev/null; then
    volume_make "$ROOM/volume"
    from=$(mark) issued=$(sim_tokens_issued)
    bind "$ROOM/volume" kms:prod
    check 'bind needs one token for all it asks' same "$(sim_tokens_issued)" $((issued + 1))
    check 'on one connection to each service' same \
        "$(log_since "$from" '[length, ([.[].connection] | unique | length)]' | jq -c .)" '[4,2]'
    check 'with a Correlation-Id of its own for each' same \
        "$(log_since "$from" '[.[].headers["correlation-id"] | select(. != null)] | unique | length')" 3
fi

# --- errors of IAM ----------------------------------------------------------------------------------------------------

iam_says() { # STATUS CODE OUTCOME-STATUS PART…
    local body
    body="$(jq -nc --arg code "$2" '{errorCode: $code, errorMessage: "words that change",
        context: {requestId: "bWFyay10aGlz-0123"}}')"
    sim_fault "$(jq -nc --argjson status "$1" --argjson body "$body" \
        '{path: "*/identity/token", action: "status", status: $status, body: $body}')"
    unwrap --timeout 1
    expect "IAM: $1 $2" "$3" "${@:4}"
    sim_faults_clear
}

iam_says 400 BXNIM0415E 23 iam-refused BXNIM0415E 'make a new API key'
iam_says 400 BXNIM0109E 23 iam-refused BXNIM0109E
iam_says 401 BXNIM0999E 23 iam-refused 'HTTP 401'
iam_says 403 BXNIM0999E 23 iam-refused 'HTTP 403'
iam_says 405 BXNIM0060E 24 kms-unreachable 'HTTP 405'
iam_says 429 '' 29 kms-throttled 'HTTP 429' 'fewer requests'
iam_says 500 '' 24 kms-unreachable 'HTTP 500'
install -m 600 /dev/null "$ROOM/wrong-key"
printf 'not-a-key' >"$ROOM/wrong-key"
sed "s,^api-key.*,api-key = file:$ROOM/wrong-key," "$ROOM/one.conf" >"$ROOM/wrong.conf"
run ping --config "$ROOM/wrong.conf"
expect 'an unknown API key' 23 iam-refused BXNIM0415E

sed "s,^api-key.*,api-key = file:$ROOM/wrong-key\, file:$SIM_API_KEY_FILE," "$ROOM/one.conf" >"$ROOM/two.conf"
from=$(mark)
run ping --config "$ROOM/two.conf"
expect 'a second API key is used when IAM refuses the first' 0 'prod: ok'
check 'after the first' same "$(log_since "$from" '[.[] | select(.path == "/identity/token") | .status] | join(" ")')" '400 200'
sed "s,^api-key.*,api-key = file:$SIM_API_KEY_FILE\, file:$ROOM/wrong-key," "$ROOM/one.conf" >"$ROOM/two.conf"
from=$(mark)
sim_fault '{"path":"*/identity/token","action":"status","status":503}'
run ping --config "$ROOM/two.conf" --timeout 1
expect 'but not when IAM is out of order' 24 kms-unreachable
check 'and was never sent' same "$(log_since "$from" '[.[] | select(.body | contains("not-a-key"))] | length')" 0
sim_faults_clear

mkdir -m 700 "$ROOM/credentials"
install -m 600 "$SIM_API_KEY_FILE" "$ROOM/credentials/kms"
sed "s,^api-key.*,api-key = credential:kms," "$ROOM/one.conf" >"$ROOM/credential.conf"
CREDENTIALS_DIRECTORY="$ROOM/credentials" run ping --config "$ROOM/credential.conf"
expect 'an API key from the service manager' 0 'prod: ok'
run ping --config "$ROOM/credential.conf"
expect 'which it did not pass' 21 credential-missing credential:kms

# --- errors of the KMS ------------------------------------------------------------------------------------------------

kms_says() { # STATUS CODE TARGET OUTCOME-STATUS PART…: an empty code leaves "reasons" out
    local body
    body="$(jq -nc --argjson status "$1" --arg code "$2" --arg target "$3" '
        {metadata: {collectionType: "application/vnd.ibm.kms.error+json", collectionTotal: 1},
         resources: [{errorMsg: "words that change"} + if $code == "" then {} else {reasons: [
            {code: " \($code)", message: "more words", status: $status, moreInfo: "https://other.example"} +
             if $target == "" then {} else {target: {type: "field", name: $target}} end]} end]}')"
    sim_fault "$(jq -nc --argjson status "$1" --argjson body "$body" \
        '{path: "*/actions/unwrap", action: "status", status: $status, body: $body}')"
    from=$(mark)
    unwrap --timeout 1
    expect "KMS: $1 ${2:-without reasons}${3:+ ($3)}" "${@:4}"
    sim_faults_clear
}

tries() { # how many unwraps since the last kms_says
    log_since "$from" '[.[] | select(.path | endswith("unwrap"))] | length'
}

kms_says 400 BAD_BODY_ERR '' 25 kms-refused BAD_BODY_ERR
check 'a 400 is not tried again' same "$(tries)" 1
kms_says 400 INVALID_FIELD_ERR ciphertext 28 kms-bad-ciphertext 'bind again'
kms_says 400 INVALID_FIELD_ERR aad 28 kms-bad-ciphertext
kms_says 400 KEY_ROOT_REQ_ERR '' 25 kms-refused 'standard key'
kms_says 400 BEARER_SUB_EXTRACTION_ERR '' 25 kms-refused
check 'a token that is not accepted gets one fresh one' same "$(tries)" 2
kms_says 401 '' '' 25 kms-refused 'HTTP 401' 'Reader'
check 'so does a 401' same "$(tries)" 2
kms_says 401 UNAUTHORIZED_ERR '' 25 kms-refused 'network policy'
kms_says 403 FEATURE_RESTRICTED_ERR '' 25 kms-refused FEATURE_RESTRICTED_ERR
kms_says 404 KEY_NOT_FOUND_ERR '' 26 kms-key-gone
kms_says 409 KEY_ACTION_INVALID_STATE_ERR '' 27 kms-key-disabled 'enable the root key'
check 'a disabled key is not tried again' same "$(tries)" 1
kms_says 409 '' '' 27 kms-key-disabled
kms_says 410 KEY_DELETED_ERR '' 26 kms-key-gone '30 days'
kms_says 410 '' '' 26 kms-key-gone
kms_says 422 UNPROCESSABLE_CIPHERTEXT_ERR '' 28 kms-bad-ciphertext
kms_says 422 KEY_INVALID_STATE_ERR '' 27 kms-key-disabled
kms_says 408 '' '' 24 kms-unreachable 'HTTP 408'
kms_says 429 '' '' 29 kms-throttled 'HTTP 429'
kms_says 500 INCOMPLETE_METADATA_ERR '' 24 kms-unreachable 'HTTP 500'
kms_says 501 '' '' 24 kms-unreachable 'HTTP 501'
check 'a 501 is not tried again' same "$(tries)" 1
sim_fault '{"path":"*/actions/unwrap","action":"status","status":503,"body":"no healthy upstream","body_type":"text/plain"}'
unwrap --timeout 1
expect 'KMS: 503 in plain text' 24 kms-unreachable 'HTTP 503'
sim_faults_clear
sim_fault '{"path":"*/actions/unwrap","action":"garbled-token","times":1}'
unwrap
expect 'a token that is refused once is replaced' 0 'a secret'
sim_faults_clear
sim_control DELETE /tokens >/dev/null
unwrap
expect 'and so is one that is valid no more' 0 'a secret'

sim_key_state "$SIM_ROOT_KEY" 2
unwrap
expect 'a disabled key' 27 kms-key-disabled 'enable the root key'
sim_key_state "$SIM_ROOT_KEY" 3
unwrap
expect 'a deactivated key still unwraps' 0 'a secret'
run wrap --config "$ROOM/one.conf" <"$ROOM/plain"
expect 'but wraps no more' 27 kms-key-disabled
sim_key_state "$SIM_ROOT_KEY" 5
unwrap
expect 'a deleted key' 26 kms-key-gone '30 days'
unwrap
expect 'a deleted key, the other way that the service tells it' 26 kms-key-gone
sim_key_state "$SIM_ROOT_KEY" 1
sed "s/$SIM_ROOT_KEY/00000000-1111-4222-8333-444444444444/" "$ROOM/one.conf" >"$ROOM/unknown.conf"
run unwrap --config "$ROOM/unknown.conf" <"$ROOM/wrapped"
expect 'an unknown key' 26 kms-key-gone
sed "s/^root-key.*/root-key = cexluks-root/" "$ROOM/one.conf" >"$ROOM/alias.conf"
run unwrap --config "$ROOM/alias.conf" <"$ROOM/wrapped"
expect 'a key by its alias' 0 'a secret'
token="$(curl -sS --noproxy '*' --cacert "$SIM_CA" --data-urlencode "apikey@$SIM_API_KEY_FILE" \
    -d grant_type=urn:ibm:params:oauth:grant-type:apikey "$SIM_IAM_URL/identity/token" | jq -r .access_token)"
standard="$(curl -sS --noproxy '*' --cacert "$SIM_CA" -H "Authorization: Bearer $token" -H "Bluemix-Instance: $SIM_INSTANCE" \
    -H 'Content-Type: application/vnd.ibm.kms.key+json' "$SIM_URL/api/v2/keys" -d '{
        "metadata": {"collectionType": "application/vnd.ibm.kms.key+json", "collectionTotal": 1},
        "resources": [{"type": "application/vnd.ibm.kms.key+json", "name": "standard", "extractable": true}]}' |
    jq -r '.resources[0].id')"
sed "s/$SIM_ROOT_KEY/$standard/" "$ROOM/one.conf" >"$ROOM/standard.conf"
run wrap --config "$ROOM/standard.conf" <"$ROOM/plain"
expect 'a standard key' 25 kms-refused 'standard key'
install -m 600 /dev/null "$ROOM/reader-key"
printf 'a-reader\n' >"$ROOM/reader-key"
sed "s,^api-key.*,api-key = file:$ROOM/reader-key," "$ROOM/one.conf" >"$ROOM/reader.conf"
run unwrap --config "$ROOM/reader.conf" <"$ROOM/wrapped"
expect 'the role Reader is enough to unwrap' 0 'a secret'
run key create prod forbidden --config "$ROOM/reader.conf"
expect 'and too little to create a key' 25 kms-refused
from=$(mark)
sim_fault '{"method":"POST","path":"*/keys","action":"lost-reply"}'
one key create prod only-once
expect 'a lost reply to key create' 24 kms-unreachable
check 'is not tried again, or there would be two keys' same \
    "$(log_since "$from" '[.[] | select(.path | endswith("/keys"))] | length')" 1
sim_faults_clear

# --- TLS --------------------------------------------------------------------------------------------------------------

for profile in strange name tls11; do
    sim_conf "$profile" key-protect "$profile" >"$ROOM/tls.conf"
    from=$(mark)
    run unwrap --config "$ROOM/tls.conf" <"$ROOM/wrapped"
    expect "a service that TLS does not trust ($profile)" 19 tls-untrusted
    check "gets no request ($profile)" same "$(log_since "$from" "[.[] | select(.listener == \"$profile\")] | length")" 0
done
sim_conf expired key-protect expired >"$ROOM/tls.conf"
run ping --config "$ROOM/tls.conf"
expect 'an expired certificate is a matter of the clock' 20 tls-clock 'clock'

# --- tries ------------------------------------------------------------------------------------------------------------

sim_fault '{"path":"*/actions/unwrap","times":1,"action":"status","status":429,"headers":{"Retry-After":"1"}}'
started=${EPOCHREALTIME/./}
unwrap
took=$(((${EPOCHREALTIME/./} - started) / 1000))
expect 'Retry-After is waited for' 0 'a secret'
check "not less, not much longer ($took ms)" test "$took" -ge 1000 -a "$took" -lt 4000
sim_faults_clear
sim_fault '{"path":"*/actions/unwrap","action":"status","status":429,"headers":{"Retry-After":"86400"}}'
started=$SECONDS
unwrap --timeout 3
expect 'a Retry-After beyond the budget ends the tries' 29 kms-throttled
check 'without waiting for it' test $((SECONDS - started)) -le 4
sim_faults_clear

sim_fault '{"path":"*/identity/token","action":"status","status":503}'
from=$(mark)
for i in 1 2; do
    "$CEXLUKS" unwrap --config "$ROOM/one.conf" --timeout 5 <"$ROOM/wrapped" >/dev/null 2>"$ROOM/tries$i" &
    pids[i]=$!
done
wait "${pids[@]}"
# the two are told apart by their connections
gaps="$(log_since "$from" 'group_by(.connection) | map([.[].monotonic] | [.[1:], .[:-1]] | transpose
    | map(((.[0] - .[1]) * 1000 | round)))' | jq -c .)"
check "tries are bounded, for each of two at once (milliseconds between: $gaps)" jq -e \
    'length == 2 and all(.[]; length >= 2 and length <= 7 and add <= 5500)' <<<"$gaps"
check 'and spaced at random' jq -e '.[0] != .[1]' <<<"$gaps"
sim_faults_clear

# --- proxies, and an environment that would lead elsewhere ------------------------------------------------------------

port() { # a port nobody listens on, below those that outgoing connections take
    local p
    while p=$((20000 + RANDOM % 12000)); do
        (: <>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || break
    done
    echo "$p"
}

proxy_start() { # LOG: sets proxy_port
    proxy_port="$(port)"
    : >"$1"
    PROXY_LOG="$1" socat "TCP-LISTEN:$proxy_port,bind=127.0.0.1,fork,reuseaddr" EXEC:tests/integration/connect-proxy \
        2>/dev/null &
    children+=($!)
    for ((i = 0; i < 100; i++)); do
        (: <>"/dev/tcp/127.0.0.1/$proxy_port") 2>/dev/null && break
        sleep 0.05
    done
    for ((i = 0; i < 20; i++)); do # the connection just made was a request without words
        [[ ! -s $1 ]] || break
        sleep 0.05
    done
    : >"$1"
}

proxy_start "$ROOM/proxy.log"
{
    cat "$ROOM/one.conf"
    echo "proxy = http://127.0.0.1:$proxy_port"
} >"$ROOM/proxy.conf"
run unwrap --config "$ROOM/proxy.conf" <"$ROOM/wrapped"
expect 'a configured proxy is used' 0 'a secret'
check 'for IAM and for the KMS, with CONNECT' same "$(grep '^CONNECT ' "$ROOM/proxy.log" | sort)" "$(
    printf 'CONNECT %s HTTP/1.1\n' "${SIM_IAM_URL#https://}" "${SIM_URL#https://}" | sort
)"
check 'and learns no credential' not grep -qiE 'authorization|bearer|apikey|instance' "$ROOM/proxy.log"
sed -i "s/^proxy.*/proxy = http:\/\/127.0.0.1:$(port)/" "$ROOM/proxy.conf"
run ping --config "$ROOM/proxy.conf" --timeout 1
expect 'a proxy that is not there is named' 24 kms-unreachable "proxy 'http://127.0.0.1"
sim_conf strange key-protect strange >"$ROOM/tls.conf"
echo "proxy = http://127.0.0.1:$proxy_port" >>"$ROOM/tls.conf"
run ping --config "$ROOM/tls.conf"
expect 'TLS is checked behind a proxy too' 19 tls-untrusted

proxy_start "$ROOM/trap.log"
trap_url="http://127.0.0.1:$proxy_port"
mkdir "$ROOM/home"
printf 'machine 127.0.0.1 login trap password trap\ndefault login trap password trap\n' >"$ROOM/home/.netrc"
printf 'proxy = "%s"\ninsecure\n' "$trap_url" | tee "$ROOM/home/.curlrc" >"$ROOM/home/curlrc"
cat >"$ROOM/openssl.cnf" <<END
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = limits
[limits]
MinProtocol = TLSv1.3
END
sim_conf tls12 key-protect tls12 >"$ROOM/tls12.conf"
run wrap --config "$ROOM/tls12.conf" <"$ROOM/plain"
cp "$ROOM/out" "$ROOM/wrapped12"
from=$(mark)
trapped() { # VERB ARGUMENT…: in an environment full of traps
    env http_proxy="$trap_url" https_proxy="$trap_url" HTTPS_PROXY="$trap_url" ALL_PROXY="$trap_url" \
        all_proxy="$trap_url" no_proxy='' SSLKEYLOGFILE="$ROOM/keylog" SSL_CERT_FILE="$ROOM/strange-ca.pem" \
        SSL_CERT_DIR="$ROOM/home" CURL_CA_BUNDLE="$ROOM/strange-ca.pem" CURL_HOME="$ROOM/home" HOME="$ROOM/home" \
        XDG_CONFIG_HOME="$ROOM/home" NETRC="$ROOM/home/.netrc" OPENSSL_CONF="$ROOM/openssl.cnf" \
        RES_OPTIONS='ndots:9' LOCALDOMAIN=evil.example HOSTALIASES="$ROOM/home/hosts" LD_DEBUG=files \
        LD_DEBUG_OUTPUT="$ROOM/ld" "$CEXLUKS" "$@" >"$ROOM/out" 2>"$ROOM/err"
    status=$? out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
}
trapped unwrap --config "$ROOM/tls12.conf" <"$ROOM/wrapped12"
expect 'the environment changes nothing' 0 'a secret'
check 'proxies of the environment get nothing' same "$(<"$ROOM/trap.log")" ''
check 'no session key is written to SSLKEYLOGFILE' test ! -e "$ROOM/keylog"
check 'no credential of .netrc is sent' same \
    "$(log_since "$from" '[.[].headers.authorization | select(. != null) | select(startswith("Bearer ") | not)] | length')" 0
is_static && loaders=0 || loaders=1
check 'the loader is told things in the core only, not in the process that speaks to the network' same \
    "$(find "$ROOM" -maxdepth 1 -name 'ld.*' | wc -l)" "$loaders"
# the certificate that the untrusted service shows, as a CA of the environment beside IAM's, which is asked first
openssl s_client -connect "$(sim_info '.instances[] | select(.name == "strange") | .url' | cut -c9-)" -showcerts \
    </dev/null 2>/dev/null | sed -n '/BEGIN CERT/,/END CERT/p' | cat - "$SIM_CA" >"$ROOM/strange-ca.pem"
sim_conf strange key-protect strange >"$ROOM/tls.conf"
trapped ping --config "$ROOM/tls.conf"
expect 'a CA of the environment is not trusted' 19 tls-untrusted
summary
