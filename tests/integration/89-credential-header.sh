#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An API key that a volume carries in its header: put there, used, replaced, renewed, removed; and what somebody achieves who
# has the disk and writes, moves or rolls back such tokens.
# shellcheck source-path=SCRIPTDIR disable=SC2016 # jq has variables too
source "$(dirname "$0")/lib.sh"
need 'API keys in headers' cryptsetup jq curl xxd
with_card="$B/tests/faults/with-card" # the helper with a card of its own
if [[ ! -x $with_card ]]; then
    skip "API keys in headers: $B has no helper with a card of its own"
    summary
fi

sim_start --instance prod=key-protect --instance dr=key-protect --api-key the-next-key || exit 1
first="$(tr -d '\n' <"$SIM_API_KEY_FILE")"
root="$ROOM/root" v="$ROOM/volume" other="$ROOM/other"
mkdir -p "$root/etc/cexluks"
cp -r tests/fixtures/sysfs/two-cards-one-offline/{sys,dev,proc} "$root/"
cp "$SIM_CA" "$root/ca.pem"
profile() { # NAME SOURCE
    sim_conf "$1" key-protect "$1" | sed "s,^api-key.*,api-key = $2,; s,^ca-file.*,ca-file = /ca.pem,"
}
configured() { # SOURCE: of prod
    profile prod "$1" >"$root/etc/cexluks/cexluks.conf"
}
named() { # FILE…: volumes that are there, which as files udev does not know
    local file
    for file; do
        printf '%s %s none luks\n' "${file##*/}" "$file"
    done >"$root/etc/crypttab"
}
carded() { # VERB [ARGUMENT…]: standard input is that of the caller
    FAULTS_CARD="${master_key:-current}" "$with_card" "$@" --sysroot "$root" >"$ROOM/out" 2>"$ROOM/err"
    status=$?
    out="$(tr -d '\0' <"$ROOM/out")" err="$(<"$ROOM/err")"
    sane "$ROOM/err" "$*"
}
credentials() { # FILE [JQ-FILTER]
    tokens "$1" "map(select(.kind == \"credential\")) | ${2:-.}"
}
asked() { # how often IAM was, since MARK
    sim_requests ".[$1:] | map(select(.path == \"/identity/token\")) | length"
}
refused_unasked() { # TITLE STATUS PART…: $v cannot be opened, and no service hears of it
    local mark
    mark="$(sim_requests length)"
    carded pass "$v" kms:prod </dev/null
    expect "$@"
    check "$1: nothing is handed out" test ! -s "$ROOM/out"
    check "$1: and nobody was asked" same "$(sim_requests length)" "$mark"
}
configured header:
named "$v"
volume_make "$v"

# --- into the header --------------------------------------------------------------------------------------------------

carded ping prod </dev/null
expect 'no header has one yet' 21 credential-missing 'credential seal prod --header DEVICE'
before="$(digest "$v")"
carded credential seal prod --header "$v" </dev/null
expect 'nothing on standard input' 2 'no API key was given'
carded credential seal prod --header "$v" <<<'two words'
expect 'what is no API key' 22 credential-unusable
carded credential seal prod /x --header "$v" <<<"$first"
expect 'a file and a header' 2 'either an OUTPUT or --header DEVICE'
carded credential seal prod --header "$ROOM/none" <<<"$first"
expect 'no such volume' 12 "$ROOM/none"
carded credential seal prod --header "$SIM_CA" <<<"$first"
expect 'no volume at all' 14 header-refused
unchanged 'and no byte was written' "$v" "$before"
carded credential seal prod --header "$v" <<<"$first"
expect 'an API key goes into a header' 0 "ok: the API key of prod in the header of $v" 'AESCIPHER' 'No image has to be rebuilt'
check 'as one token of exactly this form' same \
    "$(credentials "$v" 'map(. + {sealed: (.sealed | type)})')" \
    '[{"type":"cexluks","keyslots":[],"version":1,"kind":"credential","profile":"prod","sealed":"string"}]'
