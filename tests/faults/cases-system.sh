# shellcheck shell=bash disable=SC2034,SC2317
# SPDX-License-Identifier: GPL-2.0-or-later
#
# To be sourced by cases.sh, which tells what a case is: verbs that work on all that a system's configuration names, volumes
# and key files.

SYSTEM_CASES=(inventory inventory_json inventory_metrics apply apply_all apply_retire rebind rebind_own migrate_all
    migrate_finish migrate_keys migrate_keys_finish credential_check credential_renew)

make_system_world() {
    cp "$ROOM/bound" "$ROOM/both"
    "$CEXLUKS" migrate "$ROOM/both" --to next --config "$ROOM/conf-next" >/dev/null 2>&1 </dev/null
    # shellcheck source=tests/integration/reencipher.sh
    source tests/integration/reencipher.sh
    make_reenciphered "$(key_file)" "$ROOM/reenciphered"
    make_reenciphered "$ROOM/pass" "$ROOM/reenciphered-own"
    "$CEXLUKS" wrap next --config "$ROOM/conf-next" >"$ROOM/wrapped-next" <"$(key_file)"
}

make_reenciphered() { # KEY-FILE VOLUME: the tokens name keyslots of the volume key of before
    cp "$ROOM/both" "$2"
    reencipher_stage "$2" "$1" && reencipher_complete "$2" || exit 1
}

# --- a system ---------------------------------------------------------------------------------------------------------

fleet() { # VOLUME PROFILE [LINE]: a system with that volume, two services, whose PROFILE unwraps the keys, and a key file
    local keys="$L/root/etc/cexluks/keys.d/logon"
    system "$ROOM/conf-next"
    cp "$ROOM/$1" "$L/v"
    sed -i "1i[cexluks]\nkeys-profile = $2" "$L/root/etc/cexluks/cexluks.conf"
    [[ -z ${3-} ]] || printf '%s\n' "$3" >>"$L/root/etc/cexluks/cexluks.conf"
    mkdir -p "$keys"
    cp "$ROOM/wrapped" "$keys/dm:data"
}

fleet_verb() { # VERB ARGUMENT…
    verb "$@" --sysroot "$L/root" --timeout 5
}

booted() { # PROFILE: this boot opened the volume through it, and loaded the keys
    jq -n --arg uuid "$(cryptsetup luksUUID "$L/v")" --arg binding "kms:$1" \
        '{version: 1, runs: [{mode: "boot", volumes: [{uuid: $uuid, binding: $binding, outcome: "ok"}]}]}' \
        >"$L/root/run/cexluks/report.json"
    printf '%s' "$1" >"$L/root/run/cexluks/keys.load"
}

# --- inventory --------------------------------------------------------------------------------------------------------

# A line that cannot be had is an outcome, here or on standard error, and the others are shown.
same_or_told() { # CASE
    [[ -z "$(same_output "$1")" ]] || grep -qE '(: |")(internal|header-refused|device-missing)[:"]' "$L/out" "$L/err" ||
        echo 'it says ok, and the output is another one'
    unchanged_volume
}

prepare_inventory() { fleet both prod; }
command_inventory() { fleet_verb inventory; }
proof_inventory() { same_or_told inventory; }

prepare_inventory_json() { prepare_inventory; }
command_inventory_json() { fleet_verb inventory --json; }
proof_inventory_json() { same_or_told inventory_json; }

prepare_inventory_metrics() { prepare_inventory; }
command_inventory_metrics() { fleet_verb inventory --prometheus; }
proof_inventory_metrics() { same_or_told inventory_metrics; }

# --- apply ------------------------------------------------------------------------------------------------------------

prepare_apply() { fleet base prod 'bindings = kms:prod'; }
command_apply() { fleet_verb apply "$L/v" --key-file "$ROOM/passphrase" --header-backup "$L/made/backup"; }
proof_apply() {
    left_bound prod
    cryptsetup luksDump "$L/made/backup" >/dev/null 2>&1 || echo 'the header backup is none'
}
again_apply() {
    once_more apply --sysroot "$L/root" --key-file "$ROOM/passphrase"
    left_bound prod
}

# What is there opens the volume for what is not.
prepare_apply_all() { fleet bound prod 'bindings = kms:next, kms:prod'; }
command_apply_all() { fleet_verb apply; }
proof_apply_all() { left_bound next prod; }
again_apply_all() {
    once_more apply --sysroot "$L/root"
    left_bound next prod
}

prepare_apply_retire() {
    fleet both prod 'bindings = kms:next'
    booted next
}
command_apply_retire() { fleet_verb apply; }
proof_apply_retire() { left_bound next; }
again_apply_retire() {
    once_more apply --sysroot "$L/root"
    left_bound next
}

# --- rebind -----------------------------------------------------------------------------------------------------------

prepare_rebind() { fleet reenciphered prod; }
command_rebind() { fleet_verb rebind "$L/v" --key-file "$ROOM/passphrase"; }
proof_rebind() { # with the person's keyslots, the new one and the one of before
    binding_opens "$L/v"
    binding_opens "$L/v" kms:next
    [[ "$(header_json "$L/v" | jq -c '[([.tokens[] | .keyslots[]] | length), (.keyslots | length)]')" == '[2,4]' ]] ||
        echo 'it says ok, and keyslots are left, or missing'
}
again_rebind() {
    once_more rebind "$L/v" --sysroot "$L/root" --key-file "$ROOM/passphrase"
    proof_rebind
}

