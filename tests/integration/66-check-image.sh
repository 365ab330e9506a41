#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check --initramfs: what an image lacks, what in it is older than what is installed, and what the helper in it finds;
# and that nothing that an image holds reaches the system which looks at it. The image is small and made here, with the real
# helper and its libraries; images by dracut are in dracut.sh.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2317 # functions are reached through fault; scripts of a stand-in
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/image.sh
source tests/integration/image.sh
need 'images' cryptsetup jq curl cpio ldd strip unshare gzip xz zstd
if [[ $EUID -ne 0 ]] || ! unshare -mp --fork true 2>/dev/null; then
    skip 'images: needs root and namespaces'
    summary
fi

sim_start --instance prod=key-protect || exit 1
system="$ROOM/system" good="$ROOM/good" tree="$ROOM/tree"

# --- the system, and an image made of it ------------------------------------------------------------------------------

mkdir -p "$system"/{etc/cexluks,proc,boot}
sim_conf prod key-protect prod >"$CONF"
volume_make "$ROOM/volume"
bind "$ROOM/volume" kms:prod
expect 'a volume is bound' 0
sed "s|^ca-file.*|ca-file = /etc/cexluks/ca.pem|; s|^api-key.*|api-key = file:/etc/cexluks/api-key|" "$CONF" \
    >"$system/etc/cexluks/cexluks.conf"
cp "$SIM_CA" "$system/etc/cexluks/ca.pem"
install -m 600 "$SIM_API_KEY_FILE" "$system/etc/cexluks/api-key"
: >"$system/proc/cmdline"

image_tree "$good" "$system"
cp "$ROOM/volume" "$good/volume"
cp "$CEXLUKS" "$good/usr/sbin/cexluks"
while read -r file; do
    install -D --strip --strip-program=strip "$file" "$good$file"
done < <(is_static || ldd "$CEXLUKS" | grep -o '/[^ ]*')

sed '/END CERTIFICATE/q' /etc/ssl/certs/ca-certificates.crt >"$ROOM/other.pem"

image="$system/boot/initramfs.img"
build() { # [FOLDER]
    image_archive "${1-$tree}" >"$image"
}
look() { # [OPTION…]
    run check --initramfs "$image" --sysroot "$system" "$@" </dev/null
}

# --- a good image -----------------------------------------------------------------------------------------------------

build "$good"
look
expect 'a good image passes' 0 'initramfs.img: /volume: kms:prod: ok: opens keyslot 1' \
    'initramfs.img: kms:prod: ok: TLS, IAM token' 'the next boot: ok: 1 of 1 volumes would open'
look --json
check 'as JSON it says the same' same "$(jq -c '[.outcome, .volumes, .opening, ([.findings[] | .image, .level] | unique)]' \
    "$ROOM/out")" '["ok",1,1,["initramfs.img","ok"]]'
check 'nothing is left mounted, and no folder' same "$(ls -d /run/cexluks-image.* 2>/dev/null; mount | grep cexluks-image)" ''
tokens_before="$(sim_tokens_issued)"
look --offline
expect 'offline the helper in it asks nobody' 0 '/volume: kms:prod: ok: would be tried'
check 'nobody at all' same "$(sim_tokens_issued)" "$tokens_before"

mkdir -p "$ROOM/early/kernel/x86/microcode"
echo microcode >"$ROOM/early/kernel/x86/microcode/GenuineIntel.bin"
for packer in gzip xz zstd; do
    { image_archive "$ROOM/early" && image_archive "$good" | "$packer" -c; } >"$image"
    look --offline
    expect "microcode in front, and the rest packed with $packer" 0 '1 of 1 volumes would open'
done
mkdir -p "$ROOM/late/etc/cexluks"
echo 'a newer one' >"$ROOM/late/etc/cexluks/api-key"
{ image_archive "$good" && image_archive "$ROOM/late"; } >"$image"
look --offline
expect 'an archive behind the first one replaces files of it' 42 '/etc/cexluks/api-key: failed: image-stale'

