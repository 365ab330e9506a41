#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# rpm.sh VERSION B: B/rpm/*.rpm, the source package too.
#
# The static program takes sources from Debian's mirror, which are fetched before; the build itself needs no network.
# "rpm.sh VERSION B --without static" leaves that package out, and there is nothing to fetch.
#
# Debian has rpmbuild, but no database of what is installed: the libraries are those that "make deps" installs. Its rpmbuild
# strips no symbols, and the script that compresses manuals wants bash.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

top="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
version=$1 B=$2
# shellcheck source=packaging/lib.sh
source "$top/packaging/lib.sh"

static=(--with static)
if [[ " ${*:3} " == *' --without static '* ]]; then
    static=()
else
    "$top/packaging/static/fetch.sh"
fi

package_begin "$version" "$B/rpm"
mkdir -p "$work/top"/{SOURCES,SPECS}
cp "$tarball" "$work/top/SOURCES/"
maintainers="$(sed -n 's/^Maintainer: //p' "$top/packaging/debian/control")"
# rpm reads all of it in the source package, where nobody defines it
{
    printf '%%global cexluks_version %s\n' "$version"
    awk '!/^#/ { print "Provides: bundled(" $1 ") = " $4 }' "$top/packaging/static/sources.txt" \
        | sed -e '/^%{?cexluks_bundled}/{r /dev/stdin' -e 'd}' -e '/^%{?cexluks_changelog}/d' "$top/packaging/cexluks.spec"
    printf '* %s %s - %s-1\n- Release %s: NEWS.md says what is new.\n' \
        "$(date -u -d "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y')" "$maintainers" "$version" "$version"
} >"$work/top/SPECS/cexluks.spec"
foreign=()
rpm -q rpm >/dev/null 2>&1 || foreign=(
    --nodeps --define 'build_ldflags -Wl,-s' --define '__os_install_post bash %{_rpmconfigdir}/brp-compress %{_prefix}'
)
rpmbuild -ba "${static[@]}" "${foreign[@]}" --define "_topdir $work/top" --define '_buildhost localhost' --define "packager $maintainers" \
    --define 'use_source_date_epoch_as_buildtime 1' --define 'clamp_mtime_to_source_date_epoch 1' \
    "${@:3}" "$work/top/SPECS/cexluks.spec" >"$work/said" 2>&1 || { tail -n 40 "$work/said" >&2 && exit 1; }
package_end "$work"/top/SRPMS/*.rpm "$work"/top/RPMS/*/*.rpm
