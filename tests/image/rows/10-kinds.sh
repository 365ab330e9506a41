# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Ways to call dracut, and kinds of image.

row no-hostonly '--no-hostonly' ci
cell_no_hostonly() {
    fresh full
    config_kms
    image generic "${generic[@]}"
    ours "$cell/generic.d"
    configured "$cell/generic.d"
    with_units "$cell/generic.d"
    mode_is 600 "$cell/generic.img"
}

row hostonly '--hostonly, crypttab of the real root' all
cell_hostonly() {
    fresh full
    config_kms
    # host-only dracut copies a line only for what it sees as its own; the names must still be those of the real root
    printf 'cr_root UUID=%s /etc/keys/root.key discard,_netdev\n' "$uuid_root" >"$tree/etc/crypttab"
    image hostonly --hostonly "${quick[@]}"
    ours "$cell/hostonly.d"
    with_units "$cell/hostonly.d"
    grep -qx "cr_root UUID=$uuid_root none discard" "$cell/hostonly.d/etc/crypttab"
    not grep -q "luks-$uuid_root" "$cell/hostonly.d/etc/crypttab"
}

row regenerate-all '--regenerate-all, one kernel' all
cell_regenerate_all() {
    fresh full
    config_kms
    in_tree dracut --regenerate-all --force "${generic[@]}"
    # where it is put differs
    opened "$tree"/boot/init*"$kver"* all
    ours "$cell/all.d"
    configured "$cell/all.d"
}

# A kernel of another version that lacks a module which the first one has.
second_kernel() { # VERSION LACKING
    local from="$tree/usr/lib/modules/$kver" to="$tree/usr/lib/modules/$1"
    mkdir "$to"
    cp -a "$from"/{kernel,modules.builtin,modules.builtin.modinfo,modules.order} "$to/"
    find "$to" -name "$2.ko*" -delete
    depmod -b "$tree" "$1"
    cp -a "$tree/boot/vmlinuz-$kver" "$tree/boot/vmlinuz-$1"
}

row two-kernels '--regenerate-all, two kernels' ci
cell_two_kernels() {
    local first
    fresh full
    config_kms
    second_kernel 9.9.9-second qeth_l2
    in_tree dracut --regenerate-all --force "${generic[@]}"
    first=("$tree"/boot/init*"$kver"*)
    opened "${first[0]}" first
    opened "$tree"/boot/init*9.9.9-second* second
    ours "$cell/first.d" "$kver"
    ours "$cell/second.d" 9.9.9-second
    none "$cell/first.d/usr/lib/modules/9.9.9-second" "$cell/second.d/usr/lib/modules/$kver"
}

row lacking-kernel 'a kernel without one of our modules, not the one that runs' all
cell_lacking_kernel() {
    fresh full
    config_card
    second_kernel 9.9.9-second algif_skcipher
    [[ $(uname -r) != 9.9.9-second ]]
    kver=9.9.9-second
    image lacking "${generic[@]}"
    helper_runs "$cell/lacking.d"
    # naming one that does not exist makes systemd-modules-load fail
    grep -qx dm_crypt "$cell/lacking.d/usr/lib/modules-load.d/cexluks.conf"
    not grep -q algif_skcipher "$cell/lacking.d/usr/lib/modules-load.d/cexluks.conf"
}

row reproducible '--reproducible: two builds are identical' ci
cell_reproducible() {
    fresh full
    config_kms
    image one --reproducible "${generic[@]}"
    # later, and with files of ours that are newer
    find "$tree/etc/cexluks" "$tree"/usr/lib/dracut/modules.d/9?cexluks* "$tree/usr/sbin/cexluks" -exec touch {} +
    image two --reproducible "${generic[@]}"
    configured "$cell/two.d"
    cmp "$cell/one.img" "$cell/two.img" || diff -rq --no-dereference --exclude dev "$cell/one.d" "$cell/two.d"
}

row sysroot '--sysroot: an image for another tree' all
cell_sysroot() {
    local other="$tree.sysroot"
    fresh full
    tree_mount "$root" "$other" unpacked
    product "$other"
    config_kms "$other"
    # the tree that builds is not the one that boots
    rm -rf "$tree/etc/cexluks" "$tree"/usr/lib/dracut/modules.d/9?cexluks*
    printf 'cr_root UUID=%s none discard\n' "$uuid_root" >"$other/etc/crypttab"
    mkdir "$tree/other"
    mount --rbind "$other" "$tree/other"
    # 059 leaves the names of systemd's and udev's folders empty then, and makes no image that boots, with or without us
    if [[ $suite == bookworm ]] && ! in_tree dracut --sysroot /other "${generic[@]}" "${plain[@]}" --omit 'cexluks network-manager' \
        --force /tmp/image "$kver" >"$cell/without-us.log" 2>&1; then
        skip "this dracut cannot: $(tail -n 1 "$cell/without-us.log")"
    fi
    image other --sysroot /other "${generic[@]}"
    with_units "$cell/other.d"
    ours "$cell/other.d"
    grep -qx "$secret" "$cell/other.d/etc/cexluks/prod.api-key"
    cmp "$cell/other.d/etc/cexluks/prod-ca.pem" "$work/ca.pem"
    network_hooks_are_there "$cell/other.d"
    grep -qx "cr_root UUID=$uuid_root none discard" "$cell/other.d/etc/crypttab"
}

row container 'in a container: few devices, no block device, no /sys' ci
cell_container() {
    fresh container
    config_kms
    finds_none "$tree/dev" -type b
    image container "${generic[@]}"
    ours "$cell/container.d"
    configured "$cell/container.d"
    with_units "$cell/container.d"
}

row container-hostonly 'in a container, --hostonly' all
cell_container_hostonly() {
    fresh container
    config_kms
    image container --hostonly "${quick[@]}"
    ours "$cell/container.d"
    configured "$cell/container.d"
}

row unpacked 'in a chroot: no /proc, no /sys, nodes in /dev' all
cell_unpacked() {
    fresh unpacked
    config_kms
    none "$tree/proc/self" "$tree/sys/block"
    image unpacked "${generic[@]}"
    ours "$cell/unpacked.d"
    configured "$cell/unpacked.d"
    with_units "$cell/unpacked.d"
}

row bare 'in a chroot: no /proc, no /sys, /dev is empty' ci
cell_bare() {
    fresh bare
    config_kms
    finds_none "$tree/dev" -mindepth 1
    image bare "${generic[@]}"
    ours "$cell/bare.d"
    configured "$cell/bare.d"
    with_units "$cell/bare.d"
}

row no-systemd 'no systemd' ci
cell_no_systemd() {
    fresh full
    config_kms
    image plain "${generic[@]}" "${plain[@]}" ${plain_network[@]+"${plain_network[@]}"}
    ours "$cell/plain.d"
    configured "$cell/plain.d"
    without_units "$cell/plain.d"
    grep -qx "rd.luks.uuid=luks-$uuid_root" "$cell/plain.d/etc/cmdline.d/91-cexluks.conf"
}
