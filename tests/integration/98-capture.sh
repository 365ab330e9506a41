#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# 98-capture.sh [--write]: setup, bind, check and why on a terminal, against a simulated service. docs/terminal.md must have
# what they showed; with --write it gets it. What differs from run to run is replaced, in one place (steady).
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/terminal.sh
source tests/integration/terminal.sh
need 'the capture' script cryptsetup jq curl
if [[ $EUID -ne 0 ]] || ! unshare -m true 2>/dev/null; then
    skip 'the capture: needs root, for a /run of its own'
    summary
fi

sim_start --instance prod=key-protect || exit 1
tree="$ROOM/tree" v="$ROOM/disk" page="$ROOM/terminal.md"
mkdir -p "$tree/etc/ssl/certs" "$tree/proc"
cp "$SIM_CA" "$tree/etc/ssl/certs/ca-certificates.crt"
volume_make "$v" --uuid 96fa7ba7-5229-4f32-a9d3-849404febb0e
printf 'root %s none luks\n' "$v" >"$tree/etc/crypttab"
printf 'quiet\n' >"$tree/proc/cmdline"

steady() { # addresses, ids, times and places of one run
    sed -E "s,$SIM_URL,https://kms.example,g; s,$SIM_IAM_URL,https://iam.example,g; s/$SIM_INSTANCE/01234567-89ab-cdef-0123-456789abcdef/g
        s/$SIM_ROOT_KEY/fedcba98-7654-3210-fedc-ba9876543210/g; s,$tree,,g; s,$v,/dev/dasda2,g; s/'127\.0\.0\.1'/'kms.example'/g
        s/[0-9]+\.[0-9] s/0.1 s/g; s/[0-9-]+T[0-9:]+Z/2026-11-22T10:00:00Z/g; s/127\.0\.0\.1(:[0-9]+)?/192.0.2.1/g
        s/(correlation id) [0-9a-f-]+/\1 00000000-0000-4000-8000-000000000000/; s/serial [0-9]+/serial 1/; s/until [0-9]{4}-[0-9]{2}-[0-9]{2}/until 2028-11-22/g"
}

shown() { # COMMAND: the conversation that has ended, as part of the page
    printf '\n    # %s\n' "$1"
    sed -e '/^Script \(started\|done\) on /d' <<<"$screen" | steady | sed -e '/./,$!d' -e 's/ *$//' -e 's/^./    &/' |
        sed -e ':again' -e '/^\n*$/{$d;N;bagain' -e '}'
}

{
    cat <<'END'
<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
# How it looks

A first hour: `setup`, `bind`, `check`, and `why` after a boot that found no service. Made by
`tests/integration/98-capture.sh --write` on a terminal, with a simulated service and a volume in a file; a test runs it again
and compares. Addresses, ids, times and paths of that run are replaced by such as a machine has. On a terminal `ok`, warnings
and failures have colours, which are left out here. API key and passphrase are typed, and not shown.
END
    terminal_begin env NO_COLOR=1 "$CEXLUKS" setup --sysroot "$tree"
    for answer in 'service [prod]: ' "" 'https://...: ' "$SIM_URL" 'root key: ' "$SIM_INSTANCE" 'iam.cloud.ibm.com]: ' \
        "$SIM_IAM_URL" 'ca-certificates.crt]: ' "" 'API key (not shown): ' "$(<"$SIM_API_KEY_FILE")" 'id or alias [' 1; do
        if [[ -z ${asked-} ]]; then
            terminal_see "$answer" && asked=1
        else
            terminal_type "$answer" && asked=
        fi
    done >&2
    terminal_end
    shown 'cexluks setup'
    terminal_begin env NO_COLOR=1 "$CEXLUKS" bind "$v" kms:prod --sysroot "$tree"
    terminal_see ' now: ' >&2
    terminal_type "$PASSPHRASE"
    terminal_end
    shown 'cexluks bind /dev/dasda2 kms:prod'
    terminal_begin env NO_COLOR=1 "$CEXLUKS" check --sysroot "$tree"
    terminal_end
    shown 'cexluks check'
    sim_listener prod down
    cat >"$ROOM/boot" <<'IN' # PROGRAM TREE: a boot, and what it tells afterwards
mount -t tmpfs none /run || exit 98
"$1" boot --sysroot "$2" --timeout 3 >/dev/null 2>&1
exec "$1" why
IN
    terminal_begin env NO_COLOR=1 unshare -m bash "$ROOM/boot" "$CEXLUKS" "$tree"
    terminal_end
    shown 'cexluks why'
} >"$page"

if [[ ${1-} == --write ]]; then
    cp "$page" docs/terminal.md
fi
if said="$(diff -u docs/terminal.md "$page")"; then
    ok 'docs/terminal.md shows what setup, bind, check and why show'
else
    not_ok 'docs/terminal.md shows what setup, bind, check and why show (98-capture.sh --write)' "$said"
fi
check 'the capture has no secret' not grep -qF -e "$(<"$SIM_API_KEY_FILE")" -e "$PASSPHRASE" "$page"
for part in 'Three commands follow' 'ok: /dev/dasda2 opens with kms:prod' 'the next boot: ok: 1 of 1' 'root (/dev/dasda2): kms-unreachable'; do
    check "it has: $part" grep -qF "$part" "$page"
done
summary
