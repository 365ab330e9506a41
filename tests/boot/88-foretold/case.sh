# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
# limit: 2400
#
# One machine has many volumes, each with a fault of its own, in service, configuration, image, header or card. Before the
# reboot check says what will become of each: what the running system's helper finds, and what the helper in the next
# boot's image finds. Then that image boots the same disks, and the words are compared. A second image has no driver for
# the card.
# shellcheck disable=SC2034,SC2016 # read by run; variables of awk and jq
title="what check foretold of 18 volumes, in the system and in the image, is what the boot did (systemd image)"

# The volumes: name, binding, what is wrong, and the word for it.
volumes="\
good        kms:prod      nothing                              ok
card        card          nothing                              ok
disabled    kms:disabled  root key disabled                    kms-key-disabled
gone        kms:gone      root key destroyed                   kms-key-gone
refused     kms:refused   API key of nobody                    iam-refused
untrusted   kms:untrusted CA of somebody else                  tls-untrusted
down        kms:down      service away                         kms-unreachable
no-key      kms:no-key    API key taken out of the image       credential-missing
no-ca       kms:no-ca     CA taken out of the image            config-error
damaged     kms:prod      ciphertext changed                   kms-bad-ciphertext
stranger    kms:stranger  profile not configured               config-error
null        kms:prod      keyslot with a null cipher           header-refused
old         kms:prod      serial below min-serial              header-refused
clear       card          no secure key                        not-a-secure-key
elsewhere   card          another master key                   master-key-unknown
exchanged   card          another pattern is pinned            pattern-mismatch
passphrase  card          keyslot has another passphrase       wrong-passphrase
unbound     -             nothing opens it                     not-bound"

uuid_of() { # NAME
    printf 'c0ffee00-0000-4000-8000-0000000001%02d\n' "$(grep -n "^$1 " <<<"$volumes" | cut -d: -f1)"
}

# --- the configurations -------------------------------------------------------------------------------------------

# profile NAME INSTANCE KEYFILE CAFILE: for guest and host, which has what is right
profile() {
    kms_section "$1" "$2" "/etc/cexluks/$3" "/etc/cexluks/$4" 10.0.2.100 >>"$case_dir/conf/cexluks.conf"
    kms_section "$1" "$2" "$SIM_API_KEY_FILE" "$SIM_CA" 127.0.0.1 >>"$case_dir/host/cexluks.conf"
}

