#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# deb.sh VERSION B: B/deb/*.deb, and the Debian source package that they are built from.
#
# The static program takes sources from Debian's mirror, which are fetched before; the build itself needs no network.
# With DEB_BUILD_PROFILES=pkg.cexluks.nostatic there is no such package, and nothing to fetch.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

top="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
version=$1 B=$2
# shellcheck source=packaging/lib.sh
source "$top/packaging/lib.sh"

[[ " ${DEB_BUILD_PROFILES-} " == *' pkg.cexluks.nostatic '* ]] || "$top/packaging/static/fetch.sh"

package_begin "$version" "$B/deb"
cp "$tarball" "$work/cexluks_$version.orig.tar.gz"
tar -C "$work" -xzf "$tarball"
cd "$work/cexluks-$version"
cp -r packaging/debian debian
mkdir debian/source
echo '3.0 (quilt)' >debian/source/format
cat >debian/changelog <<END
cexluks ($version-1) unstable; urgency=medium

  * Release $version: NEWS.md says what is new.

 -- $(sed -n 's/^Maintainer: //p' debian/control)  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
END
dpkg-buildpackage -us -uc "${@:3}" >"$work/said" 2>&1 || { tail -n 40 "$work/said" >&2 && exit 1; }
cd "$work"
package_end cexluks*_"$version"[-.]*
