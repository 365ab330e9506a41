# shellcheck shell=bash disable=SC2034,SC2317
# SPDX-License-Identifier: GPL-2.0-or-later
#
# To be sourced by run: which verbs are run, on what. A case has prepare_CASE (fresh files below $L), command_CASE (sets
# cmd) and proof_CASE (after exit status 0: says what is not as it should be); again_CASE, for verbs that change a
# volume, brings it in order after a failure. $L/made is where a verb may leave files when it works.

# shellcheck source=tests/faults/cases-system.sh
source tests/faults/cases-system.sh
# shellcheck source=tests/faults/cases-image.sh
source tests/faults/cases-image.sh

CASES=(list json bind keyring replace unbind unbind_slot pass open close load forget boot crypttab image_files
    needs_network why cards cards_json ping untrusted key_list key_create key_rotate wrap unwrap help pattern_set pattern_verify keygen
    keygen_store format bind_card status check rotate rewrap migrate seal seal_header set_key "${SYSTEM_CASES[@]}" "${IMAGE_CASES[@]}")
SAMPLED=("${SYSTEM_CASES[@]}" "${IMAGE_CASES[@]}") # by "make check", as each run of them takes long
declare -A SAYS_SECRETS=([pass]=1 [unwrap]=1 [format]=1) # to standard output
declare -A expected=([open]=41 [close]=41 [boot]=41 [untrusted]=19)
for case in "${CASES[@]}"; do
    : "${expected[$case]:=0}"
done

make_world() { # what all cases start from
    local key volume
    sim_start --instance prod=key-protect --instance next=key-protect --api-key the-next-key || exit 1
    sim_conf prod key-protect >"$ROOM/conf"
    { cat "$ROOM/conf" && sim_conf next key-protect next; } >"$ROOM/conf-next"
    { printf '[cexluks]\nopen = systemd\n' && cat "$ROOM/conf"; } >"$ROOM/conf-systemd"
    key="$(key_file)"
    volume_make "$ROOM/base"
    cp "$ROOM/base" "$ROOM/bound"
    CONF="$ROOM/conf-systemd" bind "$ROOM/bound" kms:prod
    expect 'a volume is bound' 0
    cp "$ROOM/base" "$ROOM/turned"
    CONF="$ROOM/conf-next" bind "$ROOM/turned" kms:next
    "$CEXLUKS" key rotate next --config "$ROOM/conf-next" >/dev/null </dev/null
    # once an hour is allowed: from here on the service says what it says then, and does nothing
    sim_fault '{"path":"*/actions/rotate","action":"status","status":204,"body":""}'
    cp "$ROOM/bound" "$ROOM/broken"
    header_edit "$ROOM/broken" '(.tokens[] | select(.type == "cexluks") | .ciphertext) |= (.[0:-12] + "AAAAAAAAAAA=")'
    "$CEXLUKS" pass "$ROOM/bound" kms:prod --config "$ROOM/conf" >"$ROOM/pass" </dev/null
    "$CEXLUKS" wrap prod --config "$ROOM/conf" >"$ROOM/wrapped" <"$key"
    in_card_world "$ROOM" format "$ROOM/paes" --key-file "$key"
    truncate -s 24M "$ROOM/paes"
    "${cmd[@]}" >/dev/null 2>"$ROOM/err" </dev/null
    status=$?
    expect 'a volume around a secure key is made' 0
    cryptsetup luksConvertKey --pbkdf pbkdf2 --pbkdf-force-iterations 1000 -d "$key" "$ROOM/paes"
    cp "$ROOM/paes" "$ROOM/patternless"
    header_edit "$ROOM/patternless" 'del(.tokens[] | select(.type == "paes-verification-pattern"))'
    for secret in "$key" "$SIM_API_KEY_FILE" "$ROOM/pass"; do
        xxd -p "$secret" | tr -d '\n' && echo
        base64 -w0 "$secret" | sed -E 's/.{3}=*$//' && echo
    done >"$ROOM/patterns"
    printf '%s\n' "$PASSPHRASE" "$(<"$SIM_API_KEY_FILE")" >>"$ROOM/patterns"
    make_system_world
    cat >"$ROOM/in-namespace" <<'IN'
mount -t tmpfs none /run || exit 98
[[ $1 != with-key ]] || { shift && keyctl add user cexluks:00000000-0000-4000-8000-000000000000 x @u >/dev/null; }
"$@"
status=$?
keyctl link @u @s # its keys show themselves to who possesses them
keyctl list @u | grep -o 'cexluks:.*' >"$TMPDIR/../made/keys" || rm "$TMPDIR/../made/keys"
[[ ! -e /run/cexluks/report.json ]] || cp /run/cexluks/report.json "$TMPDIR/../made/report.json"
exit $status
IN
}

