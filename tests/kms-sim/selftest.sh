#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The simulator against kms-api.md's shapes, with curl as the client. SIM names the program.
# No `set -e`: a failing check is counted, the rest still runs.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/integration/sim.sh
. tests/integration/sim.sh

passed=0 failed=0 skipped=0
tmp="$(mktemp -d)" || exit 1
export TMPDIR="$tmp"
SIM_PID=''
trap 'test -z "$SIM_PID" || kill "$SIM_PID"; rm -rf "$tmp"' EXIT

ok() {
    passed=$((passed + 1))
    echo "ok - $1"
}

not_ok() {
    failed=$((failed + 1))
    echo "not ok - $1"
    shift
    for line; do echo "#   $line"; done
}

is() { # GOT EXPECTED NAME
    if [ "$1" = "$2" ]; then ok "$3"; else not_ok "$3" "got: $1" "expected: $2"; fi
}

holds() { # NAME COMMAND…
    _name="$1"
    shift
    if "$@" >/dev/null 2>&1; then ok "$_name"; else not_ok "$_name" "fails: $*"; fi
}

skip() {
    skipped=$((skipped + 1))
    echo "skipped - $1"
}

# ---- talking to it ----

GRANT=grant_type=urn:ibm:params:oauth:grant-type:apikey

# Both leave the status in $status (000: no answer), curl's verdict in $verdict, the body in $tmp/body.
token_request() { # [curl's arguments…]
    status="$(curl -sS --noproxy '*' --cacert "$SIM_CA" -o "$tmp/body" -D "$tmp/headers" -w '%{http_code}' -m 5 \
        "$@" "$SIM_IAM_URL/identity/token" 2>"$tmp/stderr")"
    verdict=$?
}

token() { # API-key file -> $bearer
    token_request --data-urlencode "$GRANT" --data-urlencode "apikey@$1"
    bearer="$(field .access_token)"
}

# $url, $instance and $type stand in for the usual ones where they are set.
call() { # METHOD PATH [BODY] [curl's arguments…]; a body of - means none
    _call="$1" _path="$2" _data="${3:--}"
    shift 2
    [ $# -eq 0 ] || shift
    rm -f "$tmp/body"
    [ "$_data" = - ] || set -- --data-binary "$_data" "$@"
    [ "$_call" != HEAD ] || set -- -I "$@"
    status="$(curl -sS --noproxy '*' --cacert "$SIM_CA" -o "$tmp/body" -D "$tmp/headers" -w '%{http_code}' -m 5 \
        -X "$_call" -H "Authorization: Bearer $bearer" -H "Bluemix-Instance: ${instance-$SIM_INSTANCE}" \
        -H "Content-Type: ${type-application/vnd.ibm.kms.key_action+json}" "$@" "${url-$SIM_URL}$_path" 2>"$tmp/stderr")"
    verdict=$?
}

field() { # FILTER
    jq -r "$1" "$tmp/body" 2>/dev/null
}

header() { # NAME
    tr -d '\r' <"$tmp/headers" | sed -n "s/^$1: //Ip" | head -n 1
}

code() { # the reason's code; blanks around it are part of the act
    jq -r '.resources[0].reasons[0].code // "none"' "$tmp/body" 2>/dev/null | tr -d ' '
}

action() { # NAME BODY [KEY]
    call POST "/api/v2/keys/${3:-$SIM_ROOT_KEY}/actions/$1" "$2"
}

wrap() { # PLAINTEXT [AAD-JSON] [KEY] -> $ct
    action wrap "{\"plaintext\":\"$1\",\"aad\":${2:-[]}}" "${3:-}"
    ct="$(field .ciphertext)"
}

create() { # MEMBERS [curl's arguments…]
    _members="$1"
    shift
    call POST /api/v2/keys "{\"metadata\":{\"collectionType\":\"application/vnd.ibm.kms.key+json\",\"collectionTotal\":1},
        \"resources\":[{\"type\":\"application/vnd.ibm.kms.key+json\",$_members}]}" "$@"
}

fault_once() { # MEMBERS
    sim_faults_clear
    sim_fault "{\"times\":1,\"listener\":\"prod\",$1}"
}

# ---- IAM ----

iam_gives_tokens() {
    token "$SIM_API_KEY_FILE"
    is "$status" 200 'a token for the API key with + / = % & in it'
    is "$(field 'keys - ["scope", "ims_user_id"] | sort | join(" ")')" \
        'access_token expiration expires_in refresh_token token_type' 'the reply has all documented members'
    is "$(field '.refresh_token + .token_type + (.expires_in | tostring)')" not_supportedBearer3600 'and their values'
    _orders="$(for _ in 1 2 3 4 5 6; do token_request --data-urlencode "$GRANT" --data-urlencode "apikey@$SIM_API_KEY_FILE"
        jq -c keys_unsorted "$tmp/body"; done | sort -u | wc -l)"
    holds 'member order varies' [ "$_orders" -gt 1 ]
    status="$(curl -sS --noproxy '*' --cacert "$SIM_CA" -o /dev/null -w '%{http_code}' --data-urlencode "$GRANT" \
        --data-urlencode "apikey@$SIM_API_KEY_FILE" "$SIM_IAM_URL/oidc/token")"
    is "$status" 200 'the old path works too'
    is "$(sim_tokens_issued)" 8 'tokens are counted'
}

iam_refuses() { # STATUS CODE NAME curl's arguments…
    _want="$1 $2" _what="IAM: $3"
    shift 3
    token_request "$@"
    is "$status $(field .errorCode)" "$_want" "$_what"
}

