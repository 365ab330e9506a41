#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# sbom.sh VERSION PROGRAM: what the static program is made of, as SPDX 2.3 in JSON, to standard output.
# sbom.sh --built-using: the same sources as Debian's field Static-Built-Using wants them.
#
# Everything comes from sources.txt and licences.txt, but for the compiler's own library (CC names the compiler) and the
# program's hash. SOURCE_DATE_EPOCH dates it; without, it is dated as the program.
# shellcheck source=packaging/static/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

licence_of() { # NAME
    local found
    found="$(sed -nE "s/^$1 +//p" "$here/licences.txt")"
    [[ -n $found ]] || die "licences.txt does not say under what $1 comes"
    printf '%s\n' "$found"
}

built_using() {
    source_rows | awk '{ printf "%s%s (= %s)", (NR > 1 ? ", " : ""), $1, $4 }'
}

# parts: a line of JSON for each package that is linked in
parts() {
    local name suite version hash licence
    while read -r name _ suite version hash; do
        licence="$(licence_of "$name")"
        jq -n -c --arg name "$name" --arg version "$version" --arg suite "$suite" --arg hash "$hash" --arg licence "$licence" '{
            SPDXID: "SPDXRef-\($name)", name: $name, versionInfo: $version, licenseConcluded: $licence,
            packageFileName: "\($name)_\($version | sub("^[0-9]+:"; "")).dsc",
            checksums: [{ algorithm: "SHA256", checksumValue: $hash }],
            externalRefs: [{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl",
                referenceLocator: "pkg:deb/debian/\($name)@\($version | @uri)?arch=source&distro=\($suite)" }] }'
    done < <(source_rows)
    licence="$(licence_of gcc)"
    jq -n -c --arg version "$("${CC:-gcc}" -dumpfullversion)" --arg licence "$licence" '{
        SPDXID: "SPDXRef-gcc", name: "gcc", versionInfo: $version, licenseConcluded: $licence,
        comment: "libgcc, from the compiler of the machine that built the program" }'
}

if [[ ${1-} == --built-using ]]; then
    built_using
    exit
fi
version=$1 program=$2
date="$(date -u -d "@${SOURCE_DATE_EPOCH:-$(stat -c %Y "$program")}" +%Y-%m-%dT%H:%M:%SZ)"
hash="$(sha256sum <"$program" | cut -d ' ' -f 1)"
sha1="$(sha1sum <"$program" | cut -d ' ' -f 1)"
found="$(parts)"

jq -s --arg version "$version" --arg date "$date" --arg hash "$hash" --arg sha1 "$sha1" '
    def package: { downloadLocation: "NOASSERTION", filesAnalyzed: false, licenseDeclared: .licenseConcluded,
        copyrightText: "NOASSERTION" } + .;
    . as $parts | {
        spdxVersion: "SPDX-2.3", dataLicense: "CC0-1.0", SPDXID: "SPDXRef-DOCUMENT", name: "cexluks-static-\($version)",
        documentNamespace: "urn:sha256:\($hash)",
        creationInfo: { created: $date, creators: ["Tool: cexluks-sbom-\($version)"] },
        packages: ([{ SPDXID: "SPDXRef-cexluks", name: "cexluks", versionInfo: $version,
            licenseConcluded: "GPL-2.0-or-later" } | package] + ($parts | map(package))),
        files: [{ SPDXID: "SPDXRef-program", fileName: "./usr/lib/cexluks/cexluks-static", fileTypes: ["BINARY"],
            checksums: [{ algorithm: "SHA1", checksumValue: $sha1 }, { algorithm: "SHA256", checksumValue: $hash }],
            licenseConcluded: "NOASSERTION", copyrightText: "NOASSERTION" }],
        relationships: ([{ spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES",
                relatedSpdxElement: "SPDXRef-program" },
            { spdxElementId: "SPDXRef-program", relationshipType: "GENERATED_FROM", relatedSpdxElement: "SPDXRef-cexluks" }]
            + ($parts | map({ spdxElementId: "SPDXRef-program", relationshipType: "STATIC_LINK",
                relatedSpdxElement: .SPDXID })))
    }' <<<"$found"
