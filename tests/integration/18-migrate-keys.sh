#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# migrate --keys: the files of the keys directory from one service to another. What they protect may have no other way in,
# so each file unwraps through the configured service at every moment, whatever interrupts.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'migrate --keys' jq curl keyctl strace

sim_start --instance old=hpcs,aad=ignore --instance new=key-protect --instance dr=key-protect || exit 1
tree="$ROOM/tree"
keys="$tree/etc/cexluks/keys.d"
mkdir -p "$keys/logon" "$keys/user"
for file in "$SIM_CA" "$SIM_API_KEY_FILE"; do
    mkdir -p "$tree${file%/*}"
    cp -p "$file" "$tree$file"
done
configure() { # PROFILE: whose service unwraps the keys
    {
        printf '[cexluks]\nkeys-profile = %s\n' "$1"
        sim_conf old hpcs old
        sim_conf new key-protect new
    } >"$CONF"
}
configure old
us="cexluks-test-$$"
logon="$keys/logon/$us:data" user="$keys/user/$us-swap"
for file in "$logon" "$user"; do
    with_conf wrap old --gen
    printf '%s\n' "$out" >"$file"
done
"$CEXLUKS" unwrap old --config "$CONF" <"$logon" >"$ROOM/plain"

move() { # OPTION…
    run migrate --keys --to new --config "$CONF" --sysroot "$tree" "$@" </dev/null
}

# Does the boot that has this configuration get every key? check unwraps as the boot does, and loads nothing.
usable() { # PROFILE
    run check --config "$CONF" --sysroot "$tree" --timeout 3 </dev/null
    [[ $out == *"logon/$us:data: ok: kms:$1 unwraps it"* && $out == *"user/$us-swap: ok: kms:$1 unwraps it"* ]] ||
        { printf '%s\n' "$out" "$err" && return 1; }
}

files() { # as one digest
    cat "$logon" "$user" | sha256sum
}

# --- add --------------------------------------------------------------------------------------------------------------

check 'the old service unwraps the keys' usable old
before="$(files)"
move --dry-run
expect 'a dry run says what could be done' 0 "$logon: ok: kms:new can wrap it" "$user: ok: "
check 'and changes nothing' same "$(files)" "$before"
sim_listener new down
move --timeout 2
expect 'a new service that is away' 24 "$logon: kms-unreachable" "$user: kms-unreachable"
sim_listener new up
sim_listener old down
move --timeout 2
expect 'an old service that is away' 24 kms-unreachable
sim_listener old up
sim_fault '{"listener":"new","path":"*/actions/unwrap","action":"other-plaintext"}'
move
check 'a service that unwraps something else than it wrapped' contains "$out$err" kms-bad-ciphertext
sim_faults_clear
check 'whatever fails, a file has what it had' same "$(files)" "$before"
move
expect 'each file gets a second ciphertext' 0 "$user: ok: kms:new unwraps it as well" 'keys-profile = new' \
    'cexluks migrate --keys --to new --finish'
check 'the first one is what it was' same "$(head -qn 1 "$logon" "$user" | sha256sum)" "$before"
check 'the old configuration loads them' usable old
run inventory --config "$CONF" --sysroot "$tree" </dev/null
expect 'the inventory shows that they are on their way' 0 "$logon: kms:old: hpcs, " ', on its way to kms:new'
before="$(files)"
move
expect 'again it is nothing to do' 0 "$logon: nothing-to-do: kms:new unwraps it as well"
check 'and nothing is written' same "$(files)" "$before"
configure new
check 'so does the new one' usable new
sim_listener old down
check 'without the old service' usable new
sim_listener old up
configure old

# --- retire -----------------------------------------------------------------------------------------------------------

move --finish
expect 'nothing is finished while the configuration names the old service' 11 'has keys-profile = old' 'say keys-profile = new'
configure new
move --finish
expect 'nor before the keys were loaded through the new one' 42 'not yet loaded through kms:new'
mkdir -p "$tree/run/cexluks"
printf old >"$tree/run/cexluks/keys.load"
move --finish
expect 'or were loaded through the old one' 42 image-stale
printf new >"$tree/run/cexluks/keys.load"
sed -i '2a keys-at-boot = yes' "$CONF"
move --finish
expect 'a boot that loads them must have done so itself' 42 'by a boot'
if can_unpack_images; then
    printf new >"$tree/run/cexluks/keys.boot"
    sed 's/^keys-profile.*/keys-profile = old/' "$CONF" >"$ROOM/loads-old.conf"
    bootable now "$CONF"
    bootable back "$ROOM/loads-old.conf"
    move --finish
    expect 'and no image that can be booted may load them through the old one' 42 \
        'back.img can be booted, and its keys-profile is not new'
    rm -r "${tree:?}/boot" "$tree/run/cexluks/keys.boot"
