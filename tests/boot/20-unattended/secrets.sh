# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the real root: looks for the patterns beside this file wherever something may have been left, and for one that is
# planted here, so that a search which finds nothing means something.
planted='planted-b6f1c9d2'
echo "$planted" >control
echo "$planted" >"/run/$planted"
echo "$planted" | systemd-cat -t boot-marker
(export PLANTED=$planted && exec -a "$planted" sleep 600) >/dev/null 2>&1 &
sleeper=$!
journalctl --sync
journalctl -b -a -o export >/dev/shm/journal

# search PATTERNS: the places where one of them is
search() {
    if grep -a -q -F -f "$1" /dev/shm/journal; then
        echo journal
    fi
    # this folder holds the patterns
    if grep -r -D skip -a -q -F -f "$1" --exclude-dir=boot-marker.d /run 2>/dev/null; then
        echo run
    fi
    if cat /proc/[0-9]*/environ 2>/dev/null | grep -a -q -F -f "$1"; then
        echo environ
    fi
    if cat /proc/[0-9]*/cmdline 2>/dev/null | grep -a -q -F -f "$1"; then
        echo cmdline
    fi
}

echo "planted: $(search control | tr '\n' ' ')"
cat ./*.raw ./*.hex ./*.HEX ./*.base64 >secrets
if [[ -n $(search secrets) ]]; then
    for file in *.raw *.hex *.HEX *.base64; do
        echo "$file: $(search "$file" | tr '\n' ' ')"
    done
fi
echo "searched for $(wc -l <secrets) patterns"
kill "$sleeper"
