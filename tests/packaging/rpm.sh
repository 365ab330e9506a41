# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by run: packages for rpm. They come to a root of Debian, which has the same libraries; rpm's own database there is
# empty, so what they require is looked at, not asked for.
# shellcheck disable=SC2154,SC2317 # B, work, scratch, place: run's; called by tree.sh

rpm_tree="$scratch/rpm"

build_rpm() {
    make --no-print-directory rpm
}

# The summary's line is what counts: warnings do not end it with an error.
rpmlint_says_nothing() {
    rpmlint -c packaging/rpmlint.toml "$B"/rpm/*.rpm packaging/cexluks.spec | tee "$scratch/said"
    grep -q ' 0 errors, 0 warnings' "$scratch/said"
}

family_unpack() {
    local package
    for package in "$B"/rpm/cexluks-{"$version",dracut-}*[!c].rpm; do
        [[ $package == *.src.rpm ]] || (cd "$1" && rpm2cpio "$package" | cpio -id --quiet) || return 1
    done
}

rpm_root() {
    rpm --root "$place" --define '_dbpath /var/lib/rpm' --nodeps "$@" "$B"/rpm/cexluks-"$version"*.x86_64.rpm \
        "$B"/rpm/cexluks-dracut-*.noarch.rpm
}

family_install() {
    rpm_root -i
}

# the same once more, which runs what an update runs
family_update() {
    rpm_root -U --force
}

family_remove() {
    rpm --root "$place" --define '_dbpath /var/lib/rpm' --nodeps -e cexluks-dracut cexluks
}

configuration_is_kept() {
    rpm -qp --configfiles "$B"/rpm/cexluks-"$version"*.x86_64.rpm | grep -x /etc/cexluks/cexluks.conf.example
}

dracut_package_requires() {
    local name
    for name in cexluks cryptsetup dracut; do
        rpm -qp --requires "$B"/rpm/cexluks-dracut-*.rpm | grep -qE "^$name( |\$)" || return 1
    done
}

units_are_where_systemd_looks() {
    [[ -e $rpm_tree/usr/lib/systemd/system/cexluks-boot.service ]] \
        && [[ -e $rpm_tree/usr/lib/dracut/modules.d/90cexluks/module-setup.sh ]]
}

verdict 'rpm: builds' build_rpm
verdict 'rpm: rpmlint finds nothing' rpmlint_says_nothing
mkdir "$rpm_tree"
verdict 'rpm: they unpack' family_unpack "$rpm_tree"
verdict 'rpm: they hold what make installs, with its modes' same_as_installed "$rpm_tree" install
verdict 'rpm: they hold no secret, and nothing that others can write' holds_no_secret "$rpm_tree"
verdict "rpm: the folder of the Python tool's keys is root's" python_tools_keys_are_roots "$rpm_tree"
verdict 'rpm: units and module are where systemd and dracut look' units_are_where_systemd_looks
verdict 'rpm: the module requires what it needs' dracut_package_requires
verdict 'rpm: what was changed in /etc is kept' configuration_is_kept
come_and_go rpm
