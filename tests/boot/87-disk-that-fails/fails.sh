# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the real root: bytes that cannot be read, then writes that fail.
. ./disk.sh
begin
dump="$(cryptsetup luksDump --dump-json-metadata "$bad")"
area="$(jq -r '.keyslots["1"].area | "\(.offset) \(.offset | tonumber) \(.size)"' <<<"$dump" | awk '{ print $1, $2 + $3 }')"

try() { # WHAT VERB…: what it says
    local what="$1"
    shift
    cexluks "$@" >/mnt/said 2>&1
    echo "$what: $1: status $?: $(said)"
}

ways_in() { # PROFILE…: which of the human's passphrase and these bindings open the volume
    local profile
    ! cryptsetup open --test-passphrase --key-file passphrase "$bad" || printf ' human'
    for profile; do
        cexluks pass "$bad" "kms:$profile" 2>/dev/null | cryptsetup open --test-passphrase --key-file - "$bad" 2>/dev/null \
            && printf ' %s' "$profile"
    done
}

while read -r what from to; do
    tell "read-errors $from $to"
    try "no $what" list "$bad"
    try "no $what" open "$bad" fails
    cexluks close fails >/dev/null 2>&1
    tell good
    echo "no $what: afterwards:$(ways_in prod)"
done <<END
primary 0 4096
primary-json 4096 16384
secondary 16384 32768
header 0 32768
keyslot $area
END

writes() { # VERB ARGUMENT…: with the first write failing, then with all from the middle on
    local range writes verb="$1"
    tell new
    try "$verb" "$@"
    writes="$(counter writes)"
    echo "$verb: $writes writes:$(ways_in prod)"
    for range in '1 1' "$((writes / 2 + 1)) 1000000"; do
        tell new
        tell "write-errors $range"
        try "$verb without $range" "$@"
        tell good
        echo "$verb without $range: ways in:$(ways_in prod)"
        try "$verb without $range: again" "$@"
        echo "$verb without $range: whole:$(ways_in prod)"
    done
}
writes bind "$bad" kms:dr --key-file passphrase
writes rotate "$bad" kms:prod
