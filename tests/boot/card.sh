# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For cases: the software crypto card of tests/softcex in the guest, and paes roots made on this machine, which has no
# card. The card's knobs are words of the kernel command line: softcex.cards=none, softcex.control=after,20000,…
#
#   card_image NAME [image.sh's options]  make_image with the card's modules; prints the path
#   card_disk NAME [disk.sh's options]    make_disk with a paes root whose volume key the card's master key "first"
#                                         wraps; prints the path. Its verification pattern is in $case_dir/NAME.pattern
#   card_token DISK                       adds a card binding: keyslot and token
#   card_pattern DISK FILE                adds zkey's token with the verification pattern in FILE
#   card_conf DIR [LINES]                 DIR: what goes to the guest's /etc/cexluks; LINES: a [cexluks] section's lines
#   card_ready                            one root volume that the card alone opens: sets "disk"
#   card_appears_after MS                 prints words of the kernel command line: no card, and then one
#   card_vm NAME [vm_start's options]     start "disk" with "image", and no network device at all

# Prints where the modules (overlay/) and wrapkey are; built again when their sources, or the root, have changed.
card_tools() {
    local softcex="$here/../softcex" dir="$work/card" key
    mkdir -p "$dir"
    key="$({
        "$here/root.sh"
        cat "$softcex"/*.[ch] "$softcex"/{Kbuild,build.sh}
    } | sha256sum)"
    (
        flock 9
        if [[ $(cat "$dir/key" 2>/dev/null) != "$key" ]]; then
            case $VM_ARCH in
                x86_64) nice "$softcex/build.sh" "$dir" >&2 ;;
                s390x) nice "$here/../s390x/card.sh" "$(dirname "$("$here/root.sh")")" "$dir" >&2 ;;
            esac
            printf '%s\n' "$key" >"$dir/key"
        fi
    ) 9>"$dir.lock"
    printf '%s\n' "$dir"
}

card_image() {
    local name="$1" tools
    shift
    tools="$(card_tools)"
    make_image "$name" --overlay "$tools/overlay" "$@"
}

card_disk() {
    local name="$1" tools
    shift
    tools="$(card_tools)"
    make_disk "$name" --wrap "$tools/wrapkey" --cipher paes-xts-plain64 --sector-size 4096 \
        --pattern-out "$case_dir/$name.pattern" "$@"
}

# As design section 5 has it: 32 random bytes in a keyslot of their own, and in the token beside it.
card_token() {
    local disk="$1" slot=7 key="$1.slot-key"
    head -c 128 /dev/urandom | tr -d '\0' | head -c 32 >"$key"
    printf '%s' "$passphrase" | cryptsetup luksAddKey --batch-mode --key-file - --key-slot "$slot" --pbkdf pbkdf2 \
        --pbkdf-force-iterations 1000 "$disk" "$key"
    jq -n -c --arg slot "$slot" --arg key "$(base64 -w 0 "$key")" '{type: "cexluks", keyslots: [$slot], version: 1,
        kind: "card", passphrase: $key, serial: 1, created: "2026-11-22T10:00:00Z"}' \
        | cryptsetup token import --json-file - "$disk"
    rm "$key"
}

card_pattern() {
    jq -n -c --arg pattern "$(cat "$2")" \
        '{type: "paes-verification-pattern", keyslots: [], "verification-pattern": $pattern}' \
        | cryptsetup token import --json-file - "$1"
}

card_conf() {
    local dir="$1"
    shift
    mkdir -p "$dir"
    {
        printf '[cexluks]\n'
        [[ $# -eq 0 ]] || printf '%s\n' "$@"
    } >"$dir/cexluks.conf"
    chmod 0600 "$dir/cexluks.conf"
}

card_ready() {
    disk="$(card_disk root)"
    card_pattern "$disk" "$case_dir/root.pattern"
    card_token "$disk"
}

card_appears_after() {
    printf 'softcex.cards=none softcex.control=after,%d,add,00,CEX8C;after,%d,add,00.0047\n' "$1" $(($1 + 100))
}

card_vm() {
    local name="$1"
    shift
    vm_start "$name" --image "$image" --disk "$disk" --no-net --append "$root_append" "$@"
}
