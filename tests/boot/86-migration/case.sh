# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
# limit: 5400
#
# A paes root moves from HPCS to Key Protect as docs/guides/moving-off-hpcs.md says, with a boot after each step. QEMU keeps
# what the steps write to the disk, in order. From that come the disks that a power cut could leave: after each write, within
# it, and with writes lost that no flush had followed. All of them are judged here; those boot too where another part of the
# header has begun to change.
# shellcheck disable=SC2034 # read by run
title="a paes root moves from HPCS to Key Protect, and boots wherever the power is cut (systemd image)"

header_size=16777216 # where disk.sh's data begins

# conf DIR PROFILE…: the guest's configuration with these services, in this order
conf() {
    local dir="$1" name
    shift
    mkdir -p "$dir"
    cp "$SIM_API_KEY_FILE" "$dir/api-key"
    cp "$SIM_CA" "$dir/ca.pem"
    for name in "$@"; do
        kms_section "$name" "$name" /etc/cexluks/api-key /etc/cexluks/ca.pem 10.0.2.100
    done >"$dir/cexluks.conf"
    chmod 0600 "$dir"/{api-key,cexluks.conf}
}

# host_conf FILE PROFILE…: the same for this machine
host_conf() {
    local file="$1" name
    shift
    for name in "$@"; do
        kms_section "$name" "$name" "$SIM_API_KEY_FILE" "$SIM_CA" 127.0.0.1
    done >"$file"
    chmod 0600 "$file"
}

# machine NAME IMAGE STEP…: boots the disk to its end; STEPs are run in the real root, and what they write is in NAME.log
machine() {
    local name="$1" image="$2" hooks="$case_dir/hooks-$1" log=()
    shift 2
    mkdir "$hooks"
    cp "$here/86-migration/step.sh" "$(helper)" "$case_dir/both/"{api-key,ca.pem} "$hooks/"
    sed 's,/etc/cexluks/,/mnt/,' "$case_dir/both/cexluks.conf" >"$hooks/cexluks.conf"
    printf '%s\n' "$@" >"$hooks/steps"
    kms_vm "$name" --cpus 1 --limit 600 --write --log-writes "$case_dir/$name.log" --hooks "$hooks" \
        --append "rd.luks.uuid=$root_uuid"
    vm_wait "$name" 'MARK done' 590
    vm_ended "$name" 60
    vm_mark "$name" step
}

# --- what a cut leaves --------------------------------------------------------------------------------------------

# subsets FIRST LAST: which writes of an epoch may have arrived, but for those that a cut in time leaves. Of many, which only
# wipes are, all but the first.
subsets() {
    local first=$1 n=$(($2 - $1 + 1)) mask i part
    if ((n > 6)); then
        printf 'lost 1-%d %d-%d\n' $((first - 1)) $((first + 1)) "$2"
        return
    fi
    for ((mask = 1; mask < (1 << n); mask++)); do
        (((mask & (mask + 1)) != 0)) || continue
        part=
        for ((i = 0; i < n; i++)); do
            (((mask >> i) & 1)) && part+=" $((first + i))"
        done
        printf 'lost 1-%d%s\n' $((first - 1)) "$part"
    done
}

# cuts LOG: every disk that the power may leave, as a kind and the parts for "writes apply"
cuts() {
    local number place bytes epoch sectors step k first=1 last=0 before='' place_before=''
    printf 'whole 1-0\n'
    while read -r number place bytes epoch; do
        if [[ -n $before && $epoch != "$before" ]]; then
            subsets "$first" "$last"
            first=$number
        fi
        before=$epoch last=$number sectors=$((bytes / 512)) step=1
        # of key material not each sector, and once: how much of it is noise, and how often, makes no difference
        [[ $sectors -le 64 ]] || step=300
        [[ "$place $bytes" != "$place_before" ]] || step=$sectors
        place_before="$place $bytes"
        for ((k = 1; k < sectors; k += step)); do
            printf 'torn 1-%d %d:%d\n' $((number - 1)) "$number" "$k"
        done
        printf 'whole 1-%d\n' "$number"
    done < <("$VM_TOOLS/writes" list "$1")
    [[ $last -eq 0 ]] || subsets "$first" "$last"
}

