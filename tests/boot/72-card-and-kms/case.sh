# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# Both locks: a secure key, behind a passphrase that only the KMS unwraps. The machine's memory is looked into twice:
# when the real root begins, where what was given back as it is is still there, and when all is up.
# shellcheck disable=SC2034 # read by run
title="card and KMS open the root together, and memory keeps nothing of it (systemd image)"

# search WHEN: what is found, to $case_dir/found-WHEN
search() {
    vm_memory vm "$case_dir/memory"
    "$case_dir/memsearch" "$case_dir/memory" "$case_dir"/secrets/* >"$case_dir/found-$1" || [[ $? -eq 1 ]]
    rm "$case_dir/memory"
}

boot() {
    local image disk secrets="$case_dir/secrets" token
    gcc -std=gnu17 -Wall -Wextra -O2 -o "$case_dir/memsearch" "$here/../card/memsearch.c"
    kms_start
    kms_conf "$case_dir/conf"
    disk="$(card_disk root)"
    card_pattern "$disk" "$case_dir/root.pattern"
    kms_bind "$disk"
    mkdir "$secrets"
    kms_host pass "$disk" kms:prod >"$secrets/unwrapped"
    printf '%s' "$(cat "$SIM_API_KEY_FILE")" >"$secrets/api-key"
    # as it is sent
    jq -j -R -s 'rtrimstr("\n") | @uri' "$SIM_API_KEY_FILE" >"$secrets/api-key-sent"
    head -c 24 /dev/urandom | base64 | tr -d '\n' >"$secrets/planted"
    kms_mark
    image="$(card_image initrd --conf-dir "$case_dir/conf")"
    kms_vm vm --monitor --append "rd.luks.uuid=$root_uuid systemd.show_status=1 boot-marker.stay" \
        --append "planted=$(cat "$secrets/planted") planted-hex=$(xxd -p -c 0 "$secrets/planted")"
    vm_wait vm 'opened with kms:prod' 300
    # One token per boot; pieces of it, because what lies in one run in a process need not do so in memory.
    token="$(kms_requests '[.[].headers.authorization // empty][-1][7:]')"
    printf '%s' "${token: -48}" >"$secrets/token-end"
    printf '%s' "${token:400:48}" >"$secrets/token-middle"
    vm_wait vm 'Welcome to [^(]*\([a-z]+\)!' 200
    search early
    vm_wait vm 'MARK done' 300
    search late
    vm_stop vm
}

expect_root_is_mounted_from_the_volume() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_the_volume_key_is_the_secure_key() {
    vm_mark vm dmsetup | grep "crypt paes-xts-plain64 :272:logon:cryptsetup:$root_uuid"
}

expect_one_line_on_the_console() {
    console_has vm 'cexluks: luks-c0ffee00.* opened with kms:prod in [0-9.]+ s' \
        && [[ $(grep -c 'cexluks: luks' <(grep -v MARK "$(vm_console vm)")) -eq 1 ]]
}

expect_one_token_and_one_unwrap() {
    [[ $(kms_count /identity/token) -eq 1 && $(kms_count '*/actions/unwrap') -eq 1 ]]
}

# Both forms, at both times: then the search works, and looks at the right machine.
expect_the_search_finds_what_is_planted() {
    local when form
    for when in early late; do
        for form in raw hex; do
            grep "^planted $form " "$case_dir/found-$when"
        done
    done
}

expect_nothing_else_is_found_when_the_real_root_begins() {
    ! grep -v '^planted ' "$case_dir/found-early"
}

expect_nothing_else_is_found_when_all_is_up() {
    ! grep -v '^planted ' "$case_dir/found-late"
}
