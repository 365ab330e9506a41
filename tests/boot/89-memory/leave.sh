# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the real root: leaves a word in each place where a search of memory has to find one.
word() { # PLACE
    rev <"$1.word" | tr -d '\n'
}

(left="$(word process)" && export left && exec sleep 3600) >/dev/null 2>&1 &
word run >/run/left
word journal | systemd-cat -t boot-marker
journalctl --sync
word keyring | keyctl padd user boot-marker:left @u >/dev/null
echo left