iam_errors() {
    iam_refuses 400 BXNIM0415E 'unknown API key' --data-urlencode "$GRANT" -d apikey=nobody
    iam_refuses 400 BXNIM0415E 'a key that was not form-encoded' --data-urlencode "$GRANT" -d "apikey=$(cat "$SIM_API_KEY_FILE")"
    iam_refuses 400 BXNIM0109E 'empty API key' --data-urlencode "$GRANT" -d apikey=
    iam_refuses 400 BXNIM0109E 'no grant type' -d apikey=nobody
    iam_refuses 400 BXNIM0106E 'wrong grant type' -d grant_type=password -d apikey=nobody
    iam_refuses 400 BXNIM0106E 'wrong response type' --data-urlencode "$GRANT" -d apikey=nobody -d response_type=x
    iam_refuses 400 BXNIM0109E 'chunked body' -H 'Transfer-Encoding: chunked' --data-urlencode "$GRANT" -d apikey=nobody
    iam_refuses 405 BXNIM0060E 'GET' -X GET
}

# ---- who may ----

kms_admits() {
    instance='' call GET /api/v2/keys
    is "$status" 400 'no Bluemix-Instance: 400'
    instance=not-a-uuid call GET /api/v2/keys
    is "$status" 400 'an instance that is no UUID: 400'
    instance=01234567-89ab-cdef-0123-456789abcdef call GET /api/v2/keys
    is "$status $(field '.resources[0] | has("reasons")')" '401 false' 'unknown instance: 401 without reasons'
    instance="$(printf %s "$SIM_INSTANCE" | tr '[:lower:]' '[:upper:]')" call GET /api/v2/keys
    is "$status" 200 'the instance in upper case is the same'
    _good="$bearer"
    bearer=a.b.c
    call GET /api/v2/keys
    is "$status $(field '.resources[0] | has("reasons")')" '401 false' 'unknown token: 401 without reasons'
    bearer="$_good"
    sim_clock 3601
    call GET /api/v2/keys
    is "$status" 401 'expired token: 401'
    sim_clock 0
    call GET /api/v2/keys
    is "$status" 200 'and valid again when the clock is set back'
    call GET /api/v2/keys - -H 'Correlation-Id: 01234567-89ab-4def-8123-456789abcdef'
    is "$(header Correlation-Id)" 01234567-89ab-4def-8123-456789abcdef 'Correlation-Id comes back'
    call GET /api/v2/keys
    holds 'and is made when absent' [ -n "$(header Correlation-Id)" ]
    call GET /api/v2/nothing
    is "$status" 404 'unknown path: 404'
    call PUT /api/v2/keys
    is "$status" 405 'unknown method: 405'
}

kms_knows_roles() {
    printf reader-key >"$tmp/reader"
    printf writer-key >"$tmp/writer"
    _manager="$bearer"
    token "$tmp/reader"
    wrap aGVsbG8=
    is "$status" 200 'a reader wraps'
    action unwrap "{\"ciphertext\":\"$ct\"}"
    is "$status" 200 'and unwraps'
    action rewrap "{\"ciphertext\":\"$ct\"}"
    is "$status" 200 'and rewraps'
    call GET "/api/v2/keys/$SIM_ROOT_KEY/metadata"
    is "$status" 200 'and reads metadata'
    call GET "/api/v2/keys/$SIM_ROOT_KEY"
    is "$status" 401 'but does not get a key'
    create '"name":"by-reader","extractable":false'
    is "$status" 401 'nor create'
    action rotate -
    is "$status" 401 'nor rotate'
    token "$tmp/writer"
    create '"name":"by-writer","extractable":false'
    is "$status" 201 'a writer creates'
    action disable -
    is "$status" 401 'but does not disable'
    call DELETE "/api/v2/keys/$SIM_ROOT_KEY"
    is "$status" 401 'nor delete'
    bearer="$_manager"
}

# ---- wrapping ----

kms_wraps() {
    wrap aGVsbG8AAQ==
    is "$status $(field 'has("plaintext")') $(field .keyVersion.id)" "200 false $SIM_ROOT_KEY" 'wrap gives no plaintext back'
    is "$(printf %s "$ct" | base64 -d | jq -c '[keys[]] + [.version, (.iv | @base64d | utf8bytelength)]' | cut -d, -f1-5)" \
        '["ciphertext","handle","iv","version","4.0.0"' 'the ciphertext looks like the documented ones'
    _first="$ct"
    wrap aGVsbG8AAQ==
    holds 'wrapping twice differs' [ "$ct" != "$_first" ]
    action unwrap "{\"ciphertext\":\"$ct\"}"
    is "$(field '.plaintext + (has("ciphertext") | tostring)')" aGVsbG8AAQ==false 'unwrap gives the bytes, and no new ciphertext'
    call POST "/api/v2/keys/cexluks-root/actions/unwrap" "{\"ciphertext\":\"$ct\"}"
    is "$(field .plaintext)" aGVsbG8AAQ== 'by alias'
    call POST "/api/v2/keys/$SIM_ROOT_KEY?action=unwrap" "{\"ciphertext\":\"$ct\"}"
    is "$(field .plaintext)" aGVsbG8AAQ== 'in the old form of the URL'
    action rewrap "{\"ciphertext\":\"$ct\"}"
    is "$status $(field 'has("plaintext")') $(field '.keyVersion.id == .rewrappedKeyVersion.id')" '200 false true' \
        'rewrap shows no plaintext, and both versions'
    for _body in '{}' '{"aad":["x"]}' ''; do
        action wrap "$_body"
        is "$status $(field .plaintext | base64 -d | wc -c) $(field 'has("ciphertext")')" '200 32 true' "wrap '$_body' makes 32 bytes"
    done
    action unwrap "{\"ciphertext\":\"$(field .ciphertext)\"}"
    is "$status" 200 'and they unwrap'
}