# --- planted faults, each by its name ---------------------------------------------------------------------------------

fault() { # TITLE STATUS PART… -- COMMAND…: in the folder of a good image, which then has the fault
    local expected=()
    while [[ $1 != -- ]]; do
        expected+=("$1")
        shift
    done
    rm -rf "$tree"
    cp -a "$good" "$tree"
    (cd "$tree" && "${@:2}") || { not_ok "${expected[0]}: cannot be planted" && return; }
    build
    look --timeout 1
    expect "${expected[@]}"
}
edit() { # FILE SED-PROGRAM
    sed -i "$2" "$1"
}
say() { # TEXT FILE
    printf '%s\n' "$1" >"$2"
}
like_initramfs_tools() {
    rm -r usr/lib/dracut && mkdir -p scripts conf && touch scripts/functions conf/initramfs.conf
}
stand_in() { # SCRIPT, in place of the helper
    image_stand_in . "$1"
}

fault 'configuration of yesterday' 42 '/etc/cexluks/cexluks.conf: failed: image-stale: it is another one in the image' \
    'hint: rebuild the initramfs' -- edit etc/cexluks/cexluks.conf '1i# of yesterday'
fault 'credential of yesterday' 42 '/etc/cexluks/api-key: failed: image-stale' '/volume: kms:prod: failed: iam-refused' -- \
    say no-key-of-anybody-0123456789-abcdefghijklmnop etc/cexluks/api-key
fault 'no credential' 43 '/etc/cexluks/api-key: failed: image-incomplete: it is not in the image' -- rm etc/cexluks/api-key
fault 'credential for everybody' 22 'credential-unusable: others can read' 'hint: chmod 0600' -- chmod 644 etc/cexluks/api-key
fault 'no CA' 43 '/etc/cexluks/ca.pem: failed: image-incomplete' -- rm etc/cexluks/ca.pem
fault 'another CA' 42 '/etc/cexluks/ca.pem: failed: image-stale' 'tls-untrusted' -- cp "$ROOM/other.pem" etc/cexluks/ca.pem
fault 'no configuration' 43 '/etc/cexluks/cexluks.conf: failed: image-incomplete' -- rm etc/cexluks/cexluks.conf
fault 'no helper' 43 'image: failed: image-incomplete: /usr/sbin/cexluks is not in the image' -- rm usr/sbin/cexluks
is_static || fault 'a library is missing' 43 '/usr/sbin/cexluks: failed: image-incomplete: the helper in the image does not work' \
    'libcryptsetup.so' -- find . -name 'libcryptsetup.so*' -delete
fault 'made by initramfs-tools' 43 'image: failed: image-incomplete: initramfs-tools made it' 'hint: install dracut' -- \
    like_initramfs_tools
fault 'no dm-crypt' 43 'kernel modules: failed: image-incomplete: dm_crypt is not in the image, for Linux 6.1-test' -- \
    rm usr/lib/modules/6.1-test/kernel/dm-crypt.ko.xz
fault 'no kernel modules' 43 'kernel modules: failed: image-incomplete: no kernel modules' -- rm -r usr/lib/modules
fault 'a driver of cards is missing' 43 'kernel modules: failed: image-incomplete: pkey is not in' -- \
    say pkey usr/lib/modules-load.d/cexluks.conf
fault 'no list of drivers' 43 'modules-load.d/cexluks.conf is not in the image' -- rm usr/lib/modules-load.d/cexluks.conf
fault 'no unit' 43 'units: failed: image-incomplete: cexluks-boot.service' -- rm usr/lib/systemd/system/cexluks-boot.service
fault 'unit not enabled' 43 'units: failed: image-incomplete: etc/systemd/system/initrd.target.wants/cexluks-boot.service' -- \
    rm etc/systemd/system/initrd.target.wants/cexluks-boot.service
