# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by run: the package of the static program, of either family.
#
#   static_program FAMILY FOLDER BILL   what lies in FOLDER, and BILL says what it is made of
# shellcheck disable=SC2154,SC2317 # B, scratch: run's; called by verdict

# A build of now need not be made again.
static_is_that_of_make_static() {
    [[ -x $B/static/cexluks && -z $(find Makefile helper packaging/static -type f -newer "$B/static/cexluks") ]] \
        || make -s static || return 1
    cmp "$static_tree/usr/lib/cexluks/cexluks-static" "$B/static/cexluks"
}

# --- what the static program is made of ---------------------------------------------------------------------

bill() {
    zcat -f "$static_bill" | jq "$@"
}

bill_is_of_this_program() {
    [[ $(bill -r '.files[0].checksums[] | select(.algorithm == "SHA256").checksumValue') \
        == "$(sha256sum <"$static_tree/usr/lib/cexluks/cexluks-static" | cut -d ' ' -f 1)" ]]
}

bill_names_each_source() {
    # shellcheck disable=SC2016 # jq's
    diff <(bill -r '. as $all | .relationships[] | select(.relationshipType == "STATIC_LINK").relatedSpdxElement as $id
            | $all.packages[] | select(.SPDXID == $id and .name != "gcc")
            | "\(.name) \(.versionInfo) \(.checksums[0].checksumValue)"' | sort) \
        <(grep -v '^#' packaging/static/sources.txt | awk '{ print $1, $4, $5 }' | sort)
}

# What SPDX 2.3 wants of every document, package and relation.
bill_is_spdx() {
    # shellcheck disable=SC2016 # jq's
    bill -e '.spdxVersion == "SPDX-2.3" and .dataLicense == "CC0-1.0" and .SPDXID == "SPDXRef-DOCUMENT"
        and (.documentNamespace | test("^urn:")) and (.creationInfo.created | test("^[0-9-]{10}T[0-9:]{8}Z$"))
        and (.creationInfo.creators | length > 0)
        and ([.packages[] | .name != "" and (.SPDXID | test("^SPDXRef-[A-Za-z0-9.-]+$")) and .downloadLocation != null
            and .licenseConcluded != null and .licenseConcluded != ""] | all)
        and ([.packages[].SPDXID, .files[].SPDXID, .SPDXID] as $ids
            | [.relationships[] | .spdxElementId, .relatedSpdxElement] - $ids == [])'
}

# A source without a licence is an error, not a gap.
bill_knows_what_it_lacks() {
    local copy="$scratch/copy"
    rm -rf "$copy" && cp -r packaging/static "$copy" && sed -i '/^curl /d' "$copy/licences.txt" || return 1
    ! "$copy/sbom.sh" 1 /bin/true >/dev/null 2>"$scratch/said" && grep 'under what curl comes' "$scratch/said"
}

static_program() {
    static_tree=$2 static_bill=$3
    verdict "$1: the static program is that of make static" static_is_that_of_make_static
    verdict "$1: the bill of materials is of this program" bill_is_of_this_program
    verdict "$1: it names every source with version and hash" bill_names_each_source
    verdict "$1: it has what SPDX 2.3 wants" bill_is_spdx
    verdict "$1: a source without licence is an error" bill_knows_what_it_lacks
}