# --- what cases share -------------------------------------------------------------------------------------------------

verb() { # ARGUMENT…
    cmd=("$FAULTY" "$@" --debug)
}

kms_verb() { # ARGUMENT…
    verb "$@" --config "$ROOM/conf" --timeout 5
}

system_verb() { # ARGUMENT…: with the files below $L/root, and kernel keyring and /run of its own
    verb "$@" --sysroot "$L/root" --timeout 3
    cmd=(unshare -Urm keyctl session - bash "$ROOM/in-namespace" "${cmd[@]}")
}

in_card_world() { # FOLDER ARGUMENT…: with cards below FOLDER/root
    mkdir -p "$1/root"
    [[ -e $1/root/sys ]] || cp -r tests/fixtures/sysfs/two-cards-one-offline/{sys,dev,proc} "$1/root/"
    verb "${@:2}" --sysroot "$1/root"
    cmd=(env FAULTS_CARD=1 "${cmd[@]}")
}

card_config() {
    mkdir -p "$L/root/etc/cexluks"
    cp "$ROOM/conf" "$L/root/etc/cexluks/cexluks.conf"
}

system() { # CONFIGURATION: a system whose crypttab names the volume
    mkdir -p "$L/root/etc/cexluks" "$L/root/proc" "$L/root/run/cexluks"
    cp "$ROOM/bound" "$L/v"
    sed "s,^api-key.*,api-key = file:/etc/cexluks/api-key,; s,^ca-file.*,ca-file = /etc/cexluks/ca.pem," "$1" \
        >"$L/root/etc/cexluks/cexluks.conf"
    printf '[volume planted]\nuuid = %s\n' "$(cryptsetup luksUUID "$L/v")" >>"$L/root/etc/cexluks/cexluks.conf"
    cp "$SIM_CA" "$L/root/etc/cexluks/ca.pem"
    install -m 600 "$SIM_API_KEY_FILE" "$L/root/etc/cexluks/api-key"
    printf 'planted %s none luks\n' "$L/v" >"$L/root/etc/crypttab"
    printf 'root=/dev/mapper/planted quiet\n' >"$L/root/proc/cmdline"
}

same_output() { # CASE: as in the undisturbed run, which was of the first lane, as are the files that it left for others
    cmp -s <(sed "s,$ROOM/lane[0-9]*/,,g" "$L/out") <(sed "s,$ROOM/lane[0-9]*/,,g" "$ROOM/out-$1") ||
        echo 'it says ok, and the output is another one'
}

unchanged_volume() {
    cmp -s "$L/v" "$L/v-before" || echo 'the volume changed'
}

binding_opens() { # VOLUME [BINDING]
    "$CEXLUKS" pass "$1" "${2-kms:prod}" --config "$ROOM/conf-next" --timeout 20 </dev/null >"$L/made/pass" 2>"$L/made/pass.err" &&
        opens "$1" "$L/made/pass" || echo "the binding does not open: $(head -n 1 "$L/made/pass.err")"
    rm -f "$L/made/pass" "$L/made/pass.err"
}

once_more() { # VERB ARGUMENT…: another run, undisturbed
    local said
    said="$("$CEXLUKS" "$@" </dev/null 2>&1)" || echo "another run fails: $said"
}

