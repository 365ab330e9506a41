# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For cases that source this file: a machine with a data volume on a disk of baddisk.c. "hook" is what its real root does
# with it, by the functions of 86-disk-that-changes/disk.sh, within "seconds".
# shellcheck disable=SC2034 # read by kms_vm

seconds=870
boot() {
    local image disk data="$case_dir/data.disk" other="$case_dir/other.disk" hooks="$case_dir/hooks" filter
    gcc -std=gnu17 -Wall -Wextra -O2 -o "$case_dir/baddisk" "$here/baddisk.c"
    kms_start --instance prod=key-protect --instance dr=key-protect
    kms_conf "$case_dir/conf"
    kms_profile "$case_dir/conf" dr
    disk="$(make_disk root)"
    kms_bind "$disk"
    make_disk data --data
    kms_bind "$data"
    truncate -s +4096 "$data"
    cp --sparse=always "$data" "$other"
    # what a disk would like to have used, and no check lets pass
    "$here/header.sh" "$other" '.segments["0"].encryption = "cipher_null-ecb"'

    mkdir "$hooks"
    cp "$hook" "$here/86-disk-that-changes/disk.sh" "$(helper)" "$SIM_CA" "$hooks/"
    cp "$SIM_API_KEY_FILE" "$hooks/api-key"
    printf '%s' "$passphrase" >"$hooks/passphrase"
    filter='s,^api-key.*,api-key = file:/mnt/api-key,; s,^ca-file.*,ca-file = /mnt/ca.pem,'
    sed "$filter" "$case_dir/conf/cexluks.conf" >"$hooks/cexluks.conf"
    image="$(make_image initrd --conf-dir "$case_dir/conf")"
    "$case_dir/baddisk" "$case_dir/bad" "$data" "$other" &
    server=$!
    trap 'kill "$server"; vm_stop_all' EXIT
    kms_vm vm --limit $((seconds + 10)) --hooks "$hooks" --nbd "$case_dir/bad:bad" --append "rd.luks.uuid=$root_uuid"
    vm_wait vm 'MARK done' $seconds
    vm_ended vm 20
}
