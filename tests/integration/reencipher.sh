# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# To be sourced after lib.sh: what "zkey-cryptsetup reencipher" makes of a header, made with cryptsetup and jq on a volume
# without a card. Source: reencipher_prepare(), reencipher_complete() and activate_unbound_keyslot() in
# zkey/zkey-cryptsetup.c of s390-tools 2.43. Needs cryptsetup, jq and xxd.

reencipher_stage() { # VOLUME KEY-FILE: --staged, run with that passphrase: another key in keyslot 7, and token 9 says so
    head -c 64 /dev/urandom >"$ROOM/new-key"
    cryptsetup luksAddKey -q --unbound --key-size 512 --volume-key-file "$ROOM/new-key" --pbkdf pbkdf2 \
        --pbkdf-force-iterations 1000 --key-slot 7 "$1" "$2" </dev/null >/dev/null 2>&1 || return 1
    header_edit "$1" '.tokens["9"] = {type: "paes-reencipher", keyslots: ["7"], "verification-pattern": "42",
        "original-keyslot": 0, "unbound-keyslot": 7}'
}

# shellcheck disable=SC2016 # jq's variables
reencipher_complete() { # VOLUME: --complete, or in place: the new key is the volume's, the other keyslots are of the old one
    header_edit "$1" 'del(.tokens["9"]) | (.digests | to_entries | map(select(.value.keyslots == ["7"]))[0].key) as $new |
        .digests |= with_entries(.value.segments = (if .key == $new then ["0"] else [] end))'
}

reencipher_remove() { # VOLUME SLOT…: as it offers to; the library takes them out of our tokens
    local slot
    for slot in "${@:2}"; do
        cryptsetup luksKillSlot -q "$1" "$slot" </dev/null >/dev/null 2>&1 || return 1
    done
}