kms_takes_content_types() {
    for type in application/json application/vnd.ibm.kms.key_action_wrap+json 'application/json; charset=utf-8'; do
        action wrap '{}'
        is "$status" 200 "content type $type"
    done
    type=''
    action wrap '{}'
    is "$status" 200 'no content type'
    type=application/x-www-form-urlencoded
    action wrap '{}'
    is "$status $(code)" '400 BAD_BODY_ERR' 'a form is refused'
    unset type
}

wrong() { # ACTION BODY STATUS CODE NAME
    action "$1" "$2"
    is "$status $(code)" "$3 $4" "$5"
}

kms_binds_aad() {
    wrap aGVsbG8= '["ab","c"]'
    action unwrap "{\"ciphertext\":\"$ct\",\"aad\":[\"ab\",\"c\"]}"
    is "$(field .plaintext)" aGVsbG8= 'the same additional data unwraps'
    for _aad in '["a","bc"]' '["c","ab"]' '["ab"]' '["abc"]' '[]' '["ab","c",""]'; do
        wrong unwrap "{\"ciphertext\":\"$ct\",\"aad\":$_aad}" 422 UNPROCESSABLE_CIPHERTEXT_ERR "$_aad does not"
    done
    wrong unwrap "{\"ciphertext\":\"$ct\"}" 422 UNPROCESSABLE_CIPHERTEXT_ERR 'none does not'
    _long="$(printf '%0256d' 0)"
    wrong wrap "{\"aad\":[\"$_long\"]}" 400 INVALID_FIELD_ERR '256 characters are too long'
    is "$(field '.resources[0].reasons[0].target.name')" aad 'and the target is aad'
    action wrap "{\"aad\":[\"${_long#0}\"]}"
    is "$status" 200 '255 characters are not'
    _many="$(jq -nc '{aad: [range(256) | "x"]}')"
    wrong wrap "$_many" 400 INVALID_FIELD_ERR '256 strings are too many'
    wrong wrap '{"aad":"x"}' 400 BAD_BODY_ERR 'a string for an array'
}

kms_refuses_bodies() {
    wrong wrap '{"plaintext":"####"}' 400 INVALID_FIELD_ERR 'a plaintext that is not base64'
    is "$(field '.resources[0].reasons[0].target.name')" plaintext 'and the target is plaintext'
    wrong wrap '{"plaintext":"aGVsbG8"}' 400 INVALID_FIELD_ERR 'base64 without its padding'
    wrong unwrap '{"ciphertext":"####"}' 400 INVALID_FIELD_ERR 'a ciphertext that is not base64'
    wrong unwrap '{"ciphertext":"aGVsbG8="}' 400 INVALID_FIELD_ERR 'a ciphertext that never was one'
    wrong unwrap '{}' 400 INVALID_FIELD_ERR 'no ciphertext'
    wrong unwrap '' 400 NO_BODY_ERR 'no body'
    wrong unwrap '{"ciphertext":' 400 BAD_BODY_ERR 'broken JSON'
    wrong wrap '{"plaintext":5}' 400 BAD_BODY_ERR 'a plaintext that is a number'
    wrong wrap '{"plain":"aGVsbG8="}' 400 BAD_BODY_ERR 'an unknown member'
    # a byte within the sealed data: base64 of {"ciphertext":" takes 20 characters, the 25th is beyond it
    wrap aGVsbG8=
    _flipped="$(printf %s "$ct" | base64 -d | sed 's/^\(.\{16\}\)./\1A/; s/^\(.\{17\}\)./\1B/' | base64 -w0)"
    wrong unwrap "{\"ciphertext\":\"$_flipped\"}" 422 UNPROCESSABLE_CIPHERTEXT_ERR 'a changed byte'
    _flipped="$(printf %s "$ct" | base64 -d | sed 's/\("handle":"\)../\1zz/' | base64 -w0)"
    wrong unwrap "{\"ciphertext\":\"$_flipped\"}" 422 UNPROCESSABLE_CIPHERTEXT_ERR 'a changed handle'
    create '"name":"another","extractable":false'
    _other="$(field '.resources[0].id')"
    action unwrap "{\"ciphertext\":\"$ct\"}" "$_other"
    is "$status $(code)" '422 UNPROCESSABLE_CIPHERTEXT_ERR' 'another root key'
    action unwrap "{\"ciphertext\":\"$ct\"}" 01234567-89ab-cdef-0123-456789abcdef
    is "$status $(code)" '404 KEY_NOT_FOUND_ERR' 'a key that does not exist'
}

# ---- keys ----

