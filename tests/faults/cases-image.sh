# shellcheck shell=bash disable=SC2034,SC2317
# SPDX-License-Identifier: GPL-2.0-or-later
#
# To be sourced by cases.sh, which tells what a case is: images that check looks at, the journal, and setup.

# shellcheck source=tests/integration/image.sh
source tests/integration/image.sh
JOURNAL_REMOTE=/lib/systemd/systemd-journal-remote
IMAGE_CASES=(setup)
if [[ $EUID -eq 0 ]]; then
    IMAGE_CASES+=(check_image check_next)
else
    skip 'calls of check --initramfs and --next-image: needs root'
fi
if [[ -x $JOURNAL_REMOTE ]]; then
    IMAGE_CASES+=(why_journal)
else
    skip 'calls of why with a journal: systemd-journal-remote is not installed'
fi

# --- images -----------------------------------------------------------------------------------------------------------

# Its helper is a script that finds nothing wrong; what it would find is the case "check". With a /run of its own.
prepare_check_image() {
    system "$ROOM/conf"
    if [[ ! -e $ROOM/initramfs.img ]]; then
        image_tree "$ROOM/image" "$L/root"
        image_stand_in "$ROOM/image" 'echo "{\"outcome\":\"ok\",\"volumes\":1,\"opening\":1,\"findings\":[]}"'
        image_archive "$ROOM/image" >"$ROOM/initramfs.img"
    fi
    mkdir -p "$L/root/boot"
    cp "$ROOM/initramfs.img" "$L/root/boot/initramfs.img"
}
image_verb() { # ARGUMENT…
    verb check --offline --timeout 5 --sysroot "$L/root" "$@"
    # shellcheck disable=SC2016 # of the shell within
    cmd=(unshare -m bash -c 'mount -t tmpfs none /run || exit 98
        "$@"
        status=$?
        ls -d /run/cexluks-image.* >"$TMPDIR/../made/room" 2>/dev/null || rm "$TMPDIR/../made/room"
        exit $status' - "${cmd[@]}")
}
command_check_image() { image_verb --initramfs "$L/root/boot/initramfs.img"; }
proof_check_image() { image_judged check_image; }
image_judged() { # CASE: as in the undisturbed run; what cannot be looked for may be warned of
    room_is_gone
    [[ -z "$(same_output "$1")" ]] || grep -q network-unconfigured "$L/out" || same_output "$1"
}
changed_check_image() {
    room_is_gone
    return 1 # nothing else is written
}
room_is_gone() { # unless that is what failed, or the way out of the image's root
    [[ ! -e $L/made/room ]] || ledger | grep -qE ' (umount2|rmdir|fchdir|chroot) ' || echo 'left: a folder below /run'
    rm -f "$L/made/room"
}

prepare_check_next() {
    prepare_check_image
    mkdir -p "$L/root/boot/loader/entries"
    printf 'title it\nlinux /vmlinuz\noptions quiet\ninitrd /initramfs.img\n' >"$L/root/boot/loader/entries/1.conf"
}
command_check_next() { image_verb --next-image --json; }
proof_check_next() { image_judged check_next; }
changed_check_next() { changed_check_image; }

# --- the journal ------------------------------------------------------------------------------------------------------

# A boot of before, told by root; this one has its report.
prepare_why_journal() {
    local machine=0123456789abcdef0123456789abcdef
    prepare_why
    if [[ ! -e $ROOM/system.journal ]]; then
        printf '%s\n' __REALTIME_TIMESTAMP=1700000001000000 __MONOTONIC_TIMESTAMP=1000000 _UID=0 \
            _BOOT_ID=11111111111111111111111111111111 MESSAGE_ID=a6b325dcab72477b9b043056c037ee65 PRIORITY=6 \
            "CEXLUKS_RUN=$(jq -c '.runs[0]' "$ROOM/report.json")" '' |
            "$JOURNAL_REMOTE" -o "$ROOM/system.journal" - >/dev/null 2>&1
    fi
    mkdir -p "$L/root/var/log/journal/$machine"
    cp "$ROOM/system.journal" "$L/root/var/log/journal/$machine/system.journal"
}
command_why_journal() { verb why --sysroot "$L/root"; }
# Without the journal it tells of this boot, and of why there are no others.
proof_why_journal() {
    [[ -z "$(same_output why_journal)" ]] || grep -qE 'journal' "$L/err" || echo 'it says ok, and the output is another one'
}

# --- setup ------------------------------------------------------------------------------------------------------------

# Somebody whose API key is in place, and who answers faster than is asked.
prepare_setup() {
    mkdir -p "$L/root/etc/cexluks"
    cp "$SIM_CA" "$L/root/ca.pem"
    install -m 600 "$SIM_API_KEY_FILE" "$L/root/etc/cexluks/prod.api-key"
    printf '%s\n' prod "$SIM_URL" "$SIM_INSTANCE" "$SIM_IAM_URL" /ca.pem cexluks-root >"$L/in"
}
command_setup() {
    verb setup --sysroot "$L/root" --timeout 5
    cmd=(script -qec "$(printf '%q ' "${cmd[@]}") 2>$(printf '%q' "$L/err")" /dev/null)
}
proof_setup() {
    "$CEXLUKS" ping prod --sysroot "$L/root" --timeout 20 >/dev/null 2>&1 </dev/null || echo 'it says ok, and the service is not reached'
    rm -f "$L/root/etc/cexluks/cexluks.conf"
}
changed_setup() {
    [[ ! -e $L/root/etc/cexluks/cexluks.conf ]] || echo 'it failed, and the configuration is there'
    cmp -s "$L/root/etc/cexluks/prod.api-key" "$SIM_API_KEY_FILE" || echo 'the API key is another one'
    return 1
}
