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

package_says_what_it_is_made_of() {
    local curl
    curl="$(awk '$1 == "curl" { print $1 " (= " $4 ")" }' packaging/static/sources.txt)"
    [[ -n $curl && $(dpkg-deb -f "$B"/deb/cexluks-initramfs-static_*.deb Static-Built-Using) == *"$curl"* ]]
}

verdict 'deb: builds' build_deb
verdict 'deb: lintian finds nothing' lintian_says_nothing
mkdir "$deb_tree"
verdict 'deb: they unpack' family_unpack "$deb_tree"
static_program deb "$deb_tree" "$deb_tree/usr/share/doc/cexluks-initramfs-static/cexluks-static.spdx.json.gz"
verdict 'deb: they hold what make installs, with its modes' same_as_installed "$deb_tree" install install-static
verdict 'deb: they hold no secret, and nothing that others can write' holds_no_secret "$deb_tree"
verdict "deb: the folder of the Python tool's keys is root's" python_tools_keys_are_roots "$deb_tree"
verdict 'deb: units are where this Debian has them' units_are_where_systemd_has_them
verdict 'deb: dracut and the static program are packages of their own' packages_hold_their_own
verdict 'deb: the package says so too' package_says_what_it_is_made_of
come_and_go deb
verdict 'deb: what people made survives a purge' purge_leaves_what_people_made