kms_creates() {
    create '"name":"new-root","extractable":false,"aliases":["new-alias"]' -H 'Prefer: return=representation'
    is "$status $(field '.resources[0] | [.state, .extractable, .imported, has("payload")] | @csv')" '201 1,false,false,false' \
        'create a root key'
    new="$(field '.resources[0].id')"
    is "$(field '.resources[0].crn')" "crn:v1:bluemix:public:kms:eu-de:a/0123456789abcdef0123456789abcdef:$SIM_INSTANCE:key:$new" 'its CRN'
    create '"name":"minimal","extractable":false' -H 'Prefer: return=minimal'
    is "$status $(wc -c <"$tmp/body" 2>/dev/null || echo 0)" '201 0' 'return=minimal'
    create '"name":"again","extractable":false,"aliases":["new-alias"]'
    is "$status" 409 'an alias twice'
    for _alias in x wrap 01234567-89ab-cdef-0123-456789abcdef 'a b'; do
        create "\"name\":\"alias\",\"extractable\":false,\"aliases\":[\"$_alias\"]"
        is "$status $(code)" '400 INVALID_FIELD_ERR' "alias '$_alias'"
    done
    for _length in 16 24 32; do
        create "\"name\":\"imported\",\"extractable\":false,\"payload\":\"$(head -c "$_length" /dev/zero | base64)\""
        is "$status $(field '.resources[0].imported')" '201 true' "import $_length bytes"
    done
    imported="$(field '.resources[0].id')"
    wrap aGVsbG8= '[]' "$imported"
    create "\"name\":\"twin\",\"extractable\":false,\"payload\":\"$(head -c 32 /dev/zero | base64)\""
    action unwrap "{\"ciphertext\":\"$ct\"}" "$(field '.resources[0].id')"
    is "$(field .plaintext)" aGVsbG8= 'a key with the same material unwraps'
    create "\"name\":\"imported\",\"extractable\":false,\"payload\":\"$(head -c 31 /dev/zero | base64)\""
    is "$status $(code)" '400 INVALID_FIELD_ERR' 'import 31 bytes'
    create '"name":"standard","extractable":true'
    standard="$(field '.resources[0].id')"
    call GET "/api/v2/keys/$standard"
    is "$(field '.resources[0].payload' | base64 -d | wc -c)" 32 'a standard key has a payload'
    call GET "/api/v2/keys/$standard/metadata"
    is "$(field '.resources[0] | has("payload")')" false 'but not in its metadata'
    action wrap '{}' "$standard"
    is "$status $(code)" '400 KEY_ROOT_REQ_ERR' 'and it does not wrap'
    for _body in '{}' '{"metadata":{},"resources":[{}]}' '{"metadata":{"collectionTotal":2},"resources":[{},{}]}' x; do
        call POST /api/v2/keys "$_body"
        is "$status $(code)" '400 BAD_BODY_ERR' "create with $_body"
    done
    call POST /api/v2/keys '{"metadata":{"collectionTotal":2},"resources":[{}]}'
    is "$(code)" COLLECTION_TOTAL_MISMATCH_ERR 'create with a wrong count'
}