fault 'no systemd, and no hooks' 43 'hooks: failed: image-incomplete: initqueue/20-cexluks-start.sh' -- rm usr/lib/systemd/systemd
fault 'no hook for the network' 43 'network: failed: image-incomplete: cmdline/20-cexluks-need-network.sh' -- \
    rm usr/lib/dracut/hooks/cmdline/20-cexluks-need-network.sh
fault 'nothing brings a network up' 43 'network: failed: image-incomplete: anything that brings a network up' -- \
    rm usr/lib/systemd/systemd-networkd
unconfigured='network: warning: network-unconfigured: systemd-networkd has no configuration'
fault 'a network that nothing configures' 0 "$unconfigured" 'hint: add ip=dhcp' -- rm -r etc/systemd/network
echo 'quiet rd.skip=1 ip=dhcp' >"$system/proc/cmdline"
look --offline
check 'but the command line' not contains "$out" network-unconfigured
echo 'quiet rd.skip=1' >"$system/proc/cmdline"
fault 'but a word in the image' 0 '1 of 1 volumes would open' -- eval 'rm -r etc/systemd/network; mkdir etc/cmdline.d;
    echo ip=dhcp >etc/cmdline.d/50-network.conf'
check 'so that it is no warning' not contains "$out" network-unconfigured
fault 'another manager configures itself' 0 '1 of 1 volumes would open' -- eval 'rm -r etc/systemd/network usr/lib/systemd/*-networkd;
    touch usr/sbin/NetworkManager'
check 'so that it is none either' not contains "$out" network-unconfigured
: >"$system/proc/cmdline"
named='s|^endpoint.*|endpoint = https://kms.example|; s|^iam-endpoint.*|iam-endpoint = https://iam.example|'
fault 'names are to be looked up, and nothing tells name servers' 43 \
    'network: failed: image-incomplete: what tells name servers' -- edit etc/cexluks/cexluks.conf "$named"
fault 'with ours' 42 image-stale -- eval 'edit etc/cexluks/cexluks.conf "$named"; touch usr/sbin/cexluks-names'
check 'it is told' not contains "$out" 'name servers'
fault 'a service that has an address configured' 42 image-stale -- edit etc/cexluks/cexluks.conf "${named%%;*}; /^ca-file/a address = 127.0.0.1"
check 'needs none' not contains "$out" 'name servers'
fault 'crypttab names another volume too' 12 '/absent: header: failed: device-missing' -- say 'root /absent none' etc/crypttab
fault 'a damaged token' 28 '/volume: kms:prod: failed: kms-bad-ciphertext' -- \
    header_edit "$tree/volume" '.tokens["0"].ciphertext |= (.[:40] + "AAAA" + .[44:])'

# --- what is around it ------------------------------------------------------------------------------------------------

build "$good"
touch -d '1 hour ago' "$system/boot/bootmap"
look --offline
expect 'a boot map older than the image' 44 'boot loader: failed: bootloader-stale: ' 'hint: run zipl'
touch "$system/boot/bootmap"
look --offline
expect 'a newer one' 0
rm "$system/boot/bootmap"

device="$(stat -c '%Hd:%Ld' "$image")"
mkdir -p "$system/sys/dev/block/$device/slaves/dm-1/dm"
echo 'CRYPT-LUKS2-00-root' >"$system/sys/dev/block/$device/slaves/dm-1/dm/uuid"
look --offline
expect '/boot inside the encrypted root' 0 'boot loader: warning: boot-encrypted' 'hint: give /boot a file system of its own'
echo 'LVM-00' >"$system/sys/dev/block/$device/slaves/dm-1/dm/uuid"
look --offline
check '/boot on a mapping that is not' not contains "$out" boot-encrypted
rm -r "$system/sys"

# --- every image that can be booted -----------------------------------------------------------------------------------

