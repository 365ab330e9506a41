# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
# "cexluks cards" beside what lszcrypt -V prints: the sample of columns and words that IBM documents.

# cards_say TITLE REGEX: one line of the table
cards_say() {
    if grep -qE "$2" /run/cards; then ok "cards -V: $1"; else
        sed 's/^/    /' /run/cards
        not_ok "cards -V: $1"
    fi
}

# Its exit status says whether any card can be used, so not all of these are 0.
look() {
    cexluks cards -V 2>/run/said | sed 's/ *$//' >/run/cards
    status=${PIPESTATUS[0]}
}

# what column N of the line of device D says, in the first table
column() {
    awk -v d="$1" -v n="$2" '$1 == d { print $n; exit }' /run/cards
}

look
sed 's/^/artefact cards.txt | /' /run/cards
is 'cards -V: usable cards' 0 "$status"
is 'cards -V: the columns of lszcrypt' 'CARD.DOM TYPE MODE STATUS REQUESTS PENDING HWTYPE QDEPTH FUNCTIONS DRIVER' \
    "$(head -n 1 /run/cards | xargs)"
n=1
for want in 00.0047 CEX8C CCA-Coproc online 0 0 14 08 S--D--N-F- cex4queue; do
    is "cards -V: $(head -n 1 /run/cards | awk "{ print \$$n }") of a CCA queue" "$want" "$(column 00.0047 $n)"
    n=$((n + 1))
done
is 'cards -V: a CCA card' '00 CEX8C CCA-Coproc online 0 0 14 08 S--D--N-F- cex4card' "$(grep '^00 ' /run/cards | xargs)"
is 'cards -V: an EP11 card' '01 CEX8P EP11-Coproc online 0 0 14 08 S----XN-F- cex4card' "$(grep '^01 ' /run/cards | xargs)"
is 'cards -V: the order of lszcrypt' '00 00.0047 00.0048 01 01.0047' \
    "$(awk '/^0/ { print $1 } !NF { exit }' /run/cards | xargs)"
turn 'offline,00.0047;driver,00.0048,vfio;deconfig,01'
look
is 'cards -V: none usable' card-offline "$(grep -oE 'card-offline' /run/said | head -n 1)"
is 'cards -V: offline' offline "$(column 00.0047 4)"
cards_say 'in use, by vfio_ap' '^00\.0048 .* in use .* vfio_ap$'
is 'cards -V: deconfigured' deconfig "$(column 01 4)"
is 'cards -V: no requests of a deconfigured card' - "$(column 01 5)"
turn 'driver,00.0048,none;config,01;chkstop,01'
look
cards_say 'no driver' '^00\.0048 .* -no-driver-$'
is 'cards -V: checkstopped' chkstop "$(column 01 4)"
fresh '' second/first
look
is 'cards: which master keys are valid' '2' "$(grep -cE '^00\.0047 .* AES (CUR|OLD) +valid +0x[0-9a-f]{16}' /run/cards)"