kms_lists() {
    call HEAD /api/v2/keys
    _total="$(header Key-Total)"
    call GET /api/v2/keys
    is "$(field .metadata.collectionTotal) $(field '.resources | length')" "$_total $_total" 'list, and HEAD with Key-Total'
    is "$(field '[.resources[].id] == ([.resources[].id] | sort)')" true 'sorted by id'
    _third="$(field '.resources[2].id')"
    call GET '/api/v2/keys?limit=2&offset=2'
    is "$(field .metadata.collectionTotal) $(field '.resources[0].id')" "2 $_third" 'limit and offset'
    call GET '/api/v2/keys?limit=5000'
    is "$status" 200 'limit 5000'
    call GET '/api/v2/keys?limit=5001'
    is "$status" 400 'limit 5001'
    call GET '/api/v2/keys?extractable=true'
    is "$(field '[.resources[].id] | join(",")')" "$standard" 'extractable'
    sim_key_state "$new" 2
    call GET '/api/v2/keys?state=2,3'
    is "$(field '[.resources[].id] | join(",")')" "$new" 'state'
    sim_key_state "$new" 5
    call GET '/api/v2/keys?limit=5000'
    is "$(field "[.resources[].id] | contains([\"$new\"])")" false 'deleted keys are hidden'
    call GET '/api/v2/keys?state=5'
    is "$(field '[.resources[].id] | join(",")')" "$new" 'unless asked for'
    sim_key_state "$new" 1
    call GET '/api/v2/keys?search=new-ro'
    is "$(field '[.resources[].id] | join(",")')" "$new" 'search'
    call GET '/api/v2/keys?state=1&filter=state%3D1'
    is "$status" 400 'state twice'
    call GET '/api/v2/keys?offset=100000'
    is "$(field '.metadata.collectionTotal, (.resources | length)' | tr '\n' ' ')" '0 0 ' 'nothing left: an empty array'
}

kms_rotates() {
    wrap aGVsbG8= '["x"]' "$new"
    _old="{\"ciphertext\":\"$ct\",\"aad\":[\"x\"]}"
    action rotate - "$new"
    is "$status $(wc -c <"$tmp/body" 2>/dev/null || echo 0)" '204 0' 'rotate'
    action rotate - "$new"
    is "$status $(code)" '409 KEY_ROTATION_NOT_PERMITTED' 'not twice in an hour'
    action unwrap "$_old" "$new"
    is "$(field '[.plaintext, has("ciphertext"), .keyVersion.id != .rewrappedKeyVersion.id] | @csv')" '"aGVsbG8=",true,true' \
        'unwrapping an old ciphertext brings a new one'
    _renewed="$(field .ciphertext)"
    action unwrap "{\"ciphertext\":\"$_renewed\",\"aad\":[\"x\"]}" "$new"
    is "$(field '[.plaintext, has("ciphertext"), has("rewrappedKeyVersion")] | @csv')" '"aGVsbG8=",false,false' 'which is up to date'
    action rewrap "$_old" "$new"
    is "$(field '[has("plaintext"), .keyVersion.id != .rewrappedKeyVersion.id] | @csv')" 'false,true' 'rewrap'
    sim_clock 3601
    token "$SIM_API_KEY_FILE"
    action rotate - "$new"
    is "$status" 204 'again after an hour'
    action unwrap "$_old" "$new"
    is "$(field .plaintext)" aGVsbG8= 'the oldest ciphertext still works'
    call GET "/api/v2/keys/$new/versions?totalCount=true"
    is "$(field '.metadata.collectionTotal, .metadata.totalCount, (.resources | length)' | tr '\n' ' ')" '3 3 3 ' 'three versions'
    sim_clock 0
    action rotate - "$imported"
    is "$status $(code)" '400 KEY_PAYLOAD_REQ_ERR' 'an imported key wants material'
    action rotate "{\"payload\":\"$(head -c 32 /dev/urandom | base64)\"}" "$imported"
    is "$status" 204 'and takes it'
    token "$SIM_API_KEY_FILE"
}

# STATE, then the status of wrap, unwrap, rewrap, rotate, metadata
state_allows() {
    sim_key_state "$SIM_ROOT_KEY" "$1"
    _got=
    for _action in wrap unwrap rewrap; do
        action "$_action" "{\"ciphertext\":\"$ct\"}"
        _got="$_got $status"
    done
    call GET "/api/v2/keys/$SIM_ROOT_KEY/metadata"
    is "$_got $(field '.resources[0].state')" "$2 $1" "state $1: wrap, unwrap, rewrap, metadata"
}

kms_has_states() {
    wrap aGVsbG8=
    state_allows 2 ' 409 409 409'
    is "$(action unwrap "{\"ciphertext\":\"$ct\"}"; code)" KEY_ACTION_INVALID_STATE_ERR 'the code of a disabled key'
    state_allows 3 ' 409 200 200'
    state_allows 5 ' 410 410 410'
    is "$(for _ in 1 2; do action unwrap "{\"ciphertext\":\"$ct\"}"; code; done | sort | tr '\n' ' ')" 'KEY_DELETED_ERR none ' \
        '410 comes with and without reasons'
    state_allows 1 ' 200 200 200'
    action disable -
    is "$status" 204 'disable'
    action enable -
    is "$status $(code)" '409 REQ_TOO_EARLY_ERR' 'enable at once'
    sim_clock 31
    action enable -
    is "$status" 204 'enable after 30 seconds'
    action enable -
    is "$status $(code)" '409 KEY_ACTION_INVALID_STATE_ERR' 'enable an active key'
    sim_clock 0
    create '"name":"short-lived","extractable":false,"expirationDate":"2099-01-01T00:00:00Z"'
    is "$status" 201 'a key with an end'
    create '"name":"short-lived","extractable":false,"expirationDate":"2001-01-01T00:00:00Z"'
    is "$status" 400 'not one that is over'
}

kms_deletes() {
    create '"name":"doomed","extractable":false'
    _id="$(field '.resources[0].id')"
    call DELETE "/api/v2/keys/$_id" - -H 'Prefer: return=representation'
    is "$status $(field '.resources[0].state')" '200 5' 'delete'
    call DELETE "/api/v2/keys/$_id"
    is "$status" 410 'twice'
    sim_clock 31
    call POST "/api/v2/keys/$_id/restore"
    is "$status $(field '.resources[0].state')" '201 1' 'restore'
    sim_control DELETE "/keys/$_id" >/dev/null
    call GET "/api/v2/keys/$_id/metadata"
    is "$status $(code)" '404 KEY_NOT_FOUND_ERR' 'a purged key'
    sim_clock 0
}

kms_has_aliases_and_rings() {
    call POST "/api/v2/keys/$new/aliases/second-alias"
    is "$status $(field '.resources[0].alias')" '201 second-alias' 'add an alias'
    call GET /api/v2/keys/second-alias/metadata
    is "$(field '.resources[0].id')" "$new" 'and use it'
    call DELETE "/api/v2/keys/$new/aliases/second-alias"
    is "$status" 204 'and drop it'
    call POST /api/v2/key_rings/ring-one
    is "$status" 201 'make a ring'
    call GET /api/v2/key_rings
    is "$(field '[.resources[].id] | join(" ")')" 'default ring-one' 'list rings'
    call PATCH "/api/v2/keys/$new" '{"keyRingID":"ring-one"}'
    is "$(field '.resources[0].keyRingID')" ring-one 'move a key'
    call GET "/api/v2/keys/$new/metadata" - -H 'X-Kms-Key-Ring: ring-one'
    is "$status" 200 'found in its ring'
    call GET "/api/v2/keys/$new/metadata" - -H 'X-Kms-Key-Ring: default'
    is "$status" 404 'not in another'
    create '"name":"in-the-ring","extractable":false' -H 'X-Kms-Key-Ring: ring-one'
    is "$(field '.resources[0].keyRingID')" ring-one 'create in a ring'
    call DELETE /api/v2/key_rings/ring-one
    is "$status" 409 'a ring in use stays'
}

# ---- errors ----

errors_vary() {
    _texts="$(for _ in 1 2 3 4 5 6 7 8; do action unwrap '{"ciphertext":"####"}'; field '.resources[0].errorMsg'; done | sort -u | wc -l)"
    holds 'the wording of errors varies' [ "$_texts" -gt 1 ]
    is "$(field '.metadata.collectionType, .resources[0].reasons[0].status' | tr '\n' ' ')" 'application/vnd.ibm.kms.error+json 400 ' \
        'the shape does not'
}

# ---- faults ----

fault_statuses() {
    fault_once '"action":"status","status":429,"headers":{"Retry-After":"7"}'
    action wrap '{}'
    is "$status $(header Retry-After)" '429 7' '429 with Retry-After'
    action wrap '{}'
    is "$status" 200 'once only'
    fault_once '"action":"status","status":503'
    action wrap '{}'
    is "$status $(header Content-Type) $(cat "$tmp/body")" '503 text/plain no healthy upstream' '503 as front-ends send it'
    fault_once '"action":"status","status":501,"body":{"a":1},"body_type":"application/x+json"'
    action wrap '{}'
    is "$status $(header Content-Type) $(field .a)" '501 application/x+json 1' 'any status, body and type'
    sim_faults_clear
    sim_fault '{"listener":"prod","path":"*/actions/unwrap","skip":1,"times":2,"action":"status","status":500}'
    _got=
    for _ in 1 2 3 4; do
        action unwrap "{\"ciphertext\":\"$ct\"}"
        _got="$_got $status"
        action wrap '{}'
        _got="$_got $status"
    done
    is "$_got" ' 200 200 500 200 500 200 200 200' 'skip, times and path'
    sim_faults_clear
    sim_fault '{"listener":"iam","action":"status","status":401}'
    token_request -d x=y
    is "$status $(field 'has("errorCode")')" '401 true' 'IAM faults look like IAM'
    action wrap '{}'
    is "$status" 200 'and do not touch the KMS'
    sim_faults_clear
    fault_once '"action":"garbled-token"'
    action wrap '{}'
    is "$status $(code)" '400 BEARER_SUB_EXTRACTION_ERR' 'garbled-token'
    sim_faults_clear
    sim_fault '{"listener":"prod","action":"crypto-down"}'
    action wrap '{}'
    holds 'crypto-down: wrap fails' [ "$status" -ge 500 ]
    call GET /api/v2/keys
    is "$status" 200 'crypto-down: list works'
    sim_faults_clear
    if sim_control POST /faults '[{"action":"explode"}]' >/dev/null 2>&1; then
        not_ok 'an unknown action is refused'
    else
        ok 'an unknown action is refused'
    fi
}

fault_transport() {
    fault_once '"action":"reset"'
    action wrap '{}'
    holds 'reset: curl sees a broken connection' [ "$verdict" = 56 ]
    fault_once '"action":"half-body"'
    action wrap '{}'
    holds 'half-body: curl misses bytes' [ "$verdict" = 18 ]
    fault_once '"action":"wrong-length"'
    action wrap '{}'
    holds 'wrong-length: too long' [ "$verdict" = 18 ]
    fault_once '"action":"wrong-length","delta":-10'
    action wrap '{}'
    if jq . "$tmp/body" >/dev/null 2>&1; then not_ok 'wrong-length: too short'; else ok 'wrong-length: too short'; fi
    fault_once '"action":"chunked"'
    action wrap '{}'
    is "$(header Transfer-Encoding) $(field 'has("plaintext")')" 'chunked true' 'chunked'
    fault_once '"action":"slow-drip","interval_ms":200'
    action wrap '{}'
    holds 'slow-drip: not done in 5 seconds' [ "$verdict" = 28 ]
    fault_once '"action":"none","delay_ms":400,"jitter_ms":100'
    _before="$(date +%s%3N)"
    action wrap '{}'
    _took=$(($(date +%s%3N) - _before))
    holds "delay_ms ($_took ms)" [ "$_took" -ge 400 ]
    is "$status" 200 'delay_ms: then the answer'
    sim_faults_clear
    sim_fault '{"listener":"prod","method":"POST","times":1,"action":"lost-reply"}'
    create '"name":"lost","extractable":false,"aliases":["lost-alias"]'
    is "$status" 000 'lost-reply: no answer'
    call GET /api/v2/keys/lost-alias/metadata
    is "$status" 200 'lost-reply: but the key is there'
}

fault_http() {
    fault_once '"action":"empty"'
    action wrap '{}'
    is "$status $(wc -c <"$tmp/body" 2>/dev/null || echo 0)" '200 0' 'empty'
    fault_once '"action":"html"'
    action wrap '{}'
    is "$status $(header Content-Type)" '200 text/html' 'html'
    fault_once '"action":"redirect","location":"https://127.0.0.1:1/x"'
    action wrap '{}'
    is "$status $(header Location)" '302 https://127.0.0.1:1/x' 'redirect'
    fault_once '"action":"huge"'
    action wrap '{}'
    holds 'huge' [ "$(wc -c <"$tmp/body")" -gt 10000000 ]
    fault_once '"action":"big-headers"'
    action wrap '{}'
    holds 'big-headers: more than curl takes' [ "$verdict" != 0 ]
    fault_once '"action":"big-headers","bytes":50000'
    action wrap '{}'
    is "$(header X-Padding | wc -c)" 50001 'big-headers with a size'
    fault_once '"action":"gzip"'
    action wrap '{}'
    is "$(header Content-Encoding) $(gzip -dc <"$tmp/body" | jq -r 'has("plaintext")')" 'gzip true' 'gzip'
}

# ACTION, then a filter over the unwrap reply that must say true
fault_json() {
    fault_once "\"action\":\"$1\""
    action unwrap "{\"ciphertext\":\"$ct\"}"
    is "$status $(field "$2")" '200 true' "$1"
}

fault_hostile_json() {
    fault_json unknown-members '.plaintext == "+/+/aA==" and length > 5'
    fault_json escapes '.plaintext == "+/+/aA=="'
    holds 'escapes: they are in the text' grep -q '\\u002b\\/\\u002b\\/aA\\u003d\\u003d' "$tmp/body"
    fault_json wrong-types '(.plaintext | type) == "number"'
    fault_json nulls '.plaintext == null and has("plaintext")'
    fault_json duplicates '.plaintext == "+/+/aA=="'
    is "$(grep -o '"plaintext"' "$tmp/body" | wc -l)" 2 'duplicates: there are two'
    fault_json empty-plaintext '.plaintext == ""'
    fault_json other-plaintext '.plaintext != "+/+/aA==" and (.plaintext | length) == 8'
    fault_json nul-escape '.plaintext | contains("\u0000")'
    fault_once '"action":"nul"'
    action unwrap "{\"ciphertext\":\"$ct\"}"
    holds 'nul' grep -qaP '"plaintext":"\+/\+/\x00aA=="' "$tmp/body"
    fault_once '"action":"deep","nesting":3000'
    action unwrap "{\"ciphertext\":\"$ct\"}"
    is "$(tr -dc '[' <"$tmp/body" | wc -c)" 3000 'deep'
    sim_faults_clear
}

# ---- the log and the control port ----

# The log learns of a connection's end a little after the client does.
closed_connection() { # URL [curl's arguments…] -> $_last
    _before="$(sim_log 'map(.connection) | max')"
    curl -sS --noproxy '*' "$@" >/dev/null 2>&1
    _left=100
    until [ "$(sim_log "any(.event == \"closed\" and .connection > $_before)")" = true ] || [ "$_left" -eq 0 ]; do
        _left=$((_left - 1))
        sleep 0.05
    done
    _last="$(sim_log 'map(.connection) | max')"
}

log_tells() {
    action wrap '{"plaintext":"cHJlY2lvdXM="}'
    is "$(sim_requests 'last | [.listener, .method, .status, .body, .fault, .headers["bluemix-instance"]] | @csv')" \
        "\"prod\",\"POST\",200,\"{\"\"plaintext\"\":\"\"cHJlY2lvdXM=\"\"}\",,\"$SIM_INSTANCE\"" 'a request in the log'
    _two="$(curl -sS --noproxy '*' --cacert "$SIM_CA" "$SIM_URL/one" "$SIM_URL/two" >/dev/null; sim_requests '.[-2:] | map(.connection) | unique | length')"
    is "$_two" 1 'kept connections are seen'
    printf '{"plaintext":"%s"}' "$(head -c 99999 /dev/zero | base64 -w0)" >"$tmp/long"
    action wrap "@$tmp/long"
    is "$(sim_requests 'last | [.body_truncated, (.body | length), .body_length] | @csv')" 'true,65536,133348' 'long bodies are cut'
    closed_connection "$SIM_URL/"
    is "$(sim_log "map(select(.connection == $_last)) | map(.event) | join(\" \")")" 'connection closed' 'a client that does not trust us sends nothing'
    is "$(sim_log "map(select(.connection == $_last)) | last | [.requests, .tls] | @csv")" '0,"failed"' 'and the log says so'
    closed_connection "http${SIM_URL#https}/"
    is "$(sim_log "map(select(.connection == $_last)) | last | [.requests, .tls] | @csv")" '0,"failed"' 'nor does plain HTTP get anywhere'
    closed_connection "$SIM_URL/half" --cacert "$SIM_CA" -m 1 -H 'Content-Length: 100' --data-binary only-this
    is "$(sim_requests "map(select(.connection == $_last)) | last | [.method, .path, .body, .status] | @csv")" '"POST","/half","only-this",' \
        'a request whose body never came'
}

listeners_go() {
    sim_listener prod down
    call GET /api/v2/keys
    is "$verdict" 7 'down: refused'
    sim_listener prod hang
    _before="$(date +%s)"
    curl -sS --noproxy '*' --cacert "$SIM_CA" -m 1 "$SIM_URL/" >/dev/null 2>&1
    is "$?" 28 'hang: no answer'
    sim_listener prod up
    call GET /api/v2/keys
    is "$status" 200 'up: where it was'
    sim_fault '{"listener":"prod","action":"none","delay_ms":60000}'
    curl -sS --noproxy '*' --cacert "$SIM_CA" -m 20 "$SIM_URL/" >/dev/null 2>&1 &
    _slow=$!
    until [ "$(sim_requests 'last | .fault')" = none ]; do sleep 0.05; done
    _before="$(date +%s)"
    sim_listener prod down
    wait "$_slow"
    holds 'going down does not wait for slow answers' [ $(($(date +%s) - _before)) -lt 5 ]
    sim_faults_clear
    sim_listener prod up
    sim_control DELETE /tokens >/dev/null
    call GET /api/v2/keys
    is "$status" 401 'tokens can be revoked'
}

# ---- several instances, TLS ----

other_services() {
    printf '[{"listener":"old","action":"status","status":418,"times":1}]' >"$tmp/script"
    sim_start --instance old=hpcs,list-empty=absent --instance new=key-protect-dedicated,uuid=11111111-2222-4333-8444-555555555555,keys=450 \
        --instance fussy=hpcs,aad=refuse,ciphertext-error=400 --script "$tmp/script" --token-lifetime 120 --seed 7 || return
    is "$(sim_info .seed)" 7 'the seed is told'
    token "$SIM_API_KEY_FILE"
    is "$(field .expires_in)" 120 'the lifetime of tokens'
    call GET /api/v2/keys
    is "$status" 418 'a script given at the start'
    is "$(sim_info '.instances[0].crn' | cut -d: -f5)" hs-crypto 'the CRN of HPCS'
    call GET '/api/v2/keys?offset=5'
    is "$(field 'has("resources")')" false 'nothing to list: no resources'
    wrap aGVsbG8= '["a"]'
    is "$(printf %s "$ct" | base64 -d | jq -r .iv | base64 -d | wc -c)" 16 'HPCS: an iv of 16 bytes'
    action unwrap "{\"ciphertext\":\"$ct\",\"aad\":[\"b\"]}"
    is "$status" 200 'HPCS ignores additional data'
    url="$(sim_info '.instances[1].url')" instance="$(sim_info '.instances[1].uuid')"
    is "$instance" 11111111-2222-4333-8444-555555555555 'a chosen instance id'
    action unwrap "{\"ciphertext\":\"$ct\"}" cexluks-root
    is "$status" 422 'a ciphertext of another instance'
    call GET /api/v2/keys
    is "$(field .metadata.collectionTotal)" 200 '200 keys unless more are asked for'
    call GET '/api/v2/keys?limit=200&offset=400'
    is "$(field .metadata.collectionTotal)" 51 'the last page'
    url="$(sim_info '.instances[2].url')" instance="$(sim_info '.instances[2].uuid')"
    action wrap '{"aad":["a"]}' cexluks-root
    is "$status $(code)" '400 INVALID_FIELD_ERR' 'aad=refuse'
    action unwrap "{\"ciphertext\":\"$ct\"}" cexluks-root
    is "$status" 400 'ciphertext-error=400'
    is "$(sim_conf dr hpcs fussy | grep -c "$instance")" 1 'sim_conf'
    unset url instance
    sim_stop
}

# MODE, what curl says (a number, or several), and a name to use instead of 127.0.0.1
tls_mode() {
    _port="$(sim_info ".instances[] | select(.name == \"$1\") | .port")"
    curl -sS --noproxy '*' --cacert "$SIM_CA" --resolve "kms.example.test:$_port:127.0.0.1" "https://${3:-127.0.0.1}:$_port/" \
        >/dev/null 2>"$tmp/stderr"
    _got=$?
    case " $2 " in
        *" $_got "*) ok "TLS $1 by ${3:-address}" ;;
        *) not_ok "TLS $1 by ${3:-address}" "curl's exit status is $_got: $(cat "$tmp/stderr")" ;;
    esac
}