look_at_all() {
    run check --all-images --offline --sysroot "$system" </dev/null
}
look_at_all
expect 'no boot entry is no success' 43 'boot entries: failed: image-incomplete: none names an image'
mkdir -p "$system/boot/loader/entries"
printf 'title now\nlinux /vmlinuz\ninitrd /initramfs.img $tuned_initrd\n' >"$system/boot/loader/entries/2-now.conf"
printf 'initrd $tuned_initrd\n' >"$system/boot/loader/entries/3-variable.conf"
look_at_all
expect 'one entry, and it is good' 0 'initramfs.img: /volume: kms:prod: ok' '1 of 1 volumes would open'
printf 'title to roll back to\ninitrd\t/ostree/initramfs-old.img\n' >"$system/boot/loader/entries/1-old.conf"
mkdir "$system/boot/ostree"
rm -rf "$tree" && cp -a "$good" "$tree" && rm "$tree/etc/cexluks/api-key"
image_archive "$tree" >"$system/boot/ostree/initramfs-old.img"
look_at_all
expect 'the one to roll back to is not' 43 'initramfs-old.img: /etc/cexluks/api-key: failed: image-incomplete' \
    'initramfs.img: /volume: kms:prod: ok'
rm -r "$system/boot/loader"
printf '[defaultboot]\ndefault = linux\n[linux]\n\ttarget = /boot\n\tramdisk = /boot/initramfs.img,0x2000000\n[gone]\nramdisk=/boot/gone.img\n' \
    >"$system/etc/zipl.conf"
look_at_all
expect "zipl's sections, one of an image that is gone" 43 'initramfs.img: /volume: kms:prod: ok' \
    'gone.img: image: failed: image-incomplete'
rm "$system/etc/zipl.conf"

# --- the image that the next boot takes -------------------------------------------------------------------------------

next_is() { # TITLE IMAGE WHY: which is empty, so that nothing is unpacked
    : >"$system/boot/$2"
    run check --next-image --offline --sysroot "$system" </dev/null
    expect "$1" 43 "boot loader: ok: the next boot takes $system/boot/$2: $3" "$2: image: failed: image-incomplete"
    rm "$system/boot/$2"
}
entry() { # FILE TITLE IMAGE
    mkdir -p "$system/boot/loader/entries"
    printf 'title %s\nlinux /vmlinuz\ninitrd %s $tuned_initrd\n' "$2" "$3" >"$system/boot/loader/entries/$1.conf"
}
run check --next-image --offline --sysroot "$system" </dev/null
expect 'nothing says which image is the next' 43 'boot loader: failed: image-incomplete: neither boot loader nor /boot' \
    'hint: cexluks check --initramfs IMAGE'
# the network of the next boot is configured by its own entry, not by the command line of now
cp "$image" "$ROOM/kept.img"
rm -rf "$tree" && cp -a "$good" "$tree" && rm -r "$tree/etc/systemd/network" && build
next_ip() { # TITLE OPTIONS NOW WARNS: with these kernel options in the entry, and those of now
    mkdir -p "$system/boot/loader/entries"
    printf 'title it\nlinux /vmlinuz\n%sinitrd /initramfs.img\n' "${2:+options $2$'\n'}" >"$system/boot/loader/entries/1.conf"
    next_warns "$1" "$3" "$4"
    rm -r "$system/boot/loader"
}
next_warns() { # TITLE NOW WARNS
    printf '%s\n' "$2" >"$system/proc/cmdline"
    run check --next-image --offline --sysroot "$system" </dev/null
    check "ip= $1" same "$status $(grep -c network-unconfigured <<<"$out")" "0 $3"
    : >"$system/proc/cmdline"
}
next_ip 'in the entry' 'root=/dev/dm-0 ip=dhcp' quiet 0
next_ip 'at the beginning of its options' 'ip=enc600:dhcp quiet' quiet 0
next_ip 'neither there nor now' 'quiet rd.skip=1' quiet 1
next_ip 'only now, and the next boot has none' 'quiet' 'quiet ip=dhcp' 1
next_ip 'only now, and the entry has a variable' 'quiet $tuned_params' 'quiet ip=dhcp' 0
next_ip 'only now, and the entry says nothing' '' 'quiet ip=dhcp' 0
next_ip 'only now, and the options are too long to be known' "$(printf 'a%.0s' {1..4200})" 'quiet ip=dhcp' 0
printf '[defaultboot]\ndefault = it\n[it]\nramdisk=/boot/initramfs.img\nparameters="quiet ip=dhcp"\n[other]\nparameters=quiet\n' \
    >"$system/etc/zipl.conf"