# zkey-cryptsetup was run with the passphrase of a binding; its keyslot goes when that binding has one of its own.
prepare_rebind_own() { fleet reenciphered-own prod; }
command_rebind_own() { fleet_verb rebind "$L/v"; }
way_in_rebind_own() { opens "$1" "$ROOM/pass" 2>/dev/null || [[ -z "$(binding_opens "$1")" ]]; }
proof_rebind_own() {
    binding_opens "$L/v"
    binding_opens "$L/v" kms:next
    [[ "$(header_json "$L/v" | jq -c '[([.tokens[] | .keyslots[]] | length), (.keyslots | length)]')" == '[2,3]' ]] ||
        echo 'it says ok, and keyslots are left, or missing'
}
again_rebind_own() {
    once_more rebind "$L/v" --sysroot "$L/root"
    proof_rebind_own
}

# --- migrate ----------------------------------------------------------------------------------------------------------

key_unwraps() { # PROFILE…: each unwraps the key file, as the configuration that names it would
    local profile
    for profile; do
        key_ciphertext "$profile" >"$L/made/ciphertext"
        "$CEXLUKS" unwrap "$profile" --config "$ROOM/conf-next" <"$L/made/ciphertext" 2>/dev/null |
            cmp -s - "$ROOM/passphrase" || echo "kms:$profile does not unwrap the key file"
        rm "$L/made/ciphertext"
    done
}

key_ciphertext() { # PROFILE: "kms:PROFILE CIPHERTEXT", or the first one, of the profile that the configuration names
    local file="$L/root/etc/cexluks/keys.d/logon/dm:data"
    if grep -q "^kms:$1 " "$file"; then
        sed -n "s/^kms:$1 //p" "$file"
    else
        head -n 1 "$file"
    fi
}

both_wrapped() { # the key file on its way from one service to the other
    printf '%s\nkms:next %s\n' "$(<"$ROOM/wrapped")" "$(<"$ROOM/wrapped-next")" >"$L/root/etc/cexluks/keys.d/logon/dm:data"
}

# The key file may be all that there is: whatever failed, who unwrapped it still does.
key_changed() { # PROFILE
    key_unwraps "$1"
    ! cmp -s "$L/root/etc/cexluks/keys.d/logon/dm:data" "$L/key-before" || ! cmp -s "$L/v" "$L/v-before"
}

keep_key() {
    cp "$L/root/etc/cexluks/keys.d/logon/dm:data" "$L/key-before"
}

prepare_migrate_all() {
    fleet bound prod
    keep_key
}
command_migrate_all() { fleet_verb migrate --all --to next; }
proof_migrate_all() {
    left_bound next prod
    key_unwraps prod next
}
changed_migrate_all() { key_changed prod; }
again_migrate_all() {
    once_more migrate --all --to next --sysroot "$L/root"
    proof_migrate_all
}

prepare_migrate_finish() {
    fleet both next
    booted next
    both_wrapped
    keep_key
}
command_migrate_finish() { fleet_verb migrate --all --to next --finish; }
proof_migrate_finish() {
    left_bound next
    key_unwraps next
}
changed_migrate_finish() { key_changed next; }
again_migrate_finish() {
    once_more migrate --all --to next --finish --sysroot "$L/root"
    proof_migrate_finish
}

prepare_migrate_keys() { prepare_migrate_all; }
command_migrate_keys() { fleet_verb migrate --keys --to next; }
proof_migrate_keys() {
    unchanged_volume
    key_unwraps prod next
}
changed_migrate_keys() { key_changed prod; }
again_migrate_keys() {
    once_more migrate --keys --to next --sysroot "$L/root"
    proof_migrate_keys
}

prepare_migrate_keys_finish() { prepare_migrate_finish; }
command_migrate_keys_finish() { fleet_verb migrate --keys --to next --finish; }
proof_migrate_keys_finish() {
    unchanged_volume
    key_unwraps next
    [[ "$(wc -w <"$L/root/etc/cexluks/keys.d/logon/dm:data")" -eq 1 ]] || echo 'it says ok, and the old ciphertext is there'
}
changed_migrate_keys_finish() { key_changed next; }
again_migrate_keys_finish() {
    once_more migrate --keys --to next --finish --sysroot "$L/root"
    proof_migrate_keys_finish
}

# --- API keys ---------------------------------------------------------------------------------------------------------

prepare_credential_check() { :; }
command_credential_check() { kms_verb credential check prod; }
proof_credential_check() { grep -q ': ok: ' "$L/out" || echo 'it says ok, and not of which API key'; }

# Sealed under a master key that is the old one by now.
prepare_credential_renew() {
    local -a cmd
    prepare_seal
    if [[ ! -e $ROOM/sealed ]]; then
        in_card_world "$L" credential seal prod "$ROOM/sealed"
        "${cmd[@]}" >/dev/null 2>&1 </dev/null
    fi
    install -m 600 "$ROOM/sealed" "$L/root/sealed"
    sed -i "s,^api-key.*,api-key = sealed:/sealed," "$L/root/etc/cexluks/cexluks.conf"
    rm "$L/root/key"
}
command_credential_renew() {
    in_card_world "$L" credential renew prod --timeout 5
    cmd[1]=FAULTS_CARD=old
}
proof_credential_renew() {
    ! cmp -s "$L/root/sealed" "$ROOM/sealed" || echo 'it says ok, and the seal is the old one'
    sealed_opens
}
changed_credential_renew() {
    sealed_opens
    return 1 # either is whole
}
sealed_opens() {
    local -a cmd
    local said
    in_card_world "$L" credential check prod --timeout 20
    said="$("${cmd[@]}" </dev/null 2>/dev/null)"
    [[ $said == *'sealed:/sealed: ok'* ]] || echo "the sealed API key opens no more: $said"
}
