#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# docs/guides as a reader follows them: the indented lines of a guide, from the first to the last, with a volume in a file
# and a tree in place of the reader's machine. A line that is neither typed here nor named as one that can't be fails.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
source tests/integration/reencipher.sh
# shellcheck source=tests/guides.sh
source tests/guides.sh
need 'the guides' cryptsetup jq curl xxd

sim_start --instance old=hpcs --instance prod=key-protect --instance new=key-protect --instance dr=key-protect --api-key a-new-key:reader || exit 1
ln -s "$CEXLUKS" "$ROOM/cexluks"

section() { # NAME: of the tree's configuration, with its API key in a file of the tree
    sim_conf "$1" "$([[ $1 == old ]] && echo hpcs || echo key-protect)" "$1" |
        sed "s,^api-key.*,api-key = file:/etc/cexluks/$1.api-key,; s,^ca-file.*,ca-file = /ca.pem,"
}

machine() { # PROFILE…: a new one, bound to the first of them when it is "old"
    local name
    tree="$ROOM/tree" v="$ROOM/disk"
    rm -rf "$tree" "$v"
    mkdir -p "$tree"/{etc/cexluks,root/rescue,run/cexluks,proc}
    : >"$tree/proc/cmdline"
    cp "$SIM_CA" "$tree/ca.pem"
    volume_make "$v"
    uuid="$(cryptsetup luksUUID "$v")"
    for name in "$@"; do
        install -m 600 "$SIM_API_KEY_FILE" "$tree/etc/cexluks/$name.api-key"
        section "$name"
    done >"$tree/etc/cexluks/cexluks.conf"
    printf 'root %s none luks\n' "$v" >"$tree/etc/crypttab"
    # a rescue system's paths are its own
    sim_conf prod key-protect prod >"$tree/root/rescue/cexluks.conf"
    printf 'another way in' >"$tree/root/new"
    install -m 600 /dev/null "$tree/root/new.api-key"
    echo a-new-key >"$tree/root/new.api-key"
}

here() { # COMMAND: with what is the reader's put in its place
    sed -E "s,/dev/dasda2,$v,g; s,/dev/dasdb1,$ROOM/clone,g; s,/root/,$tree/root/,g; s,/etc/cexluks/,$tree/etc/cexluks/,g
        s,(cryptsetup open) (--test-passphrase )?$v( root)?,\1 --test-passphrase -d $(key_file) $v,
        s,cexluks (bind|migrate|unbind|list|inventory|check|why|ping|rebind|pass)\>,& --sysroot $tree,; s,--sysroot [^ ]+ (.*--config),\1,
        s,cexluks cards\>,& --sysroot $PWD/tests/fixtures/sysfs/two-cards-one-offline,
        s,cexluks bind\>,& --key-file $(key_file)," <<<"$1"
}

types() { # COMMAND STATUS PART…
    PATH="$ROOM:$PATH" bash -o pipefail -c "$(here "$1")" >"$ROOM/out" 2>"$ROOM/err" </dev/null
    status=$? out="$(tr -d '\0' <"$ROOM/out")" err="$(<"$ROOM/err")"
    sane "$ROOM/err" "$1"
    expect "$guide: $1" "${@:2}"
}

booted_with() { # BINDING: what a boot leaves
    jq -n --arg u "$uuid" --arg b "$1" '{version: 1, runs: [{mode: "boot", time: "2026-11-22T10:00:00Z", volumes: [
        {uuid: $u, binding: $b, name: "root", device: "/dev/dasda2", outcome: "ok", cause: "opened"}]}]}' \
        >"$tree/run/cexluks/report.json"
}

