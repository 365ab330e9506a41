# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Source this file: what a reader takes from a page, and a test runs as it stands.
#
#   guide_block PAGE NAME        the text of the fenced block below "<!-- block: NAME -->"; fails where there is none
#   kickstart_run TREE MEDIUM    in a mount namespace of its own: the scripts of docs/guides/kickstart.md as Anaconda runs them,
#                                the new system being in TREE and the files of the installation medium in MEDIUM

guide_top="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

guide_block() {
    local text
    text="$(sed -n "/^<!-- block: $2 -->\$/,/^\`\`\`\$/p" "$guide_top/$1" | sed '1,2d;$d')"
    [[ -n $text ]] || { printf '%s has no block %s\n' "$1" "$2" >&2 && return 1; }
    printf '%s\n' "$text"
}

# kickstart_section NAME OPTIONS: what is between "%post OPTIONS" and "%end"; such a block has nothing else
kickstart_section() {
    local text
    text="$(guide_block docs/guides/kickstart.md "$1")" || return
    if [[ $(head -n 1 <<<"$text") != "%post $2" || $(tail -n 1 <<<"$text") != %end || $(grep -c '^%' <<<"$text") -ne 2 ]]; then
        printf '%s: is not a section "%%post %s"\n' "$1" "$2" >&2
        return 1
    fi
    sed '1d;$d' <<<"$text"
}

# Each section is a script of /bin/sh, in the installer (--nochroot) or in the new system; with --erroronfail its status counts.
kickstart_run() {
    local script
    mount -t tmpfs tmpfs /mnt && mkdir /mnt/sysroot && mount --rbind "$1" /mnt/sysroot || return
    mount -t tmpfs tmpfs /run && mkdir -p /run/install/repo && mount --bind "$2" /run/install/repo || return
    script="$(kickstart_section kickstart-files '--nochroot --erroronfail')" || return
    /bin/sh -c "$script" </dev/null || return
    script="$(kickstart_section kickstart-post --erroronfail)" || return
    printf '%s\n' "$script" >"$1/tmp/ks-script"
    env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin:/root/bin HOME=/root chroot /mnt/sysroot /bin/sh /tmp/ks-script </dev/null
}