# cut_disk LOG BEFORE OUT PART…: OUT becomes the disk BEFORE with these writes
cut_disk() {
    cp --sparse=always "$2" "$3"
    "$VM_TOOLS/writes" apply "$1" "$3" "${@:4}"
}

# ways DISK CONFIG: the bindings that open it, in the order of the boot: the helper reads the header and finds no fault with
# it and with the binding, and the passphrase that the service unwrapped opens the keyslot that the token names. "!header" if
# the helper refuses the header.
ways() {
    local disk="$1" subject word
    "$(helper)" check "$disk" --offline --json --config "$2" --sysroot "$case_dir/tree" >"$disk.check" 2>/dev/null || true
    cryptsetup luksDump --dump-json-metadata "$disk" >"$disk.json" || return 0
    while read -r subject word; do
        if [[ $subject == header ]]; then
            printf '!header '
        elif [[ $subject == kms:* && $word == ok ]] && opened_by "$disk" "$subject"; then
            printf '%s ' "${subject#kms:}"
        fi
    done < <(jq -r --arg disk "$disk" '.findings[] | select(.volume == $disk) | "\(.subject) \(.word)"' "$disk.check")
}

# The service is asked once per token; it always answers the same.
opened_by() { # DISK BINDING
    local token kept
    token="$(jq -c --arg profile "${2#kms:}" '.tokens[] | select(.type == "cexluks" and .profile == $profile)' "$1.json")"
    kept="$case_dir/unwrapped/$(sha256sum <<<"$token" | cut -c1-16)"
    if [[ ! -e $kept ]]; then
        "$(helper)" pass "$1" "$2" --config "$case_dir/host-both.conf" >"$kept.new" || return 1
        mv "$kept.new" "$kept"
    fi
    cryptsetup open --test-passphrase --key-slot "$(jq -r '.keyslots[0]' <<<"$token")" --key-file "$kept" "$1" 2>/dev/null
}

# complete NAME BEFORE AFTER: whether the step's writes make the disk AFTER of BEFORE
complete() {
    cut_disk "$case_dir/$1.log" "$2" "$case_dir/boot.disk" "1-$("$VM_TOOLS/writes" list "$case_dir/$1.log" | wc -l)"
    cmp "$case_dir/boot.disk" "$3"
}

# judge NAME BEFORE CONFIG: NAME.cuts becomes a line "KIND PARTS: WAYS" for each disk that a cut of NAME.log leaves
judge() {
    local kind parts disk="$case_dir/cut" digest found
    declare -A known=()
    head -c "$header_size" "$2" >"$case_dir/before.header"
    truncate -r "$2" "$case_dir/before.header"
    while read -r kind parts; do
        # shellcheck disable=SC2086 # several words
        cut_disk "$case_dir/$1.log" "$case_dir/before.header" "$disk" $parts
        digest="$(head -c "$header_size" "$disk" | sha256sum)"
        # a cut behind what a write changes is no new disk
        [[ -n ${known[$digest]-} ]] || known[$digest]="$(ways "$disk" "$3")."
        found="${known[$digest]%.}"
        printf '%s %s: %s\n' "$kind" "$parts" "${found:-none}"
    done < <(cuts "$case_dir/$1.log") >"$case_dir/$1.cuts"
    {
        printf '%s: %d writes, %d cuts, %d different disks; opened by:\n' "$1" \
            "$("$VM_TOOLS/writes" list "$case_dir/$1.log" | wc -l)" "$(wc -l <"$case_dir/$1.cuts")" "${#known[@]}"
        sed -E 's/ .*: /: /' "$case_dir/$1.cuts" | sort | uniq -c
    } >>"$case_dir/figures"
}

# turning_points LOG: the cuts after the first write behind each flush, where another copy of the header, or key material, is
# no longer what it was
turning_points() {
    "$VM_TOOLS/writes" list "$1" | awk 'NR == 1 || $4 != before { print "1-" $1 } { before = $4 }'
}

# repeat NAME [OPTION]: the step once more, on this machine, on the disks of its turning points, beside the file that judge
# made. NAME.repeated becomes a line "PARTS STATUS WAYS" for each.
repeat() {
    local parts disk="$case_dir/cut" status
    turning_points "$case_dir/$1.log" | while read -r parts; do
        cut_disk "$case_dir/$1.log" "$case_dir/before.header" "$disk" "$parts"
        status=0
        "$(helper)" migrate "$disk" --to kp "${@:2}" --config "$case_dir/host-both.conf" --sysroot "$case_dir/tree" \
            </dev/null || status=$?
        printf '%s %d %s\n' "$parts" "$status" "$(ways "$disk" "$case_dir/host-both.conf")" >>"$case_dir/$1.repeated"
    done
    printf '%s repeated after %d cuts\n' "$1" "$(wc -l <"$case_dir/$1.repeated")" >>"$case_dir/figures"
}

# --- the boots after a cut ----------------------------------------------------------------------------------------

# boots_after STEP BEFORE IMAGE: boots the disks of the step's turning points, until the real root's init speaks; STEP.boots
# becomes a line "PARTS WAY" for each. What no write and what all writes make has booted with the steps themselves.
boots_after() {
    local step="$1" before="$2" image="$3" disk="$case_dir/boot.disk" parts points name
    mapfile -t points < <(turning_points "$case_dir/$step.log")
    for parts in "${points[@]}"; do
        name="$step-cut-${parts#1-}"
        cut_disk "$case_dir/$step.log" "$before" "$disk" "$parts"
        kms_vm "$name" --cpus 1 --limit 600 --append "rd.luks.uuid=$root_uuid systemd.show_status=1"
        vm_wait "$name" 'opened with kms:' 400
        vm_wait "$name" 'Welcome to [^(]*\([a-z]+\)!' 300
        vm_stop "$name"
        printf '%s %s\n' "$parts" "$(grep -o 'opened with kms:[a-z]*' "$(vm_console "$name")")" >>"$case_dir/$step.boots"
    done
    sed "s/^/$step, booted after writes /" "$case_dir/$step.boots" >>"$case_dir/figures"
}

boot() {
    local image disk old both new
    kms_start --instance hpcs=hpcs,aad=ignore --instance kp=key-protect
    conf "$case_dir/old" hpcs
    conf "$case_dir/both" kp hpcs
    conf "$case_dir/new" kp
    host_conf "$case_dir/host-old.conf" hpcs
    host_conf "$case_dir/host-both.conf" kp hpcs
    mkdir -p "$case_dir"/{host,unwrapped,tree/run/cexluks,tree"$SIM_DIR"}
    cp "$SIM_DIR"/{api-key,ca.pem} "$case_dir/tree$SIM_DIR/"
    cp "$case_dir/host-both.conf" "$case_dir/host/cexluks.conf"
    disk="$(card_disk root)"
    card_pattern "$disk" "$case_dir/root.pattern"
    kms_bind "$disk" kms:hpcs
    old="$(card_image old --conf-dir "$case_dir/old")"
    both="$(card_image both --conf-dir "$case_dir/both")"
    new="$(card_image new --conf-dir "$case_dir/new")"

    local migrate="migrate /dev/disk/by-uuid/$root_uuid --to kp"
    cp --sparse=always "$disk" "$case_dir/before-add"
    machine plan "$old" "$migrate --dry-run"
    machine add "$old" "$migrate" "$migrate"
    # nobody rebuilt the image
    machine early "$old" "$migrate --finish"
    cp --sparse=always "$disk" "$case_dir/before-finish"
    machine finish "$both" "$migrate --finish" "$migrate --finish"
    sim_listener hpcs down
    machine last "$new"
    sim_listener hpcs up

    complete add "$case_dir/before-add" "$case_dir/before-finish"
    printf 'add' >"$case_dir/complete"
    complete finish "$case_dir/before-finish" "$disk"
    printf ' finish\n' >>"$case_dir/complete"
    judge add "$case_dir/before-add" "$case_dir/host-old.conf"
    repeat add
    judge finish "$case_dir/before-finish" "$case_dir/host-both.conf"
    # as the boot before it left it
    vm_mark finish report >"$case_dir/tree/run/cexluks/report.json"
    repeat finish --finish
    boots_after add "$case_dir/before-add" "$old"
    boots_after finish "$case_dir/before-finish" "$both"
    rm "$case_dir"/{before-add,before-finish,before.header,cut}
}

# --- what is expected ---------------------------------------------------------------------------------------------

# said NAME REGEX: whether a step of the machine said so
said() {
    vm_mark "$1" step | grep -E -- "$2"
}

expect_each_boot_opens_by_the_service_of_its_step() {
    local name
    for name in plan add early; do
        console_has "$name" 'luks-c0ffee00..0001 opened with kms:hpcs' || return 1
    done
    for name in finish last; do
        console_has "$name" 'luks-c0ffee00..0001 opened with kms:kp' || return 1
    done
}

expect_each_boot_mounts_the_paes_root() {
    local name
    for name in plan add early finish last; do
        [[ $(vm_mark "$name" root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]] || return 1
        vm_mark "$name" dmsetup | grep "crypt paes-xts-plain64 :272:logon:cryptsetup:$root_uuid" || return 1
    done
}

expect_nobody_was_asked() {
    ! grep -E "$kms_prompt" "$case_dir"/*/console.log
}

expect_each_step_says_what_it_did() {
    said plan 'ok: .* can be bound to kms:kp' && said add 'ok: .* opens with kms:kp' && said add '^nothing-to-do: ' \
        && said finish 'ok: removed' && said finish '^nothing-to-do: ' \
        && [[ $(cat "$case_dir"/{plan,add,finish}/console.log | grep -c 'status 0 of migrate') -eq 5 ]]
}

expect_no_end_before_a_boot_has_used_the_new_service() {
    said early 'image-stale: this boot did not open' && said early '^status 42 of migrate'
}

expect_a_dry_run_a_refusal_and_a_boot_write_nothing() {
    local name
    for name in plan early last; do
        [[ -e $case_dir/$name.log && ! -s $case_dir/$name.log ]] || return 1
    done
}

expect_the_log_has_all_that_was_written() {
    [[ $(cat "$case_dir/complete") == 'add finish' ]]
}

expect_steps_write_to_the_header_alone() {
    local name
    for name in add finish; do
        "$VM_TOOLS/writes" list "$case_dir/$name.log"
        "$VM_TOOLS/writes" list "$case_dir/$name.log" \
            | awk -v end="$header_size" '$2 + $3 > end { beyond = 1 } END { exit !(NR >= 12 && !beyond) }' || return 1
    done
}

# all_cuts NAME PROFILE: cuts of each kind were looked at, and this service's binding opens the volume after each of them
all_cuts() {
    local kind
    for kind in whole torn lost; do
        [[ $(grep -c "^$kind " "$case_dir/$1.cuts") -ge 12 ]] || return 1
    done
    ! grep -v -E ": ([a-z]+ )*$2 " "$case_dir/$1.cuts"
}

expect_wherever_the_power_is_cut_while_adding_the_old_service_opens_it() {
    all_cuts add hpcs
}

expect_wherever_the_power_is_cut_while_finishing_the_new_service_opens_it() {
    all_cuts finish kp
}

# Or the cuts were not where they should be.
expect_the_other_binding_comes_and_goes_between_the_cuts() {
    grep -q '^whole 1-0: hpcs $' "$case_dir/add.cuts" && grep -q '^whole 1-0: kp hpcs $' "$case_dir/finish.cuts" \
        && grep -q '^whole .*: kp $' "$case_dir/finish.cuts"
}

expect_the_step_can_be_repeated_after_each_cut() {
    local step
    for step in add finish; do
        [[ $(wc -l <"$case_dir/$step.repeated") -ge 5 ]] || return 1
    done
    ! grep -v ' 0 kp hpcs $' "$case_dir/add.repeated" && ! grep -v ' 0 kp $' "$case_dir/finish.repeated"
}

expect_it_boots_after_each_cut() {
    cat "$case_dir"/{add,finish}.boots
    [[ $(grep -c ' opened with kms:hpcs$' "$case_dir/add.boots") -ge 5 ]] && ! grep -v ' opened with kms:' "$case_dir/add.boots" \
        && [[ $(grep -c ' opened with kms:kp$' "$case_dir/finish.boots") -ge 5 ]] && ! grep -v ' kms:kp$' "$case_dir/finish.boots"
}