check 'which does not show it' not grep -qa "$first" "$v"
check 'and the volume opens as before' opens_for_human "$v"
carded ping prod </dev/null
expect 'and is used' 0 'prod: ok'
carded credential check prod </dev/null
expect 'credential check tells where it is' 0 "header:$v: ok"
carded bind "$v" kms:prod --key-file "$(key_file)" </dev/null
expect 'a binding with it' 0
carded pass "$v" kms:prod </dev/null
expect 'opens the volume' 0
run list "$v"
expect 'list tells of it' 0 'credential:prod: an API key that a card sealed'
run list --json "$v"
check 'also as JSON' same "$(jq -c '.[0].credentials | map(.profile)' <<<"$out")" '["prod"]'
carded credential set prod <<<the-next-key
expect 'credential set is not for it' 22 'credential seal prod --header DEVICE'
carded boot --image-files </dev/null
check 'an image needs configuration and CA, and no other file' same "$out" $'/etc/cexluks/cexluks.conf\n/ca.pem'
sealed="$(credentials "$v")"
carded rotate "$v" </dev/null
expect 'a rotation' 0
carded unbind "$v" kms:prod </dev/null
expect 'an end of the binding' 0
carded bind "$v" kms:prod --key-file "$(key_file)" </dev/null
expect 'and a new one' 0
check 'leave it as it is' same "$(credentials "$v")" "$sealed"

# --- replaced, renewed ------------------------------------------------------------------------------------------------

cp "$v" "$ROOM/first"
before="$(digest "$v")"
carded credential seal prod --header "$v" <<<not-known-to-iam
expect 'what replaces another one has to be accepted' 23 iam-refused
unchanged 'and the header is as it was' "$v" "$before"
carded credential seal prod --header "$v" --header-backup "$ROOM/backup" <<<the-next-key
expect 'a new API key' 0 'ok: '
check 'is the only one' same "$(credentials "$v" length)" 1
check 'with other bytes' not same "$(credentials "$v")" "$sealed"
check 'and the backup has the one before' same "$(credentials "$ROOM/backup")" "$sealed"
cp "$v" "$ROOM/second"
header_edit "$v" '.tokens["9"] = ($first | fromjson[0])' --arg first "$sealed"
carded credential check prod </dev/null
expect 'after an interruption both are there' 0 "header:$v: ok"
check 'and are told' same "$(grep -c "^header:$v: ok" <<<"$out")" 2
carded credential seal prod --header "$v" <<<the-next-key
expect 'another run' 0
check 'leaves one' same "$(credentials "$v" length)" 1

master_key=old
carded pass "$v" kms:prod </dev/null
expect 'after a change of the master key it opens' 0 'opens with the old master key of the card: cexluks credential renew prod'
sealed="$(credentials "$v")"
carded credential renew prod </dev/null
expect 'renew seals it anew' 0 "header:$v: ok"
check 'in place' same "$(credentials "$v" length)" 1
check 'with other bytes' not same "$(credentials "$v")" "$sealed"
master_key=current
carded credential check prod </dev/null
expect 'and the same API key' 0 "header:$v: ok"
check 'and nothing to renew' not contains "$out" 'old master key'

# --- killed -----------------------------------------------------------------------------------------------------------

# Every fourth write, EVERY_WRITE=yes for each.
sealing=(sh -c 'exec "$1" credential seal prod --header "$2" --sysroot "$3" <"$4"' - "$with_card" "$v" "$root" "$ROOM/api-key")
renewing=("$with_card" credential renew prod --sysroot "$root")
killed() { # old|current COMMAND…: with this master key in the card; $ROOM/one has one API key and opens with it
    local moment tried=0 wrong=''
    local -a writes
    export FAULTS_CARD="$1"
    cp "$ROOM/one" "$v"
    writes_of "$(kill_step 4)" "$v" "${@:2}"
    for moment in "${writes[@]}"; do
        cp "$ROOM/one" "$v"
        ! killed_at "$moment" "$v" "${@:2}" || wrong+="it lived at $moment"$'\n'
        tried=$((tried + 1))
        opens_for_human "$v" || wrong+="at $moment: the passphrase opens no more"$'\n'
        carded pass "$v" kms:prod </dev/null
        [[ $status -eq 0 ]] || wrong+="at $moment: kms:prod opens no more: $err"$'\n'
        ((tried % 4 == 1)) || continue
        carded credential seal prod --header "$v" <"$ROOM/api-key"
        [[ $status -eq 0 && "$(credentials "$v" length)" -eq 1 ]] || wrong+="at $moment: another run: $out$err"$'\n'
    done
    unset FAULTS_CARD
    check "$killed_verb killed at $tried of $n_writes writes: whoever got in gets in, and another run leaves one" same "$wrong" ''
    check 'and there are as many as a header takes' test "$n_writes" -ge 8
}
if command -v strace >/dev/null; then
    cp "$v" "$ROOM/one"
    echo the-next-key >"$ROOM/api-key"
    killed_verb='credential renew' killed old "${renewing[@]}"
    killed_verb='credential seal --header' killed current "${sealing[@]}"
    cp "$ROOM/one" "$v"
