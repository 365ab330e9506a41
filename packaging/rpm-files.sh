#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# rpm-files.sh BUILDROOT DRACUTDIR: the list of files of the first package, for %files -f: all that was installed, with the
# modes it was installed with, but for DRACUTDIR. Of directories only the project's own; the others are of other packages.
set -euo pipefail

cd "$1"
find . -path ".$2" -prune -o -printf '%y %P\n' | LC_ALL=C sort -k 2 | while read -r kind path; do
    case $kind/$path in
        d/*cexluks* | d/*hpcs-for-luks*) printf '%%dir /%s\n' "$path" ;;
        d/*) ;;
        */etc/*) printf '%%config(noreplace) /%s\n' "$path" ;;
        */usr/share/man/*) printf '/%s*\n' "$path" ;;
        */usr/share/doc/*) printf '%%doc /%s\n' "$path" ;;
        *) printf '/%s\n' "$path" ;;
    esac
done
