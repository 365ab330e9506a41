#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What must not slip in: paths and mirrors of the machine somebody worked on, and marks of unfinished work.
# The patterns are written so that this file doesn't match itself.
source "$(dirname "$0")/lib.sh"

# search PATTERN [FILES…]: file:line of each match; the line itself only where it can't tell more than the tree does
search() {
    local pattern="$1"
    shift
    lint_files "$@" | tr '\n' '\0' | xargs -0 -r grep -HnIE "$pattern" 2>/dev/null | cut -c1-140
}

parent="$(dirname "$PWD")"
paths="$(search '(/home|/Users)/[a-z][a-z0-9_-]*/' | grep -vE '(/home|/Users)/(user|USER)/')"
case $parent in
    / | /bin | /boot | /dev | /etc | /home | /lib | /media | /mnt | /opt | /root | /run | /sbin | /srv | /sys | /tmp | /usr | /var) ;;
    *)
        found="$(lint_files | tr '\n' '\0' | xargs -0 -r grep -HnIF -e "$parent/" 2>/dev/null | cut -c1-140)"
        paths+="${paths:+${found:+$'\n'}}$found"
        ;;
esac
verdict 'no paths of a workplace' "$paths"

hosts='(deb|security|archive|snapshot)[.](debian|ubuntu)[.](org|com)|pypi[.]org|pythonhosted[.]org|npmjs[.]org'
hosts+='|crates[.]io|golang[.]org|(docker|quay|ghcr)[.]io/'
if command -v apt-get >/dev/null; then
    # shellcheck disable=SC2016 # apt's own variable
    while IFS= read -r host; do
        # a mirror's name, with its dots taken literally
        [[ $host == *.* ]] && hosts+="|${host//./[.]}"
    done < <(apt-get indextargets --format '$(SITE)' 2>/dev/null \
        | sed -nE 's,^https?://([^/@]*@)?([A-Za-z0-9.-]+).*,\2,p' | sort -u)
fi
# without the text: a mirror's address is not for logs
verdict 'no hosts of package registries or mirrors' "$(search "$hosts" | cut -d: -f1,2)"

verdict 'no marks of unfinished work' "$(search '\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b')"

verdict 'no white space at the end of lines' \
    "$(lint_files | grep -vE '(^|/)(fixtures|corpus|expected)/|^COPYING$' | tr '\n' '\0' \
        | xargs -0 -r grep -HnIE '[[:blank:]]+$' 2>/dev/null | cut -d: -f1,2)"
lint_end