fi
check 'until here nothing was written' same "$(files)" "$before"
configure new
rm "$tree/run/cexluks/keys.load"
alone
if keyctl session - "$CEXLUKS" load --config "$CONF" --sysroot "$tree" </dev/null >"$ROOM/out" 2>"$ROOM/err"; then
    check 'loading them is what proves it' same "$(<"$tree/run/cexluks/keys.load")" new
    keyctl session - "$CEXLUKS" forget --sysroot "$tree" </dev/null >/dev/null 2>&1
else
    skip 'a real load: the kernel, or a container, offers no user keyring here'
    printf new >"$tree/run/cexluks/keys.load"
fi
together
move --finish --dry-run
expect 'a dry run of the end' 0 "$logon: ok: the old ciphertext can go"
cp -r "$keys" "$ROOM/keys-both"
move --finish
expect 'then the old ciphertexts go' 0 "$logon: ok: only kms:new unwraps it now" "$user: ok: "
check 'one is left in each file' same "$(wc -w <"$logon") $(wc -w <"$user")" '1 1'
check 'the new configuration loads them' usable new
"$CEXLUKS" unwrap new --config "$CONF" <"$logon" >"$ROOM/plain-new"
check 'and the key is the same' cmp "$ROOM/plain" "$ROOM/plain-new"
move --finish
expect 'again it is nothing to do' 0 nothing-to-do
move
expect 'and so is the first step' 0 "$logon: nothing-to-do: kms:new unwraps it already"

# --- with everything else ---------------------------------------------------------------------------------------------

cp "$ROOM/keys-both/logon/$us:data" "$logon"
sim_conf dr key-protect dr >>"$CONF"
run migrate --keys --to dr --from new --config "$CONF" --sysroot "$tree" </dev/null
expect 'one that is on its way somewhere else is left' 2 "$logon: usage: its way to kms:new is not finished" "$user: ok: "
run migrate --keys --to nwe --config "$CONF" --sysroot "$tree" </dev/null
expect 'a name that nobody knows' 11 'has no [kms nwe]'
run migrate --keys --all --to new --config "$CONF" --sysroot "$tree" </dev/null
expect 'keys or all' 2 'wants a DEVICE, --all or --keys'
configure old
rm -r "$keys" && cp -r "$ROOM/keys-both" "$keys"
sed -i 2d "$keys"/*/*
: >"$keys/user/empty"
run migrate --all --to new --config "$CONF" --sysroot "$tree" </dev/null
expect '--all has the keys directory too, and one bad file keeps no other' 11 "$logon: ok: kms:new unwraps it as well" \
    "$user: ok: " "$keys/user/empty: config-error"
rm "$keys/user/empty"

# --- killed at every change of a file ---------------------------------------------------------------------------------

lost=0 tried=0
killed_at() { # CALL NUMBER [OPTION…]: did a run live that is killed there?
    strace -qq -o /dev/null -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
        "$CEXLUKS" migrate --keys --to new --config "$CONF" --sysroot "$tree" "${@:3}" </dev/null >/dev/null
}
for finish in '' --finish; do
    rm -r "$keys" && cp -r "$ROOM/keys-both" "$keys"
    [[ -n $finish ]] || sed -i 2d "$keys"/*/*
    configure "$([[ -n $finish ]] && echo new || echo old)"
    rm -rf "$ROOM/keys-from" && cp -r "$keys" "$ROOM/keys-from"
    for moment in {fchmod,fsync,rename}:{1,2}; do
        rm -r "$keys" && cp -r "$ROOM/keys-from" "$keys"
        killed_at "${moment%:*}" "${moment#*:}" ${finish:+"$finish"} 2>/dev/null && continue
        tried=$((tried + 1))
        usable "$([[ -n $finish ]] && echo new || echo old)" || lost=$((lost + 1))
        [[ $(find "$keys" -type f ! -name '.*' | wc -l) -eq 2 ]] || lost=$((lost + 1))
        move ${finish:+"$finish"}
        [[ $status -eq 0 && $(wc -w <"$logon") -eq $([[ -n $finish ]] && echo 1 || echo 3) ]] || lost=$((lost + 1))
    done
done
check "killed at $tried moments, every key could be had, and the next run made it whole" same "$lost" 0
check 'at each of three calls for each of two files, in both steps' same "$tried" 12
summary
