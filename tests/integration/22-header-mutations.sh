#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Headers of somebody who has the disk and knows what they do. Every state of a re-encryption is refused and keeps its
# bytes; what is rolled back is found by min-serial and additional data, and by nothing else; another root with the UUID
# of ours is refused where something is pinned. One member at a time is tests/unit/luks/test-mutations.c.
# shellcheck source-path=SCRIPTDIR disable=SC2016 # jq has variables too
source "$(dirname "$0")/lib.sh"
need 'hostile headers' cryptsetup jq curl xxd

sim_start --instance prod=key-protect --instance dr=key-protect --instance old=hpcs,aad=ignore || exit 1
{
    sim_conf prod key-protect prod
    sim_conf dr key-protect dr
    sim_conf old hpcs old
} >"$CONF"
cp "$CONF" "$ROOM/good.conf"
v="$ROOM/volume"
volume_make "$ROOM/base"
cp "$ROOM/base" "$v"
bind "$v" kms:prod
expect 'a volume is bound' 0
cp "$v" "$ROOM/bound"
# shellcheck disable=SC2034 # lib.sh
REFUSED_BY=(pass open bind unbind rotate rewrap migrate)

# --- re-encryption ----------------------------------------------------------------------------------------------------

reencrypting() { # [cryptsetup's options…]: begun on a volume with a binding, and left there
    cp "$ROOM/bound" "$v"
    cryptsetup reencrypt --init-only -q -d "$(key_file)" --key-slot 0 "$@" "$v" >"$ROOM/reencrypt" 2>&1 ||
        { cryptsetup luksDump "$v" | grep -q 'reencrypt' || not_ok "cryptsetup begins: $*" "$(<"$ROOM/reencrypt")"; }
}

reencrypting --resilience checksum
refuses_header 're-encryption, checksum' 're-encryption'
cp "$v" "$ROOM/begun"
reencrypting --resilience journal
refuses_header 're-encryption, journal' 're-encryption'

