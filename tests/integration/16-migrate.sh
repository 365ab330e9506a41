#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# migrate: from one service to another without anybody typing; the old binding stays until a boot has shown that the new
# one works; and whatever fails leaves the way in of before.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'migrate' cryptsetup jq curl xxd

sim_start --instance old=hpcs,aad=ignore --instance new=key-protect --instance dr=key-protect || exit 1
{
    sim_conf old hpcs old
    sim_conf new key-protect new
    sim_conf dr key-protect dr
} >"$CONF"
v="$ROOM/volume"
volume_make "$v"
bind "$v" kms:old
expect 'a volume is bound to the service that ends' 0

# migrate knows reports below a tree only, and then the configuration's files are there too.
tree="$ROOM/tree"
mkdir -p "$tree/run/cexluks"
for file in "$SIM_CA" "$SIM_API_KEY_FILE"; do
    mkdir -p "$tree${file%/*}"
    cp -p "$file" "$tree$file"
done
move() { # OPTION…
    run migrate "$v" --to new --config "$CONF" --sysroot "$tree" "$@" </dev/null
}

boot_reports() { # BINDING OUTCOME: as a boot leaves it
    jq -n --arg uuid "$(cryptsetup luksUUID "$v")" --arg binding "$1" --arg outcome "$2" \
        '{version: 1, runs: [{mode: "boot", volumes: [{uuid: $uuid, binding: $binding, outcome: $outcome}]}]}' \
        >"$tree/run/cexluks/report.json"
}

bound() {
    tokens "$v" '[.[] | .profile] | sort | join(" ")'
}

before="$(digest "$v")"
move --dry-run
expect 'a dry run says that it can be done' 0 'ok: ' 'can be bound to kms:new'
unchanged 'and changes nothing' "$v" "$before"
move --finish
expect 'nothing is finished that was not begun' 15 'is not bound to kms:new'
sim_listener new down
move --timeout 2
expect 'a new service that is away' 24 kms-unreachable
unchanged 'leaves everything as it was' "$v" "$before"
sim_listener new up
sim_listener old down
move --timeout 2
expect 'an old service that is away cannot open the volume for the new one' 24 kms-unreachable
unchanged 'and leaves everything as it was' "$v" "$before"
sim_listener old up

move --header-backup "$ROOM/backup"
expect 'the new binding is beside the old one, and nobody typed' 0 "ok: $v opens with kms:new" 'dracut --force' \
    "cexluks migrate $v --to new --finish" 'the boot asks kms:old first'
check 'both are there' same "$(bound)" '"new old"'
check 'a backup was made' cryptsetup luksDump "$ROOM/backup"
move
expect 'again it is nothing to do' 0 'nothing-to-do: '
check 'and still both are there' same "$(bound)" '"new old"'

before="$(digest "$v")"
move --finish
expect 'the old one stays before a boot has used the new one' 42 'image-stale' 'this boot did not open' 'hint: rebuild'
boot_reports kms:old ok
move --finish
expect 'or used the old one' 42 image-stale
boot_reports kms:new kms-unreachable
move --finish
expect 'or tried the new one in vain' 42 image-stale
boot_reports kms:new ok
sim_key_state "$(sim_info '.instances[] | select(.name == "new") | .root_key')" 2
move --finish
expect 'or the new one has stopped working since' 27 kms-key-disabled
sim_key_state "$(sim_info '.instances[] | select(.name == "new") | .root_key')" 1
unchanged 'nothing was written meanwhile' "$v" "$before"

# Images that can be booted, the one to roll back to among them.
if can_unpack_images; then
    bootable now "$CONF"
    sed '/^\[kms new\]/,/^ca-file/d' "$CONF" >"$ROOM/only-old.conf"
    bootable back "$ROOM/only-old.conf"
    move --finish
    expect 'the old one stays while an image to roll back to knows only that' 42 \
        "image-stale: $tree/boot/back.img can be booted, and has no [kms new]" 'hint: rebuild it'
    { cat "$CONF" && printf '[volume root]\nuuid = %s\nbindings = kms:old\n' "$(cryptsetup luksUUID "$v")"; } >"$ROOM/pinned.conf"
    bootable back "$ROOM/pinned.conf"
    move --finish
    expect 'or tries only that' 42 'back.img can be booted, and its bindings of this volume have no kms:new'
    echo '[kms' >"$ROOM/broken.conf"
    bootable back "$ROOM/broken.conf"
    move --finish
    expect 'or cannot tell' 42 'back.img can be booted, and '
    head -c 5000 /dev/urandom >"$tree/boot/back.img"
    move --finish
    expect 'or cannot be read' 43 'image-incomplete: ' 'back.img' 'hint: rebuild it'
    sed 's/^\[kms \(dr\|new\)\]/[kms no-\1]/' "$CONF" >"$ROOM/elsewhere.conf"
    sed -i 's/^\[kms old\]/[kms never-old]/' "$ROOM/elsewhere.conf"
    bootable back "$ROOM/elsewhere.conf"
    bootable rescue ''
    bootable gone "$ROOM/only-old.conf"
    rm "$tree/boot/gone.img"
    unchanged 'nothing was written meanwhile either' "$v" "$before"
fi