again() { # WANTED VERB ARGUMENT…: and then the tokens and keyslots are WANTED
    local seen
    once_more "${@:2}"
    seen="$(header_json "$L/v" | jq -c '[([.tokens[] | [.type, .keyslots[]]] | sort), (.keyslots | keys)]')"
    [[ $seen == "$1" ]] || echo "another run leaves $seen"
}

BOUND='[[["cexluks","1"]],["0","1"]]'
BOUND_SYSTEMD='[[["cexluks","1"],["luks2-keyring","1"]],["0","1"]]'
UNBOUND='[[],["0"]]'

# --- volumes ----------------------------------------------------------------------------------------------------------

prepare_list() { cp "$ROOM/bound" "$L/v"; }
command_list() { verb list "$L/v"; }
proof_list() { same_output list; }

prepare_json() { cp "$ROOM/bound" "$L/v"; }
command_json() { verb list "$L/v" --json; }
proof_json() { cmp -s <(jq -S 'del(.[].device)' "$L/out") <(jq -S 'del(.[].device)' "$ROOM/out-json") ||
    echo 'it says ok, and the output is another one'; }

prepare_bind() { cp "$ROOM/base" "$L/v"; }
command_bind() { kms_verb bind "$L/v" kms:prod --key-file "$ROOM/passphrase" --header-backup "$L/made/backup"; }
proof_bind() {
    binding_opens "$L/v"
    cryptsetup luksDump "$L/made/backup" >/dev/null 2>&1 || echo 'the header backup is none'
}
again_bind() { again "$BOUND" bind "$L/v" kms:prod --key-file "$ROOM/passphrase" --config "$ROOM/conf"; }

prepare_keyring() { cp "$ROOM/base" "$L/v"; }
command_keyring() {
    verb bind "$L/v" kms:prod --key-file "$ROOM/passphrase" --config "$ROOM/conf-systemd" --timeout 5
}
proof_keyring() { binding_opens "$L/v"; }
again_keyring() { again "$BOUND_SYSTEMD" bind "$L/v" kms:prod --key-file "$ROOM/passphrase" --config "$ROOM/conf-systemd"; }

prepare_replace() { cp "$ROOM/broken" "$L/v"; }
command_replace() { command_keyring; }
proof_replace() { proof_keyring; }
# Where a case may leave files after a failure too: a report, what was being made, zkey's own lock, the key to forget.
# What fails after a key is loaded takes that key away from nobody.
declare -A MAY_LEAVE=([boot]=report.json [format]=disk [keygen_store]=.lock [forget]=keys [load]=keys [seal]=sealed [set_key]='key*')
# Where it is not the person's passphrase that has to open the volume at any time.
declare -A WAY_IN=([rebind_own]=way_in_rebind_own)

again_replace() {
    once_more bind "$L/v" kms:prod --key-file "$ROOM/passphrase" --config "$ROOM/conf-systemd"
    [[ "$(header_json "$L/v" | jq -c '[([.tokens[] | .type] | sort), (.keyslots | length)]')" == \
        '[["cexluks","luks2-keyring"],2]' ]] || echo 'another run does not put things in order'
    binding_opens "$L/v"
}

prepare_unbind() { cp "$ROOM/bound" "$L/v"; }
command_unbind() { verb unbind "$L/v" kms:prod; }
proof_unbind() {
    [[ "$(header_json "$L/v" | jq -c '[(.tokens | length), (.keyslots | keys)]')" == '[0,["0"]]' ]] ||
        echo 'it says ok, and something is left'
}
again_unbind() { again "$UNBOUND" unbind "$L/v" kms:prod; }

prepare_unbind_slot() { cp "$ROOM/bound" "$L/v"; }
command_unbind_slot() { verb unbind "$L/v" --keyslot 1 --header-backup "$L/made/backup"; }
proof_unbind_slot() { proof_unbind; }
again_unbind_slot() { again "$UNBOUND" unbind "$L/v" kms:prod; }