tls_modes() {
    set --
    for _mode in good rsa unknown-ca self-signed expired ends-soon not-yet-valid wrong-host no-san-ip cn-only tls11 tls12 tls13 plain; do
        set -- "$@" --instance "$_mode=key-protect,tls=$_mode"
    done
    sim_start --host kms2.example.test --host 10.0.2.2 "$@" || return
    for _mode in good rsa ends-soon tls12 tls13; do
        tls_mode "$_mode" 0
        tls_mode "$_mode" 0 kms.example.test
    done
    for _mode in unknown-ca self-signed expired not-yet-valid wrong-host no-san-ip cn-only; do tls_mode "$_mode" 60; done
    tls_mode no-san-ip 0 kms.example.test
    tls_mode tls11 35
    tls_mode plain 35
    _port="$(sim_info '.instances[] | select(.name == "tls11") | .port')"
    if ! command -v openssl >/dev/null; then
        skip 'TLS 1.1 is spoken by tls11: no openssl here'
    else
        _spoken="$(echo | openssl s_client -connect "127.0.0.1:$_port" -tls1_1 -cipher 'DEFAULT@SECLEVEL=0' 2>/dev/null | grep -c 'TLSv1.1')"
        holds 'TLS 1.1 is spoken by tls11' [ "$_spoken" -gt 0 ]
        _port="$(sim_info '.instances[] | select(.name == "good") | .port')"
        _names="$(echo | openssl s_client -connect "127.0.0.1:$_port" 2>/dev/null | openssl x509 -noout -ext subjectAltName)"
        for _name in DNS:localhost 'Address:127.0.0.1' DNS:kms.example.test DNS:iam.example.test DNS:kms2.example.test 'Address:10.0.2.2'; do
            case $_names in
                *"$_name"*) ok "the certificate names $_name" ;;
                *) not_ok "the certificate names $_name" "$_names" ;;
            esac
        done
    fi
    sim_stop
    is $? 0 'the TLS zoo ends well'
}

