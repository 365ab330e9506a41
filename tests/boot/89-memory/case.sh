# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# The machine's whole memory, for each secret of the boot and in each form, when the real root begins and when all is up;
# as 72-card-and-kms does it, on a machine that is likelier to keep something: its image lies in memory as it is, not
# compressed. So that the search means something, a word is left in each of the places where a secret could be: the
# kernel's command line, a process, a file in /run, the journal, a keyring; and the volume key, which is no secure key
# here, is known to be in the kernel.
# shellcheck disable=SC2034 # read by run
title="memory keeps nothing of an unattended boot but the volume key (an image that is not compressed)"
# shellcheck source=tests/boot/memory.sh
source "$here/memory.sh"
places=(process run journal keyring)
image_options=()

boot() {
    local image disk place hooks="$case_dir/hooks"
    kms_start
    kms_conf "$case_dir/conf"
    disk="$(make_disk root --key-out "$case_dir/volume.key")"
    kms_bind "$disk"
    memory_secrets
    # the first of the two keys of XTS
    head -c 32 "$case_dir/volume.key" >"$case_dir/secrets/volume-key"
    mkdir "$hooks"
    cp "$here/89-memory/leave.sh" "$hooks/"
    for place in "${places[@]}"; do
        memory_word "left-in-$place"
        # the other way round, or the file that brings it would be what is found
        rev <"$case_dir/secrets/left-in-$place" >"$hooks/$place.word"
    done
    image="$(make_image initrd --conf-dir "$case_dir/conf" --dracut-arg --no-compress "${image_options[@]}")"
    kms_vm vm --monitor --hooks "$hooks" --append "rd.luks.uuid=$root_uuid systemd.show_status=1 boot-marker.stay" \
        --append "$(memory_planted)"
    vm_wait vm 'opened with kms:prod' 300
    memory_token vm
    vm_wait vm 'Welcome to [^(]*\([a-z]+\)!' 200
    memory_search vm early
    vm_wait vm 'MARK done' 300
    memory_search vm late
    vm_stop vm
    memory_table >"$case_dir/table"
}

expect_root_is_mounted_from_the_volume() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}

expect_one_token_and_one_unwrap() {
    [[ $(kms_count /identity/token) -eq 1 && $(kms_count '*/actions/unwrap') -eq 1 ]]
}

# Both forms, at both times: then the search works, and looks at the right machine.
expect_the_search_finds_what_is_planted() {
    local when form
    for when in early late; do
        for form in raw hex; do
            memory_holds vm "$when" planted "$form"
        done
    done
}

expect_the_search_finds_what_is_left_in_each_place() {
    local place
    for place in "${places[@]}"; do
        memory_holds vm late "left-in-$place" raw
    done
}

expect_the_volume_key_is_in_the_kernel() {
    memory_holds vm late volume-key raw
}

expect_nothing_else_is_found() {
    cat "$case_dir/table"
    [[ $(wc -l <"$case_dir/table") -eq $((2 * $(find "$case_dir/secrets" -type f | wc -l))) ]] \
        && ! grep -v -h -E '^(planted|left-in-[a-z]+|volume-key) ' "$case_dir"/vm/found-{early,late}
}
