# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No image: the plug-in, built for that release, beside its libcryptsetup, cryptsetup and systemd-cryptsetup.

row plugin 'no image: cryptsetup and systemd of that release, with the plug-in' all
cell_plugin() {
    chroot "$root" cryptsetup --version
    LAID_OVER_BASE="$root" LAID_OVER_TREE="$work/$suite.destdir" B="$B" "$top/tests/integration/17-plugin.sh" >"$cell/said" || {
        grep -v '^ok - ' "$cell/said" && return 1
    }
    # or there was nothing to judge
    not grep '^skipped - ' "$cell/said"
}