else
    skip 'renew killed: strace is not installed'
fi

# --- moved and made by somebody else ----------------------------------------------------------------------------------

good="$(credentials "$v")"
cp "$v" "$ROOM/good"
volume_make "$other"
header_edit "$v" '(.tokens[] | select(.kind == "credential")) = $foreign[0]' --argjson foreign \
    "$(named "$other" && carded credential seal prod --header "$other" <<<"$first" && credentials "$other")"
named "$v"
refused_unasked 'the token of another volume' 22 credential-unusable 'was sealed for another volume'
named "$v" "$other"
carded pass "$v" kms:prod </dev/null
expect 'is passed over where another volume has its own' 0 'passed over: credential-unusable' "the header of $v"

profile dr header: >>"$root/etc/cexluks/cexluks.conf"
cp "$ROOM/good" "$v"
named "$v"
header_edit "$v" '(.tokens[] | select(.kind == "credential") | .profile) = "dr"'
mark="$(sim_requests length)"
carded ping dr </dev/null
expect 'the token of another profile' 22 credential-unusable 'was sealed for another profile'
check 'goes to nobody' same "$(sim_requests length)" "$mark"
configured header:

carded credential seal prod "$root/file" <<<"$first"
expect "a profile whose token says to be another's" 21
cp "$ROOM/good" "$v"
carded credential seal prod "$ROOM/file" </dev/null
expect 'out of its header into a file' 0
header_edit "$v" '(.tokens[] | select(.kind == "credential") | .sealed) = $file' --arg file "$(base64 -w 0 "$ROOM/file")"
refused_unasked 'what was sealed for a file' 22 credential-unusable 'was sealed for another volume'

for at in 0 9 100 225; do # magic, version, lock, box
    flipped="$(jq -r '.[0].sealed' <<<"$good" | base64 -d | xxd -p | tr -d '\n')"
    byte=$((16#${flipped:at * 2:2} ^ 1))
    flipped="${flipped:0:at * 2}$(printf %02x "$byte")${flipped:at * 2 + 2}"
    cp "$ROOM/good" "$v"
    header_edit "$v" '(.tokens[] | select(.kind == "credential") | .sealed) = $it' --arg it "$(xxd -r -p <<<"$flipped" | base64 -w 0)"
    refused_unasked "a bit flipped at $at" 22 credential-unusable
done

cp "$ROOM/good" "$v"
header_edit "$v" '(.tokens[] | select(.kind == "credential")) = $before[0]' --argjson before "$(credentials "$ROOM/first")"
mark="$(sim_requests length)"
carded pass "$v" kms:prod </dev/null
expect 'rolled back: the API key of then is used, and only the service can end it' 0
check 'by asking for one token' same "$(asked "$mark")" 1

for wrong in '.url = "https://evil.test"' '.host = "evil.test"' '.keyslots = ["0"]' '.serial = 1' '.version = 2' \
    '.sealed = 1' '.sealed = "not base64"' '.sealed = ""' ".sealed = (\"A\" * 2140)" '.profile = "../prod"' 'del(.profile)'; do
    cp "$ROOM/good" "$v"
    header_edit "$v" "(.tokens[] | select(.kind == \"credential\")) |= ($wrong)"
    refused_unasked "a token with $wrong" 14 header-refused
done

# --- no card, no token ------------------------------------------------------------------------------------------------

cp "$ROOM/good" "$v"
rm -r "$root/sys" && cp -r tests/fixtures/sysfs/no-card/sys "$root/"
refused_unasked 'without its card it is nothing' 31 no-card "the API key of prod in the header of $v"
before="$(digest "$v")"
carded credential seal prod --header "$v" <<<the-next-key
expect 'and nothing can be sealed' 31 no-card
unchanged 'the header is as it was' "$v" "$before"
run unbind "$v" credential:prod --dry-run </dev/null
expect 'it could be removed' 0 'would be removed'
run unbind "$v" credential:dr </dev/null
expect 'one that is not there' 0 nothing-to-do "carries no credential:dr"
unchanged 'and nothing was' "$v" "$before"
run unbind "$v" credential:prod </dev/null
expect 'it is removed' 0 'ok: removed'
check 'and nothing else' same "$(tokens "$v" 'map(.kind)')" '["kms"]'
run unbind "$v" credential:prod </dev/null
expect 'again' 0 nothing-to-do
refused_unasked 'a volume that lost it' 21 credential-missing "no volume's header has the API key of prod"
summary