starts_carefully() {
    if "${SIM:-build/kms-sim}" --dir "$tmp/outside" --listen 0.0.0.0 >/dev/null 2>&1; then
        not_ok 'only loopback'
    else
        ok 'only loopback'
    fi
    _orphan="$(sh -c '"$0" --dir "$1" --die-with-parent 2>/dev/null >/dev/null & echo $!; sleep 0.3' "${SIM:-build/kms-sim}" "$tmp/orphan")"
    _left=100
    while kill -0 "$_orphan" 2>/dev/null && [ "$_left" -gt 0 ]; do
        _left=$((_left - 1))
        sleep 0.05
    done
    holds '--die-with-parent' [ "$_left" -gt 0 ]
    is "$(stat -c %a "$SIM_DIR" "$SIM_API_KEY_FILE" | tr '\n' ' ')" '700 600 ' 'modes of folder and API key'
    is "$(tr -dc '+/=%&' <"$SIM_API_KEY_FILE" | fold -w1 | sort -u | tr -d '\n' | wc -c)" 5 'the API key has + / = % and &'
}

sim_start --api-key reader-key:reader --api-key writer-key:writer || exit 1
iam_gives_tokens
iam_errors
kms_admits
kms_knows_roles
kms_wraps
kms_takes_content_types
kms_binds_aad
kms_refuses_bodies
kms_creates
kms_lists
kms_rotates
kms_has_states
kms_deletes
kms_has_aliases_and_rings
errors_vary
wrap '+/+/aA=='
fault_statuses
fault_transport
fault_http
fault_hostile_json
log_tells
listeners_go
starts_carefully
sim_stop
is $? 0 'it ends well'
other_services
tls_modes

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
