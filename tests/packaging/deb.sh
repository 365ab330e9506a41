# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by run: Debian's packages.
# shellcheck disable=SC2154,SC2317 # B, work, scratch, place: run's; called by tree.sh

deb_tree="$scratch/deb"

build_deb() {
    make --no-print-directory deb && cp build/deb/*.buildinfo "$work/"
}

lintian_says_nothing() {
    local said
    said="$(lintian --allow-root --tag-display-limit 0 "$B"/deb/*.changes 2>&1)"
    [[ -z $said ]] || { printf '%s\n' "$said" && return 1; }
}

family_unpack() {
    local package
    for package in "$B"/deb/cexluks{,-dracut,-initramfs-static}_*.deb; do
        dpkg-deb -x "$package" "$1" || return 1
    done
}

family_install() {
    cp "$B"/deb/cexluks{,-dracut}_*.deb "$place/tmp/" && in_root sh -c 'dpkg -i /tmp/*.deb' && [[ -z $(in_root dpkg --audit) ]]
}

family_update() {
    family_install
}

family_remove() {
    in_root dpkg -r cexluks-dracut cexluks
}

purge_leaves_what_people_made() {
    family_install && printf '[cexluks]\n' >"$place/etc/cexluks/cexluks.conf" && in_root dpkg -P cexluks-dracut cexluks \
        && what_people_made_is_left && [[ ! -e $place/etc/cexluks/cexluks.conf.example ]]
}

units_are_where_systemd_has_them() {
    [[ -e $deb_tree$(pkg-config --variable=systemdsystemunitdir systemd)/cexluks-boot.service ]]
}

# each package by itself: what an administrator asks for by name
packages_hold_their_own() {
    local name
    ! dpkg-deb -c "$B"/deb/cexluks-dracut_*.deb | grep -v -e '/$' -e ' \./usr/share/' -e 'dracut/modules\.d/' || return 1
    [[ $(dpkg-deb -c "$B"/deb/cexluks-initramfs-static_*.deb | grep -v -e '/$' -c -e ' \./usr/share/') -eq 1 ]] || return 1
    for name in cexluks cexluks-dracut cexluks-initramfs-static; do
        [[ -e $B/deb/$(cd "$B/deb" && echo "${name}_$version"-1_*.deb) ]] || return 1
    done
}

# A build of now need not be made again.
static_is_that_of_make_static() {
    [[ -x $B/static/cexluks && -z $(find Makefile helper packaging/static -type f -newer "$B/static/cexluks") ]] \
        || make -s static || return 1
    cmp "$deb_tree/usr/lib/cexluks/cexluks-static" "$B/static/cexluks"
}

# --- what the static program is made of ---------------------------------------------------------------------

bill() {
    zcat "$deb_tree/usr/share/doc/cexluks-initramfs-static/cexluks-static.spdx.json.gz" | jq "$@"
}

bill_is_of_this_program() {
    [[ $(bill -r '.files[0].checksums[] | select(.algorithm == "SHA256").checksumValue') \
        == "$(sha256sum <"$deb_tree/usr/lib/cexluks/cexluks-static" | cut -d ' ' -f 1)" ]]
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
    cp -r packaging/static "$copy" && sed -i '/^curl /d' "$copy/licences.txt" || return 1
    ! "$copy/sbom.sh" 1 /bin/true >/dev/null 2>"$scratch/said" && grep 'under what curl comes' "$scratch/said"
}

package_says_what_it_is_made_of() {
    local curl
    curl="$(awk '$1 == "curl" { print $1 " (= " $4 ")" }' packaging/static/sources.txt)"
    [[ -n $curl && $(dpkg-deb -f "$B"/deb/cexluks-initramfs-static_*.deb Static-Built-Using) == *"$curl"* ]]
}

verdict 'deb: builds' build_deb
verdict 'deb: lintian finds nothing' lintian_says_nothing
mkdir "$deb_tree"
verdict 'deb: they unpack' family_unpack "$deb_tree"
verdict 'deb: the static program is that of make static' static_is_that_of_make_static
verdict 'deb: they hold what make installs, with its modes' same_as_installed "$deb_tree" install install-static
verdict 'deb: they hold no secret, and nothing that others can write' holds_no_secret "$deb_tree"
verdict "deb: the folder of the Python tool's keys is root's" python_tools_keys_are_roots "$deb_tree"
verdict 'deb: units are where this Debian has them' units_are_where_systemd_has_them
verdict 'deb: dracut and the static program are packages of their own' packages_hold_their_own
verdict 'deb: the bill of materials is of this program' bill_is_of_this_program
verdict 'deb: it names every source with version and hash' bill_names_each_source
verdict 'deb: it has what SPDX 2.3 wants' bill_is_spdx
verdict 'deb: a source without licence is an error' bill_knows_what_it_lacks
verdict 'deb: the package says so too' package_says_what_it_is_made_of
come_and_go deb
verdict 'deb: what people made survives a purge' purge_leaves_what_people_made