next_warns "in zipl's section" quiet 0
sed -i '/^parameters="/s/ ip=dhcp//' "$system/etc/zipl.conf"
next_warns "only now, and not in zipl's section" 'quiet ip=dhcp' 1
rm "$system/etc/zipl.conf"
mv "$ROOM/kept.img" "$image"

kernel="$(uname -r)"
next_is 'Fedora without entries' "initramfs-$kernel.img" 'no boot loader names one'
next_is 'Debian without a boot loader' "initrd.img-$kernel" 'no boot loader names one'
next_is 'SUSE without a boot loader' "initrd-$kernel" 'no boot loader names one'
mkdir "$system/boot/grub"
printf 'set default="0"\nmenuentry one {\n\tinitrd\t/boot/first.img\n}\nmenuentry two {\n\tinitrd /boot/second.img\n}\n' \
    >"$system/boot/grub/grub.cfg"
next_is "grub without entries" first.img 'it is in the first entry of /boot/grub/grub.cfg'
entry 0123-6.9.1 'Linux 6.9' /6.9.img
entry 0123-6.12.0 'Linux 6.12' /6.12.img
entry 0123-0-rescue 'Rescue' /rescue.img
next_is 'of several entries the newest, by version' 6.12.img '0123-6.12.0.conf is the newest entry in /boot/loader/entries'
printf 'default 0123-6.9*\ntimeout 3\n' >"$system/boot/loader/loader.conf"
next_is "the one of systemd-boot's loader.conf" 6.9.img '0123-6.9.1.conf is what /boot/loader/loader.conf names'
printf '# GRUB Environment Block\nsaved_entry=0123-6.12.0\n####' >"$system/boot/grub/grubenv"
next_is "the one that grub saved" 6.12.img '0123-6.12.0.conf is what /boot/grub/grubenv names'
printf '# GRUB Environment Block\nsaved_entry=0123-6.12.0\nnext_entry=2\n####' >"$system/boot/grub/grubenv"
next_is "the one that grub takes once, by its number" rescue.img '0123-0-rescue.conf is what /boot/grub/grubenv names'
printf '[defaultboot]\ndefaultauto\ntarget=/boot\ndefault=Linux 6.9\n' >"$system/etc/zipl.conf"
next_is "the title in zipl.conf" 6.9.img '0123-6.9.1.conf is what /etc/zipl.conf names'
printf '[defaultboot]\ndefaultmenu = menu\n[old]\nramdisk=/boot/old.img\n[new]\nramdisk=/boot/new.img,0x2000000\n:menu\n1=old\n2 = new\n' \
    >"$system/etc/zipl.conf"
next_is "a menu of zipl begins with its first section" old.img '/etc/zipl.conf boots section old by default'
sed -i '/:menu/a default = 2' "$system/etc/zipl.conf"
next_is "a menu of zipl that has a default" new.img '/etc/zipl.conf boots section new by default'
printf '[defaultboot]\ndefault = initramfs\n[initramfs]\nramdisk=/boot/initramfs.img\n' >"$system/etc/zipl.conf"
run check --next-image --offline --json --sysroot "$system" </dev/null
check 'as JSON it says so too, and goes on to ask the helper in it' same \
    "$(jq -c '[.outcome, .volumes, (.findings[0] | .subject, .level, .image, .cause)]' "$ROOM/out")" \
    "[\"ok\",1,\"boot loader\",\"ok\",\"\",\"the next boot takes $image: /etc/zipl.conf boots section initramfs by default\"]"
rm -r "$system/etc/zipl.conf" "$system/boot/loader" "$system/boot/grub"