types_zkey() { # COMMAND: what it does to the header, with the passphrase that it would be given
    local key
    key="$(key_file)"
    if [[ $1 == *'|'* ]]; then
        key="$ROOM/piped"
        "$CEXLUKS" pass "$v" kms:prod --sysroot "$tree" >"$key" </dev/null || not_ok "$guide: $1"
    fi
    if [[ $1 == *--staged* ]]; then
        reencipher_stage "$v" "$key"
    elif [[ $1 == *--complete* ]]; then
        reencipher_complete "$v"
    else
        reencipher_stage "$v" "$key" && reencipher_complete "$v"
    fi || not_ok "$guide: $1"
}

follow() { # GUIDE: each line; what a step needs or leaves besides is done here, where the guide says so
    local line
    guide="$1"
    while IFS= read -r line <&9; do
        case "$guide $line" in
            'root-volume reboot') booted_with kms:prod ;; # which is tests/boot's to show
            'moving-off-hpcs reboot') booted_with kms:new ;;
            *' dracut '* | *' zipl' | *' lsblk '* | 'root-volume cexluks setup' | 'recovery cexluks cards' | \
                'recovery cexluks open '*)
                continue ;; # the guide says so at its end
            moving-off-hpcs\ \[* | moving-off-hpcs\ *\ =\ *) continue ;; # machine() has such a section
            *' cryptsetup isLuks '*) types "$line" 0 yes ;;
            *' cryptsetup open '*) types "$line" 0 ;;
            *' cexluks ping '*) types "$line" 0 ': ok' ;;
            *'zkey-cryptsetup reencipher '*) types_zkey "$line" ;;
            'master-key cryptsetup luksHeaderBackup '* | 'master-key cexluks pass '*) types "$line" 0 ;;
            'master-key cexluks cards') continue ;; # no card is here
            'master-key cexluks list '*) types "$line" 0 'kms:prod' 'passphrase (' ;;
            'master-key cexluks rebind '*)
                run check "$v" --sysroot "$tree" </dev/null
                expect 'master-key: before, check says what is missing' 15 not-bound "cexluks rebind $v"
                types "$line" 0 'kms:prod: ok: ' 'every binding opens the new volume key'
                ;;
            *' cexluks check') types "$line" 0 'the next boot: ok: 1 of 1' ;;
            'root-volume cexluks bind '*) types "$line" 0 'ok: ' dracut && check 'with a backup' test -s "$tree/root/dasda2.luks" ;;
            'root-volume cexluks list '*) types "$line" 0 'kms:prod' 'passphrase (' ;;
            *' cexluks why') types "$line" 0 'root (/dev/dasda2): ok' ;;
            'root-volume cexluks unbind '*)
                types "$line" 0 'ok: '
                check 'which leaves the passphrase' opens_for_human "$v"
                check 'and nothing of ours' same "$(tokens "$v" length)" 0
                ;;
            'recovery cryptsetup luksHeaderBackup '*) types "$line" 0 ;;
            'recovery cexluks inventory') types "$line" 0 prod ;;
            'recovery cexluks list '*) types "$line" 0 'kms:prod' ;;
            'recovery cexluks pass '*)
                types "$line" 0
                check 'and the new passphrase opens' opens "$v" "$tree/root/new"
                echo revoked >"$tree/etc/cexluks/prod.api-key" # the next section: IAM refuses it
                run ping --sysroot "$tree" </dev/null
                expect 'recovery: the old API key is refused' 23 iam-refused
                ;;
            'recovery install '*) types "$line" 0 ;;
            'recovery cexluks bind '*)
                sim_key_state "$(sim_info '.instances[1].root_key')" 5
                run pass "$v" kms:prod --sysroot "$tree" </dev/null
                expect 'recovery: a binding whose root key is gone opens nothing' 26 kms-key-gone
                run key create prod another --config "$tree/root/rescue/cexluks.conf" </dev/null
                sed -i "s/^root-key .*/root-key = $out/" "$tree/etc/cexluks/cexluks.conf"
                types "$line" 0 'ok: ' 'does not work any more'
                run bind "$v" kms:prod --sysroot "$tree" --key-file "$(key_file)" </dev/null
                expect 'recovery: and the new one works' 0 nothing-to-do
                # the next section: the header is destroyed
                rm "$tree/root/dasda2.luks"
                cryptsetup luksHeaderBackup "$v" --header-backup-file "$tree/root/dasda2.luks"
                dd if=/dev/urandom of="$v" bs=32k count=1 conv=notrunc status=none
                check 'recovery: without its header the volume opens for nobody' not opens_for_human "$v"
                ;;
            'recovery cryptsetup luksHeaderRestore '*)
                types "$line" 0
                check 'and it opens again' opens_for_human "$v"
                ;;
            'disks cexluks list '*) types "$line" 0 'lock: KMS' ;;
            'disks cexluks cards --json '*) types "$line" 0 ;;
            'disks cexluks check '*) types "$line" 0 '1 of 1 volumes would open' ;;
            'disks cryptsetup luksUUID '*)
                cp "$v" "$ROOM/clone"
                types "$line" 0
                run pass "$ROOM/clone" kms:prod --sysroot "$tree" </dev/null
                expect 'disks: with another UUID the binding is not valid' 28 kms-bad-ciphertext
                ;;
            'disks cexluks bind /dev/dasdb1 '*) types "$line" 0 'ok: ' 'does not work any more' ;;
            'disks cexluks bind /dev/dasda2 kms:prod') types "$line" 0 nothing-to-do ;;
            'disks cexluks bind /dev/dasda2 kms:dr') types "$line" 0 'ok: ' ;;
            'moving-off-hpcs cexluks inventory') types "$line" 0 old ;;
            'moving-off-hpcs cexluks migrate '*--finish)
                types "$line" 0 'ok: '
                sim_listener old down
                ;;
            'moving-off-hpcs cexluks migrate '*)
                types "$line" 0 'ok: '
                run migrate "$v" --to new --finish --sysroot "$tree" </dev/null
                expect 'moving-off-hpcs: too early, --finish refuses' 42 image-stale
                ;;
            'moving-off-hpcs cexluks list '*) types "$line" 0 'kms:new' ;;
            *) not_ok "$guide: a test types: $line" ;;
        esac
    done 9< <(guide_lines "$guide")
}