# One binding, which opens, and the person's keyslot; or two.
left_bound() { # PROFILE…
    local seen profile
    seen="$(header_json "$L/v" | jq -r '[([.tokens[] | select(.type == "cexluks") | .profile] | sort[]), (.keyslots | length)] | join(" ")')"
    [[ $seen == "$* $(($# + 1))" ]] || echo "it is bound to, with keyslots: $seen"
    for profile; do
        binding_opens "$L/v" "kms:$profile"
    done
}

again_bound() { # PROFILE VERB ARGUMENT…
    once_more "${@:2}" --config "$ROOM/conf-next"
    left_bound "$1"
}

prepare_rotate() { cp "$ROOM/bound" "$L/v"; }
command_rotate() { kms_verb rotate "$L/v" kms:prod --header-backup "$L/made/backup"; }
proof_rotate() {
    binding_opens "$L/v"
    [[ $(tokens "$L/v" 'map(.serial)') != $(tokens "$L/v-before" 'map(.serial)') ]] || echo 'it says ok, and nothing is new'
    cryptsetup luksDump "$L/made/backup" >/dev/null 2>&1 || echo 'the header backup is none'
}
again_rotate() { again_bound prod rotate "$L/v" kms:prod; }

prepare_rewrap() { cp "$ROOM/turned" "$L/v"; }
command_rewrap() { verb rotate "$L/v" --rewrap-only --config "$ROOM/conf-next" --timeout 5; }
proof_rewrap() {
    binding_opens "$L/v" kms:next
    [[ $(tokens "$L/v" 'map(.ciphertext)') != $(tokens "$L/v-before" 'map(.ciphertext)') ]] ||
        echo 'it says ok, and it is wrapped as before'
}
again_rewrap() { again_bound next rotate "$L/v" --rewrap-only; }

prepare_migrate() { cp "$ROOM/bound" "$L/v"; }
command_migrate() { verb migrate "$L/v" --to next --config "$ROOM/conf-next" --timeout 5; }
proof_migrate() { left_bound next prod; }
again_migrate() {
    once_more migrate "$L/v" --to next --config "$ROOM/conf-next"
    left_bound next prod
}

prepare_check() { cp "$ROOM/bound" "$L/v"; }
command_check() { kms_verb check "$L/v"; }
proof_check() {
    unchanged_volume
    grep -q 'kms:prod: ok' "$L/out" || echo 'it says ok, and not that the binding opens'
}

prepare_pass() { cp "$ROOM/bound" "$L/v"; }
command_pass() { kms_verb pass "$L/v" kms:prod; }
proof_pass() { cmp -s "$L/out" "$ROOM/pass" || echo 'it says ok, and this is no passphrase'; }

prepare_open() { cp "$ROOM/bound" "$L/v"; }
command_open() { kms_verb open "$L/v"; }
proof_open() { echo 'it says ok without a device mapper'; }

prepare_close() { :; }
command_close() { verb close nothing-of-that-name; }
proof_close() { echo 'it says ok without a device mapper'; }

# --- boot and keyring -------------------------------------------------------------------------------------------------

prepare_load() { system "$ROOM/conf-systemd"; }
command_load() { system_verb load; }
proof_load() { [[ -s $L/made/keys ]] || echo 'it says ok, and there is no key'; }

prepare_forget() { :; }
command_forget() {
    verb forget
    cmd=(unshare -Urm keyctl session - bash "$ROOM/in-namespace" with-key "${cmd[@]}")
}
proof_forget() { [[ ! -s $L/made/keys ]] || echo 'it says ok, and the key is there'; }

prepare_boot() { system "$ROOM/conf"; }
command_boot() { system_verb boot; }
proof_boot() { echo 'it says ok without a device mapper'; }

prepare_crypttab() { system "$ROOM/conf"; }
command_crypttab() { verb boot --crypttab --sysroot "$L/root"; }
proof_crypttab() { same_output crypttab; }

prepare_image_files() { system "$ROOM/conf"; }
command_image_files() { verb boot --image-files --sysroot "$L/root"; }
proof_image_files() { same_output image_files; }

prepare_needs_network() { system "$ROOM/conf"; }
command_needs_network() { verb boot --needs-network --sysroot "$L/root"; }
proof_needs_network() { same_output needs_network; }

