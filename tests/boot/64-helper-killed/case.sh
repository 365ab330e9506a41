# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
# limit: 2000
#
# SIGKILL at ten random moments of "boot" in the initramfs, where it opens a volume and where it loads a key: a stand-in
# runs it on a data volume again and again. Then it is killed on its way to the root volume, and so is the stand-in: the
# prompt has to appear. SEED chooses the moments. A hundred moments without a machine: tests/integration/24-boot-killed.sh.
# shellcheck disable=SC2034 # read by run
title="boot is killed at ten random moments, and once for good: nothing is left of it, then the prompt appears"
SEED="${SEED:-$((10#${EPOCHREALTIME#*.} % 32768))}"

# moments: as thousandths of the time that an undisturbed boot takes
moments() {
    local i
    RANDOM=$SEED
    for ((i = 0; i < 10; i++)); do
        echo $((RANDOM * 1000 / 32768))
    done
}

boot() {
    local image disk data include="$case_dir/include" tree how
    kms_ready
    data="$(make_disk data --data)"
    kms_bind "$data"
    install -D -m 0755 "$(helper)" "$include/usr/libexec/cexluks"
    install -D -m 0755 "$here/64-helper-killed/stand-in.sh" "$include/usr/sbin/cexluks"
    moments >"$include/moments"
    printf 'SEED=%s\n' "$SEED"
    for how in helper systemd; do
        tree="$include/$how"
        mkdir -p "$tree/etc"
        cp -r "$case_dir/conf" "$tree/etc/cexluks"
        sed -i "s/^\[cexluks\]/&\nopen = $how/" "$tree/etc/cexluks/cexluks.conf"
        printf 'killed UUID=%s none luks\n' "$data_uuid" >"$tree/etc/crypttab"
    done
    # the stand-in takes longer than any boot, and is waited for
    mkdir -p "$include/etc/systemd/system/cexluks-boot.service.d"
    printf '[Service]\nTimeoutStartSec=1400\n' >"$include/etc/systemd/system/cexluks-boot.service.d/long.conf"
    image="$(make_image initrd --conf-dir "$case_dir/conf" --include-dir "$include" \
        --dracut-arg --install --dracut-arg 'keyctl grep timeout cmp date dmsetup cut sort')"
    kms_vm vm --limit 1800 --disk "$data:data" --append "rd.luks.uuid=$root_uuid rd.retry=1400"
    vm_wait vm 'KILLED for good' 1400
    vm_wait vm "$kms_prompt" 200
    vm_type vm "$passphrase"
    vm_wait vm 'MARK done' 300
    vm_ended vm 20
}

killed() {
    sed -E 's/^\[ *[0-9.]+\] //' "$(vm_console vm)" | grep '^KILLED at '
}

expect_ten_were_killed() {
    killed
    [[ $(killed | wc -l) -eq 10 ]]
}

expect_no_key_stays_once_keys_are_forgotten() {
    killed && ! killed | grep -v 'then 0 keys'
}

expect_the_header_keeps_every_byte() {
    killed && ! killed | grep -v 'header same'
}

expect_another_boot_opens_or_loads() {
    killed && [[ $(killed | grep -c -E 'helper: .* again 0, 1 mapping, 0 keys$|systemd: .* again 0, 0 mapping, 1 keys$') -eq 10 ]]
}

expect_no_key_at_the_prompt() {
    console_has vm 'KILLED for good'
    ! vm_mark vm key | grep 'cexluks:'
}

expect_the_typed_passphrase_boots() {
    [[ $(vm_mark vm root-mounted-from) == "/dev/mapper/luks-$root_uuid" ]]
}