configure() {
    local name
    kms_conf "$case_dir/before" # knows of no volume
    cp -r "$case_dir/before/." "$case_dir/conf/"
    : >"$case_dir/host/cexluks.conf"
    printf '[cexluks]\ntimeout = 100s\n' >"$case_dir/conf/cexluks.conf"
    profile prod prod prod.api-key ca.pem
    profile disabled disabled prod.api-key ca.pem
    profile gone gone prod.api-key ca.pem
    profile refused prod nobody.api-key ca.pem
    profile untrusted prod prod.api-key other-ca.pem
    profile down down prod.api-key ca.pem
    profile no-key prod taken.api-key ca.pem
    profile no-ca prod prod.api-key taken-ca.pem
    kms_section stranger prod "$SIM_API_KEY_FILE" "$SIM_CA" 127.0.0.1 >>"$case_dir/host/cexluks.conf"
    printf 'no-key-of-anybody-0123456789-abcdefghijklmnop' >"$case_dir/conf/nobody.api-key"
    cp "$SIM_API_KEY_FILE" "$case_dir/conf/taken.api-key"
    cp "$SIM_CA" "$case_dir/conf/taken-ca.pem"
    sed '/END CERTIFICATE/q' /etc/ssl/certs/ca-certificates.crt >"$case_dir/conf/other-ca.pem"
    chmod 0600 "$case_dir/conf"/*.api-key
    while read -r name _; do
        printf '[volume %s]\nuuid = %s\nnofail = yes\n' "$name" "$(uuid_of "$name")"
        case $name in
            old) printf 'min-serial = 7\n' ;;
            exchanged) printf 'verification-pattern = %064d\n' 7 ;;
        esac
    done <<<"$volumes" >>"$case_dir/conf/cexluks.conf"
}

# --- the disks ----------------------------------------------------------------------------------------------------

paes_disk() { # NAME [wrapkey's options]
    local tools
    tools="$(card_tools)"
    make_disk "$1" --data --uuid "$(uuid_of "$1")" --wrap "$tools/wrapkey ${*:2}" --cipher paes-xts-plain64 --sector-size 4096
}

make_volume() { # NAME BINDING
    local name="$1" disk
    case $name in
        card | exchanged | passphrase) disk="$(paes_disk "$name")" ;;
        elsewhere) disk="$(paes_disk "$name" --master-key second)" ;;
        *) disk="$(make_disk "$name" --data --uuid "$(uuid_of "$name")")" ;;
    esac
    case $2 in
        card) card_token "$disk" ;;
        kms:*) kms_bind "$disk" "$2" ;;
    esac
    case $name in
        damaged) "$here/header.sh" "$disk" '.tokens["0"].ciphertext |= (.[:40] + "AAAA" + .[44:])' ;;
        null) "$here/header.sh" "$disk" '.keyslots["1"].area.encryption = "cipher_null-ecb"' ;;
        passphrase) "$here/header.sh" "$disk" '.tokens["0"].passphrase |= ("AAAA" + .[4:])' ;;
    esac
    disks+=(--disk "$disk:$name")
}

# --- the images ---------------------------------------------------------------------------------------------------

# without IMAGE OUT GLOB…: OUT is IMAGE without these files
without() {
    local image="$1" out="$2" tree="$case_dir/unpacked" glob
    shift 2
    mkdir "$tree"
    zstd -q -d -c "$image" | cpio --quiet -i -d -m -D "$tree"
    for glob in "$@"; do
        # shellcheck disable=SC2086 # a glob, which fails when it finds none
        (cd "$tree" && rm $glob)
    done
    (cd "$tree" && find . -print0 | cpio --quiet -0 -o -H newc) | zstd -q -3 >"$out"
    ln -f "$image.vmlinuz" "$out.vmlinuz"
    rm -r "$tree"
}

# --- the boots ----------------------------------------------------------------------------------------------------

# machine NAME IMAGE [vm_start's option]…
machine() {
    local image="$2"
    kms_vm "$1" "${disks[@]}" --memory 2G --limit 1200 --append "rd.luks.uuid=$root_uuid softcex.split=1" "${@:3}"
    vm_wait "$1" 'MARK done' 1190
    vm_ended "$1" 60
}

boot() {
    local image disk name binding disks=() hooks="$case_dir/hooks" images="$case_dir/images"
    kms_start --instance prod=key-protect --instance disabled=key-protect --instance gone=key-protect --instance down=key-protect
    configure
    disk="$(make_disk root)"
    kms_bind "$disk"
    while read -r name binding _; do
        make_volume "$name" "$binding"
    done <<<"$volumes"
    sim_key_state "$(sim_info '.instances[] | select(.name == "disabled") | .root_key')" 2
    sim_key_state "$(sim_info '.instances[] | select(.name == "gone") | .root_key')" 5
    sim_listener down down

    mkdir -p "$hooks/etc/cexluks" "$images"
    image="$(card_image whole --conf-dir "$case_dir/conf")"
    without "$image" "$images/next.img" etc/cexluks/taken.api-key etc/cexluks/taken-ca.pem
    without "$image" "$images/no-driver.img" 'usr/lib/modules/*/updates/pkey_cca.ko*'
    cp -a "$case_dir/conf/." "$hooks/etc/cexluks/"
    cp "$images"/*.img "$here/88-foretold/look.sh" "$(helper)" "$hooks/"
    machine before "$(card_image before --conf-dir "$case_dir/before")" --hooks "$hooks"
    rm "$hooks"/*.img
    machine next "$images/next.img"
    machine no-driver "$images/no-driver.img"
    table >"$case_dir/figures"
}

# --- what was foretold, and what happened --------------------------------------------------------------------------

# said LOOK FILTER: jq over what check said of the system, or of the image of that name
said() {
    vm_mark before look | sed -n "s/^$1 //p" | jq -r "${@:2}"
}

# foretold LOOK NAME: the word for the volume: that of the first finding that failed, or "ok"
foretold() {
    local uuid device
    uuid="$(uuid_of "$2")"
    device="$(vm_mark before look | sed -n "s/^device \(.*\) $uuid$/\1/p")"
    said "$1" --arg device "$device" '[.findings[] | select(.volume == $device)]
        | ([.[] | select(.level == "failed")] + [.[] | select(.word == "ok")])[0].word // "nothing"'
}

# What is wrong with the image as such.
image_lacks() {
    said "$1" '.findings[] | select(.volume == "" and .level == "failed" and .image != "" and (.word | startswith("image")))
        | "\(.word) \(.subject): \(.cause)"'
}

# happened MACHINE NAME: the word of the boot's report
happened() {
    boot_report "$1" ".runs[0].volumes[] | select(.uuid == \"$(uuid_of "$2")\") | .outcome"
}

# Each volume, with what is written down above: planted, foretold by the system, foretold by the image, happened.
rows() {
    local name binding rest word
    while read -r name binding rest; do
        word="${rest##* }"
        printf '%s|%s|%s|%s|%s|%s\n' "$name" "$(sed -E 's/ +[^ ]+$//' <<<"$rest")" "$word" "$(foretold system "$name")" \
            "$(foretold next "$name")" "$(happened next "$name")"
    done <<<"$volumes"
}

table() {
    local name
    rows >"$case_dir/rows"
    {
        printf 'volume|planted||foretold by system|by image|the boot\n'
        cat "$case_dir/rows"
    } | cut -d '|' -f 1,2,4- | column -t -s '|'
    printf 'the image without the driver: %s\n' "$(image_lacks no-driver)"
    for name in card elsewhere exchanged passphrase; do
        printf '  %-11s %s\n' "$name" "$(happened no-driver "$name")"
    done
}

# rows_agree CONDITION: all of them; else those that don't are shown
rows_agree() {
    awk -F '|' "!($1) { print; wrong++ } END { exit wrong || !NR }" "$case_dir/rows"
}

expect_18_volumes_and_13_different_words() {
    [[ $(wc -l <"$case_dir/rows") -eq 18 && $(cut -d '|' -f 6 "$case_dir/rows" | grep -v -x ok | sort -u | wc -l) -ge 13 ]]
}

expect_the_boot_did_what_the_image_s_check_foretold() {
    rows_agree '$5 == $6'
}

expect_each_fault_has_its_word() {
    rows_agree '$3 == $6'
}

# It has the two files that the image lacks.
expect_the_system_s_check_foretold_it_but_for_what_the_image_alone_lacks() {
    rows_agree '$4 == ($1 ~ /^no-(key|ca)$/ ? "ok" : $6)'
}

expect_both_files_are_missed_in_the_image() {
    [[ $(image_lacks next | grep -c -E '^image-incomplete /etc/cexluks/taken(.api-key|-ca.pem): ') -eq 2 ]]
}

# The root is among them.
expect_as_many_volumes_open_as_were_foretold() {
    [[ $(said next .opening) -eq $(boot_report next '[.runs[0].volumes[] | select(.outcome == "ok")] | length') ]] \
        && [[ $(said next .opening) -eq 3 ]]
}

expect_the_driver_is_missed_in_the_image_and_in_the_boot() {
    local name
    image_lacks no-driver | grep 'image-incomplete kernel modules: pkey_cca ' || return 1
    for name in card elsewhere exchanged; do
        [[ $(happened no-driver "$name") == module-missing ]] || return 1
    done
    # what its keyslot says comes before the card
    [[ $(happened no-driver passphrase) == wrong-passphrase ]] || return 1
    boot_report no-driver '.runs[0].volumes[] | select(.outcome == "module-missing").cause' | grep pkey_cca
}

expect_without_the_driver_everything_else_is_as_foretold() {
    local name
    for name in good disabled refused damaged null clear unbound; do
        [[ $(foretold no-driver "$name") == "$(happened no-driver "$name")" ]] || return 1
    done
}

expect_a_volume_that_may_fail_keeps_no_boot() {
    local name
    for name in before next no-driver; do
        [[ $(vm_mark "$name" root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]] || return 1
    done
}
