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
    for package in "$B"/rpm/cexluks-*.rpm; do
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

package_provides_what_it_is_made_of() {
    diff <(rpm -qp --provides "$B"/rpm/cexluks-initramfs-static-*.rpm | sed -n 's/^bundled(\(.*\)) = /\1 /p' | sort) \
        <(awk '!/^#/ { print $1, $4 }' packaging/static/sources.txt | sort)
}

# The list of contents and the scripts of each package, for those who read them.
rpm_written() {
    local package
    for package in "$B"/rpm/cexluks-*.rpm; do
        [[ $package == *.src.rpm ]] || printf '%s\n' "== ${package##*/}" "$(rpm -qlvp "$package")" "$(rpm -qp --scripts "$package")"
    done
}

# rpm_files PACKAGE: what lies in it, but for documents
rpm_files() {
    rpm -qlp "$B/rpm/$1"-*[!c].rpm | grep -vE '^/usr/share/(doc|licenses)/'
}

rpm_holds_its_own() {
    [[ $(rpm_files cexluks-initramfs-static) == $'/usr/lib/cexluks\n/usr/lib/cexluks/cexluks-static' ]] || return 1
    ! rpm_files cexluks-dracut | grep -v '^/usr/lib/dracut/modules\.d/' || return 1
    ! rpm_files "cexluks-$version" | grep -E '/dracut/|cexluks-static'
}

# Nothing is enabled, started or made by any of them, neither when it comes nor when it goes.
scripts_are() { # PACKAGE: on standard input
    diff -B <(rpm -qp --scripts "$B/rpm/$1"-*[!c].rpm) -
}

scripts_do_no_more() {
    local name
    scripts_are "cexluks-$version" <<'END' || return 1
postinstall scriptlet (using /bin/sh):
systemctl daemon-reload >/dev/null 2>&1 || :
preuninstall scriptlet (using /bin/sh):
[ $1 -ne 0 ] || systemctl --no-reload disable cexluks-check.timer cexluks-load.service hpcs-for-luks.service hpcs-for-luks-wipe.service >/dev/null 2>&1 || :
postuninstall scriptlet (using /bin/sh):
systemctl daemon-reload >/dev/null 2>&1 || :
END
    for name in initramfs-static dracut; do
        {
            echo 'postinstall scriptlet (using /bin/sh):'
            cat packaging/image-of-before.sh
            [[ $name != dracut ]] || { echo 'preuninstall scriptlet (using /bin/sh):' && cat packaging/still-needed.sh; }
        } | scripts_are "cexluks-$name" || return 1
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
static_program rpm "$rpm_tree" "$rpm_tree"/usr/share/doc/cexluks-initramfs-static*/cexluks-static.spdx.json
verdict 'rpm: they hold what make installs, with its modes' same_as_installed "$rpm_tree" install install-static
verdict 'rpm: they hold no secret, and nothing that others can write' holds_no_secret "$rpm_tree"
verdict "rpm: the folder of the Python tool's keys is root's" python_tools_keys_are_roots "$rpm_tree"
verdict 'rpm: units and module are where systemd and dracut look' units_are_where_systemd_looks
verdict 'rpm: the module requires what it needs' dracut_package_requires
verdict 'rpm: what was changed in /etc is kept' configuration_is_kept
verdict 'rpm: the package says so too' package_provides_what_it_is_made_of
rpm_written >"$work/rpm.txt"
verdict 'rpm: each package holds its own' rpm_holds_its_own
verdict 'rpm: their scripts tell systemd and people, and do nothing else' scripts_do_no_more
come_and_go rpm