prepare_why() {
    system "$ROOM/conf"
    if [[ ! -e $ROOM/report.json ]]; then
        ledger_new record
        faulty_run boot
        cp "$L/made/report.json" "$ROOM/report.json"
        rm "$L/made/report.json"
    fi
    cp "$ROOM/report.json" "$L/root/run/cexluks/report.json"
}
command_why() { verb why --sysroot "$L/root"; }
proof_why() { same_output why; }

prepare_status() {
    system "$ROOM/conf"
    mkdir -p "$L/root/run/cexluks"
    printf '{"version":1,"runs":[{"mode":"boot","volumes":[{"outcome":"ok"}]}]}' >"$L/root/run/cexluks/report.json"
}
command_status() { verb status --sysroot "$L/root"; }
proof_status() {
    grep -q '^next: cexluks ' "$L/out" && grep -qE 'opened 1 volumes|unknown: its report' "$L/out" ||
        echo 'it says ok, and not what there is'
}

# --- the service ------------------------------------------------------------------------------------------------------

prepare_ping() { :; }
command_ping() { kms_verb ping prod; }
proof_ping() { [[ $(<"$L/out") == *prod* ]] || echo 'it says ok, and nothing else'; }

# Nobody answers for the service's certificate.
prepare_untrusted() {
    sed '/END CERTIFICATE/q' /etc/ssl/certs/ca-certificates.crt >"$L/ca.pem"
    sed "s,^ca-file.*,ca-file = $L/ca.pem," "$ROOM/conf" >"$L/conf"
}
command_untrusted() { verb ping prod --config "$L/conf" --timeout 5; }
proof_untrusted() { echo 'it says ok, and the certificate is of nobody'; }

prepare_key_list() { :; }
command_key_list() { kms_verb key list prod --json; }
proof_key_list() { jq -e --arg key "$SIM_ROOT_KEY" 'map(.id) | index($key)' "$L/out" >/dev/null || echo 'the root key is not listed'; }

prepare_key_create() { :; }
command_key_create() { kms_verb key create prod made-here; }
proof_key_create() { grep -qxE '[0-9a-f-]{36}' "$L/out" || echo 'it says ok, and this is no key'; }

prepare_key_rotate() { :; }
command_key_rotate() { kms_verb key rotate prod; }
proof_key_rotate() { grep -q 'has a new version' "$L/out" || echo 'it says ok, and nothing else'; }

prepare_wrap() { cp "$ROOM/passphrase" "$L/in"; }
command_wrap() { kms_verb wrap prod; }
proof_wrap() {
    "$CEXLUKS" unwrap prod --config "$ROOM/conf" <"$L/out" 2>/dev/null | cmp -s - "$ROOM/passphrase" ||
        echo 'it says ok, and this is no ciphertext'
}

prepare_unwrap() { cp "$ROOM/wrapped" "$L/in"; }
command_unwrap() { kms_verb unwrap prod; }
proof_unwrap() { same_output unwrap; }

prepare_help() { :; }
command_help() { verb help bind; }
proof_help() { same_output help; }

# --- cards ------------------------------------------------------------------------------------------------------------

prepare_cards() { :; }
command_cards() { in_card_world "$L" cards -V; }
# A card whose folder cannot be read now counts as gone, as it may be.
proof_cards() { grep -q '^0' "$L/out" || echo 'it says ok, and shows no card'; }

prepare_cards_json() { :; }
command_cards_json() { in_card_world "$L" cards --json; }
proof_cards_json() { same_output cards_json; }

prepare_pattern_set() { cp "$ROOM/patternless" "$L/v"; }
command_pattern_set() { in_card_world "$L" pattern set "$L/v" --key-file "$ROOM/passphrase"; }
proof_pattern_set() {
    header_json "$L/v" | jq -e '[.tokens[].type] | index("paes-verification-pattern")' >/dev/null ||
        echo 'it says ok, and there is no pattern'
}
again_pattern_set() {
    in_card_world "$L" pattern set "$L/v" --key-file "$ROOM/passphrase"
    "${cmd[@]}" >/dev/null 2>&1 </dev/null || echo 'another run fails'
    proof_pattern_set
}