# --- what is no image -------------------------------------------------------------------------------------------------

: >"$image"
look
expect 'an empty file' 43 'image: failed: image-incomplete' 'it is empty'
head -c 100000 /dev/urandom >"$image"
look
expect 'noise' 43 'it is no initramfs, or damaged'
image_archive "$good" | head -c 300000 >"$image"
look
expect 'one that is cut short' 43 'it is no initramfs, or damaged'
image_archive "$good" | gzip -c | head -c 300000 >"$image"
look
expect 'one that is packed and cut short' 43 'gzip unpacks from it is damaged'
rm "$image"
look
expect 'none' 43 'does not exist'

# --- hostile ones -----------------------------------------------------------------------------------------------------

mark="$ROOM/reached"
hostile() { # TITLE PART… -- ARCHIVE-COMMAND…
    local expected=()
    while [[ $1 != -- ]]; do
        expected+=("$1")
        shift
    done
    "${@:2}" >"$image"
    look --offline
    contains "$out$err" "${expected[@]:1}" && [[ ! -e $mark ]]
    check "${expected[0]}" test $? -eq 0
}
upward() { # the name is as long as before, so that nothing else is wrong with the archive
    local name="!!/!!/!!/!!/!!/!!/!!/!!$mark"
    mkdir -p "$ROOM/up/${name%/*}" && echo x >"$ROOM/up/$name" &&
        (cd "$ROOM/up" && echo "$name" | cpio --quiet -o -H newc) | sed 's|!!/|../|g'
}
through_link() { # a link out of it, and then a file behind that
    mkdir -p "$ROOM/one" "$ROOM/two/out"
    ln -sfn "$ROOM" "$ROOM/one/out"
    echo x >"$ROOM/two/out/reached"
    image_archive "$ROOM/one" && image_archive "$ROOM/two"
}
absolute() {
    echo x >"$ROOM/planted"
    echo "$ROOM/planted" | cpio --quiet -o -H newc | sed "s|/planted|/reached|"
}
hostile 'a name that leads upward is refused' 'it is no initramfs, or damaged' -- upward
hostile 'a link leads nowhere but into the image' image-incomplete -- through_link
hostile 'nor does an absolute name' image-incomplete -- absolute

rm -rf "$tree" && cp -a "$good" "$tree" && rm -r "${tree:?}/dev" && ln -s "$ROOM" "$tree/dev" && build
look --offline
check 'a link in place of /dev is not followed' contains "$out$err" '/usr/sbin/cexluks: failed: image-incomplete' \
    '/usr/sbin/cexluks: Not a directory'
fault 'the helper in it says what a terminal would obey' 46 'kms:prod: failed: internal: red?[31m' -- stand_in \
    'echo "{\"outcome\":\"internal\",\"volumes\":1,\"opening\":0,\"findings\":[{\"volume\":\"\",\"subject\":\"kms:prod\",\"level\":\"failed\",\"word\":\"internal\",\"cause\":\"red\\u001b[31m\",\"hint\":\"\"}]}"'
fault 'it says what nobody understands' 43 'the helper in the image does not work: status 0' -- stand_in 'echo "{}"'
fault 'it is older and knows no check' 42 "the helper in the image is older: unknown verb 'check'" -- stand_in \
    "echo \"unknown verb 'check'\" >&2; exit 2"
fault 'it never ends' 45 'timeout: the helper in the image does not end' -- stand_in 'while :; do :; done'
fault 'it says too much' 43 'the helper in the image does not work: status 0' -- stand_in \
    'x=0123456789abcdef; for i in 1 2 3 4 5 6 7 8 9 0; do x=$x$x; done; for i in $x; do for k in 1 2 3 4 5 6 7 8 9 0; do
        for l in 1 2 3 4 5 6 7 8 9 0; do echo $x; done; done; done'
fault 'it sees no file of the system' 43 'status 9' -- stand_in "[ -e '$ROOM' ] || exit 9"

summary