machine prod
follow root-volume

machine prod
run bind "$v" kms:prod --sysroot "$tree" --key-file "$(key_file)" </dev/null
follow recovery
sim_key_state "$(sim_info '.instances[1].root_key')" 1

machine prod dr
run bind "$v" kms:prod --sysroot "$tree" --key-file "$(key_file)" </dev/null
follow disks
sim_listener prod down
printf 'root=x rd.cexluks.kms=dr\n' >"$tree/proc/cmdline"
run check "$v" --sysroot "$tree" </dev/null
expect 'disks: the other site selects its own service' 0 'kms:dr: ok' '1 of 1 volumes would open'
sim_listener prod up

machine prod dr
run bind "$v" kms:prod --sysroot "$tree" --key-file "$(key_file)" </dev/null
run bind "$v" kms:dr --sysroot "$tree" --key-file "$(key_file)" </dev/null
follow master-key
for binding in kms:prod kms:dr; do
    run pass "$v" "$binding" --sysroot "$tree" </dev/null
    check "master-key: at the end $binding opens" opens "$v" "$ROOM/out"
done
check "master-key: and the person's new passphrase" opens "$v" "$tree/root/new"

machine new old
run bind "$v" kms:old --sysroot "$tree" --key-file "$(key_file)" </dev/null
expect 'a machine hangs on HPCS' 0 'ok: '
follow moving-off-hpcs
run pass "$v" kms:new --sysroot "$tree" </dev/null
check 'moving-off-hpcs: at the end the volume opens without the old service' opens "$v" "$ROOM/out"
check 'moving-off-hpcs: and knows it no more' same "$(tokens "$v" '[.[].profile]')" '["new"]'
summary