# As the library would have it, and then one step further: what CVE-2021-4122 was about.
forged() { # TITLE JQ-FILTER: over a re-encryption that was begun
    cp "$ROOM/begun" "$v"
    header_edit "$v" "$2"
    refuses_header "$1"
}
reencrypt='(.keyslots[] | select(.type == "reencrypt"))'
forged 'a forged decryption' "$reencrypt |= (.mode = \"decrypt\" | .direction = \"backward\")"
forged 'a decryption whose data lie open already' "$reencrypt.mode = \"decrypt\" |
    .segments[\"0\"] |= (.type = \"linear\" | del(.encryption, .sector_size, .iv_tweak, .integrity))"
forged 'an encryption that is under way' "$reencrypt.mode = \"encrypt\""
forged 'a re-encryption without its requirement' '.config |= del(.requirements)'
forged 'a re-encryption by a later version' '.config.requirements.mandatory = ["online-reencrypt-v9"]'
cp "$ROOM/bound" "$v"
header_edit "$v" '.config.requirements = {mandatory: ["online-reencrypt-v2"]}'
refuses_header 'the requirement alone'
header_edit "$v" 'del(.config.requirements) | .segments["1"] = (.segments["0"] | .flags = ["backup-final"])'
refuses_header 'a segment that a re-encryption would come back to'
header_edit "$v" 'del(.segments["1"]) | .segments["0"].flags = ["in-reencryption"]'
refuses_header 'a segment in re-encryption'

# --- rolled back ------------------------------------------------------------------------------------------------------

min_serial() { # NUMBER
    { cat "$ROOM/good.conf" && printf '[volume v]\nuuid = %s\nmin-serial = %s\n' "$(cryptsetup luksUUID "$v")" "$1"; } >"$CONF"
}

rolled_back() { # PROFILE: to the header before a rotation, which $CONF's min-serial knows about
    cp "$ROOM/base" "$v"
    cp "$ROOM/good.conf" "$CONF"
    bind "$v" "kms:$1"
    cp "$v" "$ROOM/before-$1"
    with_conf rotate "$v"
    expect "$1: a rotation" 0 'ok: '
    min_serial "$(tokens "$v" '.[0].serial')"
    cp "$ROOM/before-$1" "$v"
}

rolled_back_opens() { # TITLE: the secret of before still gets somebody in
    with_conf pass "$v" "kms:$2"
    expect "$1" 0
}

rolled_back prod
for verb in pass open; do
    if [[ $verb == pass ]]; then with_conf pass "$v" kms:prod; else with_conf open "$v"; fi
    expect "rolled back: min-serial refuses it: $verb" 14 header-refused 'has serial 1' 'the configuration wants 2'
done
header_edit "$v" '(.tokens[] | select(.type == "cexluks") | .serial) = 2'
with_conf pass "$v" kms:prod
expect 'rolled back, with the serial raised: the service refuses it, because additional data hold the serial' 28 \
    kms-bad-ciphertext
header_edit "$v" '(.tokens[] | select(.type == "cexluks") | .aad) = false'
with_conf pass "$v" kms:prod
expect 'rolled back, without additional data: refused where the service honours them' 14 'goes without additional data'
cp "$ROOM/before-prod" "$v"
cp "$ROOM/good.conf" "$CONF"
rolled_back_opens 'rolled back, and no min-serial: not noticed' prod

rolled_back old
with_conf pass "$v" kms:old
expect 'a service without additional data: min-serial still refuses what is only rolled back' 14 'has serial 1'
header_edit "$v" '(.tokens[] | select(.type == "cexluks") | .serial) = 2'
rolled_back_opens 'a service without additional data: with the serial raised it is not noticed' old
cp "$ROOM/good.conf" "$CONF"

# --- another volume ---------------------------------------------------------------------------------------------------

other="$ROOM/other" stolen="$(header_json "$ROOM/bound" | jq '.tokens[] | select(.type == "cexluks")')"
volume_make "$other"
bind "$other" kms:prod
header_edit "$other" '(.tokens[] | select(.type == "cexluks") | .ciphertext) = $stolen.ciphertext' --argjson stolen "$stolen"
with_conf pass "$other" kms:prod
expect 'a ciphertext of another volume is refused by the service' 28 kms-bad-ciphertext
check 'and nothing is handed out' test ! -s "$ROOM/out"
cp "$ROOM/before-old" "$v"
volume_make "$other"
bind "$other" kms:old
header_edit "$other" '(.tokens[] | select(.type == "cexluks") | .ciphertext) = $stolen' --arg stolen \
    "$(header_json "$v" | jq -r '.tokens[] | select(.type == "cexluks") | .ciphertext')"
with_conf pass "$other" kms:old
expect 'without additional data the service unwraps it, and it opens nothing here' 40 wrong-passphrase
check 'and nothing is handed out then either' test ! -s "$ROOM/out"

# --- a rogue root -----------------------------------------------------------------------------------------------------

# Of somebody who may wrap with the same root key (another machine of the site), for a volume with our UUID.
uuid="$(cryptsetup luksUUID "$ROOM/bound")"
rogue="$ROOM/rogue"
volume_make "$rogue" --uuid "$uuid"
bind "$rogue" kms:prod
expect 'somebody else makes a volume with our UUID and a binding that works' 0
pinned() { # LINE…: in the volume's section
    { cat "$ROOM/good.conf" && printf '[volume root]\nuuid = %s\n' "$uuid" && printf '%s\n' "$@"; } >"$CONF"
}
rogue_is() { # TITLE STATUS PART…
    local before
    before="$(digest "$rogue")"
    with_conf open "$rogue"
    expect "$@"
    [[ "$(digest "$rogue")" == "$before" ]] || not_ok "$1: and no byte is written"
}
rogue_is 'nothing pinned: it is opened, as far as device mapper is there' 41 device-mapper
pinned 'cipher = paes-xts-plain64'
rogue_is 'a rogue root is refused: cipher' 14 header-refused 'paes-xts-plain64'
pinned 'require = secure-key'
rogue_is 'a rogue root is refused: require = secure-key' 38 not-a-secure-key
pinned "verification-pattern = $(printf '5%.0s' {1..64})"
rogue_is 'a rogue root is refused: verification pattern' 39 pattern-mismatch
pinned 'min-serial = 2'
rogue_is 'a rogue root is refused: min-serial' 14 header-refused 'serial 1'
printf '[cexluks]\nrequire = secure-key\n' | cat - "$ROOM/good.conf" >"$CONF"
rogue_is 'a rogue root is refused: require = secure-key for all' 38 not-a-secure-key
cp "$ROOM/good.conf" "$CONF"
header_edit "$rogue" '(.tokens[] | select(.type == "cexluks")) |= $stolen' --argjson stolen "$stolen"
with_conf pass "$rogue" kms:prod
expect 'our own token on their volume opens nothing' 40 wrong-passphrase

summary