move --finish
expect 'after a boot with the new one the old one goes' 0 'ok: removed'
rm -rf "${tree:?}/boot"
check 'the new one is left' same "$(bound)" '"new"'
check 'the person of before still gets in' opens_for_human "$v"
move --finish
expect 'again it is nothing to do' 0 nothing-to-do
interrupted() { # as --finish is, between the old binding's keyslot and its token
    bind "$v" kms:old
    cryptsetup luksKillSlot -q "$v" "$(tokens "$v" '.[] | select(.profile == "old") | .keyslots[0]' | jq -r .)"
    check 'without its keyslot the old token is there' same "$(tokens "$v" '[.[] | .profile] | sort')" '["new","old"]'
}
interrupted
move --finish
expect 'after an interruption it takes the token too' 0 'ok: removed'
check 'and only the new one is left' same "$(tokens "$v" '[.[] | .profile]')" '["new"]'

bind "$v" kms:old
bind "$v" kms:dr
move --finish
expect 'with two others it asks which one' 2 'has 2 other services' '--from PROFILE'
move --finish --from old
expect 'and takes the one that is named' 0 'ok: removed'
check 'the other one stays' same "$(bound)" '"dr new"'
move --finish --from nwe
expect 'a name that nobody knows is a mistake' 11 'has no [kms nwe]'
move --finish --from old
expect 'a service that was left before is nothing to do' 0 nothing-to-do

# --- a volume that systemd opens --------------------------------------------------------------------------------------

keyring_slots() {
    header_json "$v" | jq -c '[.tokens[] | select(.type == "luks2-keyring") | .keyslots[]] | length'
}
volume_make "$v"
bind "$v" kms:old --luks2-keyring
move
expect 'a volume with a luks2-keyring token is migrated' 0 'ok: '
check 'and the new binding has that token too' same "$(keyring_slots)" 2
boot_reports kms:new ok
move --finish
expect 'the old one goes' 0 'ok: removed'
check 'and systemd still finds the key' same "$(keyring_slots)" 1
printf '[volume v]\nuuid = %s\nbindings = kms:old\n' "$(cryptsetup luksUUID "$v")" >>"$CONF"
bind "$v" kms:old
move
expect 'where the configuration names the bindings, it is told to name the new one' 0 'begin "bindings"'

# --- all of them ------------------------------------------------------------------------------------------------------

sed -i '/^\[volume v\]/,$d' "$CONF"
volume_make "$v"
bind "$v" kms:old
w="$ROOM/other" x="$ROOM/plain" y="$ROOM/elsewhere"
volume_make "$w"
bind "$w" kms:old
volume_make "$x"
volume_make "$y"
bind "$y" kms:dr
mkdir -p "$tree/etc"
printf '%s none luks\n' "v $v" "w $w" "x $x" "y $y" >"$tree/etc/crypttab"
echo "swap $ROOM/swap /dev/urandom swap" >>"$tree/etc/crypttab"
move_all() { # OPTION…
    run migrate --all --to new --config "$CONF" --sysroot "$tree" "$@" </dev/null
}
all_unchanged() { # TITLE
    check "$1" same "$(digest "$v" "$w" "$x" "$y")" "$before"
}

before="$(digest "$v" "$w" "$x" "$y")"
move_all --from old --dry-run
expect 'a dry run over all says what could be done' 0 "$v: ok: " "$w: ok: " 'can be bound to kms:new'
check 'and nothing of volumes that do not hang on it' not contains "$out$err" "$x" "$y"
all_unchanged 'and changes nothing'
move_all --finish --from old
expect 'nothing is finished that was not begun' 15 "$v: not-bound: " "$w: not-bound: "
cp "$w" "$ROOM/good-w"
header_edit "$w" '.segments."0".encryption = "cipher_null-ecb"'
move_all --from old
expect 'one volume that is refused keeps the other not' 14 "$w: header-refused: " "$v: ok: $v opens with kms:new" \
    'cexluks migrate --all --to new --finish' 'dracut --force'
cp "$ROOM/good-w" "$w"
echo "z $ROOM/gone none luks" >>"$tree/etc/crypttab"
move_all --from old
expect 'one that is not there may be bound: it fails, the others do not' 12 "$ROOM/gone: device-missing: " \
    "$v: nothing-to-do: " "$w: ok: $w opens with kms:new" 'the boot asks kms:old first'
sed -i '$d' "$tree/etc/crypttab"
check 'a volume of another service is left alone' same "$(tokens "$y" '[.[] | .profile]')" '["dr"]'
move_all --from old
expect 'again it is nothing to do' 0 'nothing-to-do: nothing is left'
jq -n --arg v "$(cryptsetup luksUUID "$v")" '{version: 1, runs: [{mode: "boot",
    volumes: [{uuid: $v, binding: "kms:new", outcome: "ok"}]}]}' >"$tree/run/cexluks/report.json"
move_all --from old --finish
expect 'a boot that used the new service for one of two finishes that one' 42 "$v: ok: removed" "$w: image-stale: "
check 'the other keeps both' same "$(tokens "$w" '[.[] | .profile] | sort')" '["new","old"]'
interrupted
move_all --from old --finish
expect 'and completes what was interrupted' 42 "$v: ok: removed" "$w: image-stale: "
move_all --header-backup "$ROOM/backup-2"
expect 'one backup cannot be of all' 2 'for one DEVICE'
move --all
expect 'a device or all' 2 'a DEVICE, --all or --keys'

run migrate "$v" --config "$CONF" </dev/null
expect 'without a target it says what it wants' 2 '--to PROFILE'
run migrate "$v" --to '../x' --config "$CONF" </dev/null
expect 'a target that is no name' 2 'no name of a profile'

summary