prepare_pattern_verify() { cp "$ROOM/paes" "$L/v"; }
command_pattern_verify() { in_card_world "$L" pattern verify "$L/v" --key-file "$ROOM/passphrase"; }
proof_pattern_verify() { unchanged_volume; }

prepare_keygen() { :; }
command_keygen() { in_card_world "$L" keygen "$L/made/key" --xts; }
proof_keygen() { [[ "$(stat -c '%s %a' "$L/made/key")" == '272 600' ]] || echo 'it says ok, and this is no key'; }

prepare_keygen_store() { mkdir -p "$L/root/etc/zkey" && ln -sfn ../../../made "$L/root/etc/zkey/repository"; }
command_keygen_store() { in_card_world "$L" keygen --name stored --xts --volumes /dev/x:y --sector-size 4096; }
proof_keygen_store() {
    [[ -s $L/made/stored.skey && -s $L/made/stored.info ]] || echo 'it says ok, and there is no key'
}

prepare_set_key() {
    install -m 600 "$SIM_API_KEY_FILE" "$L/made/key"
    rm -f "$L/made/key.old"
    sed "s,^api-key.*,api-key = file:$L/made/key," "$ROOM/conf" >"$L/conf"
    echo the-next-key >"$L/in"
}
command_set_key() { verb credential set prod --config "$L/conf" --timeout 5; }
proof_set_key() {
    [[ $(<"$L/made/key") == the-next-key ]] && cmp -s "$L/made/key.old" "$SIM_API_KEY_FILE" ||
        echo 'it says ok, and the keys are not there'
}

prepare_seal() {
    card_config
    sed -i "s,^api-key.*,api-key = file:/key,; s,^ca-file.*,ca-file = /ca.pem," "$L/root/etc/cexluks/cexluks.conf"
    install -m 600 "$SIM_API_KEY_FILE" "$L/root/key"
    cp "$SIM_CA" "$L/root/ca.pem"
}
command_seal() { in_card_world "$L" credential seal prod "$L/made/sealed"; }
proof_seal() { [[ "$(stat -c '%s %a' "$L/made/sealed")" == "$((76 + 4 + 136 + $(tr -d "\n" <"$SIM_API_KEY_FILE" | wc -c) + 16)) 600" ]] || echo 'it says ok, and this is no sealed key'; }

prepare_seal_header() { prepare_seal && cp "$ROOM/base" "$L/v"; }
command_seal_header() { in_card_world "$L" credential seal prod --header "$L/v" --header-backup "$L/made/backup"; }
proof_seal_header() {
    [[ "$(header_json "$L/v" | jq -c '[.tokens[] | [.kind, .profile]]')" == '[["credential","prod"]]' ]] ||
        echo 'it says ok, and the header does not carry it'
}
again_seal_header() {
    in_card_world "$L" credential seal prod --header "$L/v"
    "${cmd[@]}" >/dev/null 2>&1 </dev/null || echo 'another run fails'
    proof_seal_header
}

prepare_format() { truncate -s 24M "$L/made/disk" && card_config; }
command_format() {
    in_card_world "$L" format "$L/made/disk" --recovery-key --bind card --timeout 5
}
proof_format() { opens "$L/made/disk" <(head -n 1 "$L/out" | tr -d '\n') || echo 'it says ok, and the recovery key does not open'; }

prepare_bind_card() { cp "$ROOM/paes" "$L/v" && card_config; }
command_bind_card() { in_card_world "$L" bind "$L/v" card --key-file "$ROOM/passphrase"; }
proof_bind_card() {
    header_json "$L/v" | jq -e '[.tokens[] | select(.kind == "card") | .keyslots[]] == ["1"]' >/dev/null ||
        echo 'it says ok, and there is no binding'
}
again_bind_card() {
    in_card_world "$L" bind "$L/v" card --key-file "$ROOM/passphrase"
    "${cmd[@]}" >/dev/null 2>&1 </dev/null || echo 'another run fails'
    proof_bind_card
}
