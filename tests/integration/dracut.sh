#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Images made by dracut with our module: what is in them, what is not, and when there must be none; then the hooks
# of the other kind of image, in a chroot with a queue like dracut's. The helper is a stand-in, so that the
# module is judged alone. Uses the root of tests/boot (root.sh makes it once) in throw-away overlays; needs root.
#
#   dracut.sh [CASE…]     only these cases; B names the build whose helper is the real one where a case wants one
#
# shellcheck disable=SC2317 # functions are reached through check
set -uo pipefail
shopt -s inherit_errexit
export LC_ALL=C

top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
B="$(realpath "${B:-$top/build}")"
passed=0 failed=0 skipped=0

check() { # TITLE COMMAND…
    local title=$1 out
    shift
    if out=$("$@" 2>&1); then
        printf 'ok - %s\n' "$title"
        passed=$((passed + 1))
    else
        printf '%s\n' "$out" | tail -n 15 | sed 's/^/    /'
        printf 'not ok - %s\n' "$title"
        failed=$((failed + 1))
    fi
}

skip() { # TITLE
    printf 'skipped - %s\n' "$1"
    skipped=$((skipped + 1))
}

summary() {
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    [[ $failed -eq 0 ]]
    exit
}

# shellcheck source=tests/image/look.sh
source "$top/tests/image/look.sh"
# shellcheck source=tests/image/tree.sh
source "$top/tests/image/tree.sh"

if [[ $EUID -ne 0 ]]; then
    skip 'dracut images: needs root (chroot, overlay)'
    summary
fi
for tool in cpio unshare mmdebstrap; do
    if ! command -v "$tool" > /dev/null; then
        skip "dracut images: '$tool' is not installed"
        summary
    fi
done
root="$(nice "$top/tests/boot/root.sh")" || {
    skip 'dracut images: no root file system could be made'
    summary
}
# Everything that mounts happens below a mount namespace that ends with this process.
if [[ -z ${CEXLUKS_TEST_NAMESPACE-} ]]; then
    CEXLUKS_TEST_NAMESPACE=1 exec nice unshare -m --propagation private "${BASH_SOURCE[0]}" "$@"
fi

work="$(mktemp -d "${TMPDIR:-/tmp}/cexluks-dracut.XXXXXX")"
trap 'umount -R -l "$work/tree" 2>/dev/null; rm -rf --one-file-system "$work"' EXIT
mkdir "$work/images"
kver="$(basename "$(echo "$root"/usr/lib/modules/*)")"

# --- the tree that images are made from ------------------------------------------------------------------

secret='PLANTED-api-key-31415926'
uuid_root=96fa7ba7-5229-4f32-a9d3-849404febb0e
uuid_data=0b1e2d3c-4a5b-4c6d-8e7f-001122334455

stub() { # the helper of the tree; STUB_… files in its /etc/cexluks steer it
    cat << 'STUB'
#!/bin/sh
root=''
words="$*"
while [ $# -gt 0 ]; do
    [ "$1" = --sysroot ] && root=$2
    shift
done
conf="$root/etc/cexluks/cexluks.conf"
old="$root/etc/hpcs-for-luks.ini"
case $words in
    *--needs-network*)
        [ ! -e "$old" ] || exit 0
        grep -q '^\[kms ' "$conf" || exit 15
        ;;
    *--image-files*)
        if grep -q 'no-ca' "$conf"; then
            echo 'profile "prod" has no ca-file: add ca-file = …' >&2
            exit 43
        fi
        for f in /etc/cexluks/cexluks.conf /etc/cexluks/prod.api-key /etc/cexluks/ca.pem \
            /etc/hpcs-for-luks.ini; do
            [ -e "$root$f" ] && echo "$f"
        done
        for f in "$root"/var/lib/hpcs-for-luks/user/*; do
            [ -h "$f" ] || [ -e "$f" ] && echo "${f#"$root"}"
        done
        ;;
    *--crypttab*)
        sed -n 's/^uuid *= *//p' "$conf" | while read -r uuid; do
            grep -qs "$uuid" "$root/etc/crypttab" || echo "luks-$uuid UUID=$uuid none luks"
        done
        ;;
esac
exit 0
STUB
}

new_tree() { # a fresh overlay at $work/tree with our module, the stand-in and a configuration
    local tree="$work/tree" tokens
    tree_mount "$root" "$tree" "${1-chroot}" || exit 1
    cp -r "$top"/dracut/[0-9]* "$tree/usr/lib/dracut/modules.d/"
    cp "$top"/units/cexluks-*.{service,path} "$tree/usr/lib/systemd/system/"
    stub > "$tree/usr/sbin/cexluks"
    chmod 755 "$tree/usr/sbin/cexluks"
    tokens="$(dirname "$(find "$tree"/usr/lib*/ -name 'libcryptsetup.so.12' | head -n 1)")/cryptsetup"
    mkdir -p "$tokens"
    echo 'no real plug-in' > "$tokens/libcryptsetup-token-cexluks.so"
    rm -f "$tree/etc/crypttab"
    mkdir -p "$tree/etc/cexluks"
    printf '[kms prod]\nservice = hpcs\n[volume root]\nuuid = %s\n' "$uuid_root" > "$tree/etc/cexluks/cexluks.conf"
    echo "$secret" > "$tree/etc/cexluks/prod.api-key"
    echo 'no real certificate' > "$tree/etc/cexluks/ca.pem"
    chmod 644 "$tree/etc/cexluks/cexluks.conf" "$tree/etc/cexluks/ca.pem"
    chmod 600 "$tree/etc/cexluks/prod.api-key"
}

no_systemd_no_network=(--omit "systemd systemd-initrd dracut-systemd systemd-networkd network-legacy")
no_systemd=(--add "network-legacy" --omit "systemd systemd-initrd dracut-systemd systemd-networkd")

image() { # NAME [DRACUT ARGUMENT…]: an image as $work/images/NAME.img, unpacked in $work/images/NAME
    local name=$1
    shift
    chroot "$work/tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin ${IN_KDUMP+IN_KDUMP=1} dracut --no-hostonly \
        --no-hostonly-cmdline --no-early-microcode --nostrip --no-compress --reproducible \
        --drivers 'virtio_blk virtio_net ext4' --omit 'kernel-modules-extra nvdimm qemu qemu-net lunmask' \
        "$@" --force /tmp/image "$kver" > "$work/images/$name.log" 2>&1 || {
        tail -n 5 "$work/images/$name.log"
        return 1
    }
    rm -rf "$work/images/$name"
    mkdir "$work/images/$name"
    mv "$work/tree/tmp/image" "$work/images/$name.img"
    (cd "$work/images/$name" && cpio --quiet -idm < "../$name.img")
}

wanted() { # CASE…: is one of them asked for?
    local word
    [[ -z ${cases-} ]] && return 0
    for word; do
        [[ " $cases " == *" $word "* ]] && return 0
    done
    return 1
}
cases="$*"

# --- images with systemd -------------------------------------------------------------------------------

if wanted systemd; then
    new_tree
    check 'systemd: an image is made without any option, because a configuration exists' image systemd
    i="$work/images/systemd"
    u="$(units_of "$i")"
    check 'systemd: the helper' all "$i/usr/sbin/cexluks"
    check 'systemd: the configuration becomes 0600' mode_is 600 "$i/etc/cexluks/cexluks.conf"
    check 'systemd: the credential stays 0600' mode_is 600 "$i/etc/cexluks/prod.api-key"
    check 'systemd: the CA keeps its mode' mode_is 644 "$i/etc/cexluks/ca.pem"
    check 'systemd: nobody else can read the secret' no_secret_readable "$i" "$secret"
    check 'systemd: the image itself is 0600' mode_is 600 "$work/images/systemd.img"
    check 'systemd: the units, started with initrd.target; keys are forgotten before each shell' units_are_enabled "$i"
    check 'systemd: refusal and bounded waiting by drop-ins' drop_ins_fit "$u"
    check 'systemd: kernel modules, and a list of those that exist' modules_load_fits "$i" "$kver"
    check "systemd: cryptsetup's plug-in is for running systems only" \
        test -z "$(find "$i" -name 'libcryptsetup-token-cexluks*')"
    check 'systemd: dm-crypt itself' test -n "$(find "$i" -name 'dm-crypt.ko*')"
    check 'systemd: names can be looked up' all "$i/etc/nsswitch.conf" "$i/etc/hosts"
    check 'systemd: name servers of networkd become a resolv.conf' names_from_networkd "$i"
    check 'systemd: without resolved' test -z "$(find "$i" -name systemd-resolved -type f)"
    check 'systemd: a line for the volume that no crypttab named' \
        grep -qx "luks-$uuid_root UUID=$uuid_root none luks" "$i/etc/crypttab"
    check 'systemd: rd.neednet is not baked in' not grep -rqs neednet "$i/etc/cmdline.d"
    check 'systemd: hooks for the network' network_hooks_are_there "$i"
    check 'systemd: no hook of the other kind' none "$i"/usr/lib/dracut/hooks/initqueue/{,settled/,finished/}*cexluks* \
        "$i/lib/cexluks-lib.sh"
    if systemd-analyze --help 2> /dev/null | grep -q root=; then
        check 'systemd: systemd finds no fault in the units' \
            systemd-analyze verify --man=no --root="$i" cexluks-boot.service cexluks-retry.service \
            cexluks-forget.service cexluks-refused.service
    else
        skip 'systemd: systemd-analyze knows no --root'
    fi

    check 'reproducible: the same tree again' image again
    check 'reproducible: gives the same image' cmp "$work/images/systemd.img" "$work/images/again.img"
fi

real_config() {
    cat << CONF
[kms prod]
service = hpcs
endpoint = https://kms.example:8080
iam-endpoint = https://iam.example
instance = 01234567-89ab-cdef-0123-456789abcdef
root-key = fedcba98-7654-3210-fedc-ba9876543210
api-key = file:/etc/cexluks/prod.api-key
ca-file = /etc/cexluks/ca.pem

[volume root]
uuid = $uuid_root
CONF
}

# Its volume is not there, so the outcome is not asked for.
check_finds() { # NAME [not] TEXT
    "$B/cexluks" check --offline --initramfs "$work/images/$1.img" --sysroot "$work/tree" > "$work/check.out" 2>&1
    cat "$work/check.out"
    grep -qF "header: failed: device-missing" "$work/check.out" && $2 grep -qF -- "$3" "$work/check.out"
}

if wanted real-helper; then
    if [[ -x $B/cexluks ]]; then
        new_tree
        cp "$B/cexluks" "$work/tree/usr/sbin/cexluks"
        rm -r "$work/tree/etc/cexluks"
        check 'real helper: an image is made' image real --add cexluks
        check 'real helper: its libraries are there' chroot "$work/images/real" /usr/sbin/cexluks --version
        new_tree
        cp "$B/cexluks" "$work/tree/usr/sbin/cexluks"
        real_config > "$work/tree/etc/cexluks/cexluks.conf"
        # any certificate
        sed '/END CERTIFICATE/q' "$work/tree/etc/ssl/certs/ca-certificates.crt" > "$work/tree/etc/cexluks/ca.pem"
        check 'real helper: an image is made from a configuration' image real-conf
        check 'real helper: it names all files' \
            all "$work"/images/real-conf/etc/cexluks/{cexluks.conf,prod.api-key,ca.pem}
        check 'real helper: it names the volume that no crypttab names' \
            grep -q "UUID=$uuid_root" "$work/images/real-conf/etc/crypttab"
        check 'real helper: check finds everything in it' check_finds real-conf not image-
        echo '# newer' >> "$work/tree/etc/cexluks/cexluks.conf"
        check 'real helper: check finds that it is older than the configuration' \
            check_finds real-conf '' '/etc/cexluks/cexluks.conf: failed: image-stale'
        check 'real helper: names are looked up as networkd knows' names_from_networkd "$work/images/real-conf"
        sed -i 's/^ca-file.*/&\naddress = kms.example=192.0.2.1, iam.example=192.0.2.2/' "$work/tree/etc/cexluks/cexluks.conf"
        check 'real helper: an image is made from a configuration with addresses' image real-fixed
        check 'real helper: which looks no name up' \
            not names_from_networkd "$work/images/real-fixed"
        sed -i '/ca-file/d' "$work/tree/etc/cexluks/cexluks.conf"
        check 'real helper: no image without a CA' not image broken
        check 'real helper: and the reason is said' grep -q 'ca-file' "$work/images/broken.log"
    else
        skip "real helper: $B/cexluks does not exist"
    fi
fi

if wanted static-helper; then
    new_tree
    mkdir -p "$work/tree/usr/lib/cexluks"
    { stub && echo '# the static one'; } > "$work/tree/usr/lib/cexluks/cexluks-static"
    chmod 755 "$work/tree/usr/lib/cexluks/cexluks-static"
    check 'static helper: an image is made' image static
    i="$work/images/static"
    check 'static helper: it is taken when it is installed' grep -qx '# the static one' "$i/usr/sbin/cexluks"
    check 'static helper: but a hosts file' all "$i/etc/hosts"
    check 'static helper: not in an image for FIPS' image fips --add fips
    check 'static helper: which takes the other' not grep -qx '# the static one' "$work/images/fips/usr/sbin/cexluks"
fi

# --- without systemd ---------------------------------------------------------------------------------------

if wanted plain; then
    new_tree
    printf '[volume opt]\nuuid = %s\n' "$uuid_data" >> "$work/tree/etc/cexluks/cexluks.conf"
    check 'no systemd: an image is made' image plain "${no_systemd[@]}"
    i="$work/images/plain"
    check 'no systemd: the helper and its configuration' all "$i/usr/sbin/cexluks" "$i/etc/cexluks/cexluks.conf"
    check 'no systemd: all hooks, and what they call' plain_hooks_are_there "$i"
    check 'no systemd: those for the network' network_hooks_are_there "$i"
    check 'no systemd: no unit' test -z "$(find "$i" -name 'cexluks*.service' -o -name '50-cexluks.conf')"
    check 'no systemd: dracut asks for the volume of the configuration' \
        grep -qx "rd.luks.uuid=luks-$uuid_root" "$i/etc/cmdline.d/91-cexluks.conf"
    check 'no systemd: the shell can read all of it' sh_reads "$i"
fi

# --- what must not be ------------------------------------------------------------------------------------

if wanted no-config; then
    new_tree
    rm -r "$work/tree/etc/cexluks"
    check 'no configuration: an image is made' image none
    check 'no configuration: nothing of ours is in it' nothing_of_ours "$work/images/none"
    check 'no configuration, but asked for: an image is made' image asked --add cexluks
    check 'no configuration, but asked for: the helper is in it' all "$work/images/asked/usr/sbin/cexluks"
    check 'no configuration, but asked for: an empty one, so that the helper opens what a card can' \
        not grep -q '^[^#]' "$work/images/asked/etc/cexluks/cexluks.conf"
    check 'no configuration, but asked for: no network' no_network "$work/images/asked"
fi

# The old configuration is for the running system, unless somebody asks, under our name or its own.
if wanted old-config; then
    new_tree
    rm -r "$work/tree/etc/cexluks"
    mkdir -p "$work/tree/var/lib/hpcs-for-luks/user"
    printf '[KP]\napi_key = %s\n' "$secret" > "$work/tree/etc/hpcs-for-luks.ini"
    for name in luks:root 'luks:blank ' '  luks:in front'; do
        echo 'wrapped' > "$work/tree/var/lib/hpcs-for-luks/user/$name"
    done
    # went away after it was listed
    ln -s /nowhere "$work/tree/var/lib/hpcs-for-luks/user/luks:gone"
    chmod 640 "$work/tree/etc/hpcs-for-luks.ini"
    check 'old configuration: an image is made' image old
    check 'old configuration: nothing of ours is in it' nothing_of_ours "$work/images/old"
    check 'old configuration: nothing of it either' none "$work/images/old/etc/hpcs-for-luks.ini"
    printf 'add_dracutmodules+=" hpcs-for-luks "\n' > "$work/tree/etc/dracut.conf.d/hpcs-for-luks.conf"
    mkdir "$work/tree/usr/lib/dracut/modules.d/85hpcs-for-luks"
    # shellcheck disable=SC2016 # for dracut
    printf '#!/bin/bash\ncheck() { return 255; }\ndepends() { :; }\ninstall() { inst /bin/true /usr/bin/of-the-python-tool; }\n' \
        > "$work/tree/usr/lib/dracut/modules.d/85hpcs-for-luks/module-setup.sh"
    check 'old configuration, asked for as it was: an image is made' image old-asked
    check 'old configuration, asked for: helper, unit and wrapped keys, whatever their names' all \
        "$work"/images/old-asked/{usr/sbin/cexluks,usr/lib/systemd/system/cexluks-boot.service} \
        "$work"/images/old-asked/var/lib/hpcs-for-luks/user/{luks:root,'luks:blank ','  luks:in front'}
    check 'old configuration, asked for: a key that cannot be copied is a warning' \
        grep -qF 'user/luks:gone can not be copied; the image goes without' "$work/images/old-asked.log"
    check "old configuration, asked for: not the Python tool's module, which was left there" \
        none "$work/images/old-asked/usr/bin/of-the-python-tool"
    check 'old configuration, asked for: it is for root only' mode_is 600 "$work/images/old-asked/etc/hpcs-for-luks.ini"
    check 'old configuration, asked for: no other one' none "$work/images/old-asked/etc/cexluks/cexluks.conf"
    check 'old configuration, asked for: the network' not no_network "$work/images/old-asked"
    IN_KDUMP=1 check 'old configuration, asked for, kdump: an image is made' image old-kdump
    check 'old configuration, asked for, kdump: no credential' none "$work/images/old-kdump/etc/hpcs-for-luks.ini"
fi

# network and its backends are in Debian's default image when they can be installed; not in one for cards
without_backends=(--omit 'systemd-networkd systemd-resolved network-legacy')

if wanted cards; then
    new_tree
    printf '[volume root]\nuuid = %s\nbindings = card\n' "$uuid_root" > "$work/tree/etc/cexluks/cexluks.conf"
    check 'cards only: an image is made' image cards "${without_backends[@]}"
    check 'cards only: no network is in it' no_network "$work/images/cards"
    check 'cards only: all else is' all "$work/images/cards/usr/sbin/cexluks" \
        "$work/images/cards/usr/lib/dracut/hooks/cleanup/30-cexluks-wipe.sh"
    check 'cards only: an image without systemd is made' image cards-plain "${no_systemd_no_network[@]}"
    check 'cards only: no network is in that one either' no_network "$work/images/cards-plain"
    check 'cards only: what its hooks call' \
        all "$work"/images/cards-plain/usr/{sbin/modprobe,bin/readlink,bin/tr,bin/mv,bin/rm,bin/mkdir,bin/setsid}
    # nobody looks at the configuration of a network that is not needed
    rm -r "$work/tree/usr/lib/dracut/modules.d/40network"
    check "cards only: an image is made where dracut's network module is missing" image cards-alone
fi

if wanted kdump; then
    new_tree
    IN_KDUMP=1 check 'kdump: an image without us' image kdump
    check 'kdump: nothing of ours is in it' nothing_of_ours "$work/images/kdump"
    IN_KDUMP=1 check 'kdump, but asked for: an image is made' image kdump-asked --add cexluks
    check 'kdump, but asked for: the helper' all "$work/images/kdump-asked/usr/sbin/cexluks"
    check 'kdump, but asked for: no credential' none "$work"/images/kdump-asked/etc/cexluks/{prod.api-key,ca.pem}
    check 'kdump, but asked for: an empty configuration, for cards' \
        not grep -q '^[^#]' "$work/images/kdump-asked/etc/cexluks/cexluks.conf"
    check 'kdump, but asked for: no network' no_network "$work/images/kdump-asked"
fi

fails_saying() { # TEXT
    if image broken; then
        echo 'dracut made an image' && return 1
    fi
    grep -qF "$1" "$work/images/broken.log" || { tail -n 5 "$work/images/broken.log" && return 1; }
}

if wanted failures; then
    new_tree
    echo '# no-ca' >> "$work/tree/etc/cexluks/cexluks.conf"
    echo 'the image of yesterday' > "$work/tree/tmp/image"
    check 'a configuration that cannot work: the build fails with the reason' fails_saying 'profile "prod" has no ca-file'
    check 'a configuration that cannot work: the old image is still there' \
        grep -q yesterday "$work/tree/tmp/image"
    new_tree
    rm "$work/tree/usr/sbin/cexluks"
    check 'no helper: the build fails with the reason' fails_saying "program 'cexluks' is not installed"
    new_tree
    rm -r "$work/tree/usr/lib/dracut/modules.d/40network"
    check 'no network module: the build fails with the reason' fails_saying "dracut's module 'network' is missing"
    new_tree
    rm "$work"/tree/usr/bin/networkctl "$work"/tree/usr/sbin/dhclient
    check 'no network backend works: the build fails with the reason' fails_saying "dracut's module 'network'"
fi

# --- other trees ------------------------------------------------------------------------------------------

if wanted crypttab; then
    new_tree
    # host-only dracut copies a line only for what it sees as its own; the names must still be those of the real root
    printf 'cr_root UUID=%s /etc/keys/root.key discard,_netdev\n' "$uuid_root" > "$work/tree/etc/crypttab"
    check 'crypttab: a host-only image is made' image hostonly --hostonly --add cexluks
    check "crypttab: the real root's name and options, no key file, no _netdev" \
        grep -qx "cr_root UUID=$uuid_root none discard" "$work/images/hostonly/etc/crypttab"
fi

if wanted bare; then
    new_tree unpacked
    check 'no /proc, and /dev as the package manager left it: an image is made' image bare
    check 'no /proc, no /dev: the same files' all "$work/images/bare/usr/sbin/cexluks" \
        "$work/images/bare/etc/crypttab" "$work/images/bare/usr/lib/modules-load.d/cexluks.conf"
fi

# --- the hooks, in a queue like dracut's -----------------------------------------------------------------

queue() { # dracut's initqueue loop, for at most 30 rounds; what cryptroot-ask was asked is in /run/log
    cat << 'QUEUE'
hookdir=/run/hooks
export hookdir
warn() { echo "Warning: $*"; }
check_finished() {
    for f in "$hookdir"/initqueue/finished/*.sh; do
        [ "$f" = "$hookdir/initqueue/finished/*.sh" ] && return 0
        { [ -e "$f" ] && (. "$f"); } || return 1
    done
}
rounds=0
while [ $rounds -lt 30 ]; do
    rounds=$((rounds + 1))
    check_finished && break
    for job in "$hookdir"/initqueue/*.sh; do
        [ -e "$job" ] || break
        job=$job . "$job"
        check_finished && break 2
    done
    for job in "$hookdir"/initqueue/settled/*.sh; do
        [ -e "$job" ] || break
        job=$job . "$job"
        check_finished && break 2
    done
    sleep 0.2
done
# one more, for jobs that were released in the last round; dracut's own finished hooks would keep it going
for job in "$hookdir"/initqueue/settled/*.sh; do
    [ -e "$job" ] && job=$job . "$job"
done
echo "rounds $rounds" >> /run/log
QUEUE
}

new_queue() { # HELPER: a fresh tree in which "cexluks boot" runs that shell code, with two prompts waiting
    local tree="$work/tree" job
    new_tree
    mkdir -p "$tree"/run/hooks/initqueue/{settled,finished} "$tree"/sys/class/block/{vdy,vdz}/holders
    cp "$top/dracut/90cexluks/cexluks-lib.sh" "$tree/lib/cexluks-lib.sh"
    cp "$top/dracut/90cexluks/cexluks-start.sh" "$tree/run/hooks/initqueue/20-cexluks-start.sh"
    cp "$top/dracut/90cexluks/cexluks-park.sh" "$tree/run/hooks/initqueue/settled/10-cexluks-park.sh"
    cp "$top/dracut/90cexluks/cexluks-decided.sh" "$tree/run/hooks/initqueue/finished/10-cexluks-decided.sh"
    for job in vdy vdz; do
        # as initqueue --onetime writes it
        # shellcheck disable=SC2016 # for the shell of the queue
        printf '%s\n' '[ -e "$job" ] && rm -f -- "$job"' "/sbin/cryptroot-ask /dev/$job luks-$job 0 " \
            > "$tree/run/hooks/initqueue/settled/cryptroot-ask-$job.sh"
    done
    cat > "$tree/usr/sbin/cexluks" << HELPER
#!/bin/sh
# \$1: open a volume, as its other side sees it
open() { mkdir -p /sys/class/block/\$1/holders/dm-9/dm && echo CRYPT-LUKS2-x-\$1 > /sys/class/block/\$1/holders/dm-9/dm/uuid; }
echo "\$*" >> /run/log
case \$* in
    'boot') $1 ;;
    'boot --retry') ${2:-exit 0} ;;
esac
HELPER
    cat > "$tree/usr/sbin/cryptroot-ask" << 'ASK'
#!/bin/sh
# as dracut's own: nothing to ask when the mapping is there
[ -e "/sys/class/block/${1#/dev/}/holders/dm-9" ] && exit 0
echo "prompt $2" >> /run/log
[ -e /run/prompt-waits ] && /usr/bin/cryptsetup-prompt luksOpen -T5 "$1" "$2"
exit 0
ASK
    # what waits for a human
    printf '%s\n' '#!/bin/sh' 'sleep 20' 'echo "prompt was left alone" >> /run/log' > "$tree/usr/bin/cryptsetup-prompt"
    chmod 755 "$tree"/usr/{sbin/cexluks,sbin/cryptroot-ask,bin/cryptsetup-prompt}
    queue > "$tree/run/queue"
}

log_is() { # LINE…: what happened, in this order
    chroot "$work/tree" dash /run/queue > "$work/console" 2>&1
    diff -u <(printf '%s\n' "$@") <(grep -v '^rounds' "$work/tree/run/log")
}

few_rounds() {
    [[ "$(sed -n 's/^rounds //p' "$work/tree/run/log")" -lt 30 ]]
}

if wanted queue; then
    new_queue 'sleep 1; echo "<4>no network" >&2; exit 17'
    check 'queue: prompts wait for the verdict of a failed attempt' log_is boot 'prompt luks-vdy' 'prompt luks-vdz'
    check 'queue: and leaves the console to the helper' not test -s "$work/console"
    new_queue 'sleep 1; open vdy; open vdz; exit 0'
    check 'queue: no prompt for what is open' log_is boot
    check 'queue: and the boot goes on' few_rounds
    new_queue 'mkdir -p /run/cexluks/refused; : > /run/cexluks/refused/luks-vdy; exit 14'
    check 'queue: a refused volume has no prompt, another one has' log_is boot 'prompt luks-vdz'
    new_queue 'mkdir -p /run/cexluks/refused; : > /run/cexluks/refused/cr_root; exit 14'
    mkdir -p "$work/tree/run/by-uuid"
    sed -i 's,/dev/disk/by-uuid/\*,/run/by-uuid/*,' "$work/tree/lib/cexluks-lib.sh"
    ln -s /dev/vdy "$work/tree/run/by-uuid/$uuid_root"
    echo "cr_root UUID=$uuid_root none luks" > "$work/tree/etc/crypttab"
    check "queue: a refused volume has no prompt under crypttab's name either" log_is boot 'prompt luks-vdz'
    # shellcheck disable=SC2016 # for the helper's shell
    new_queue 'kill -SEGV $$'
    check 'queue: after a crash keys are forgotten, then prompts come' log_is boot forget 'prompt luks-vdy' 'prompt luks-vdz'
    check 'queue: and the console says so' grep -q 'helper failed (status 139)' "$work/console"
    new_queue 'exit 46'
    check 'queue: after an internal error too' log_is boot forget 'prompt luks-vdy' 'prompt luks-vdz'
    new_queue 'sleep 100'
    sed -i 's/^_cexluks_limit=.*/_cexluks_limit=1/' "$work/tree/lib/cexluks-lib.sh"
    check 'queue: a helper that hangs is ended, keys are forgotten, then prompts come' \
        log_is boot forget 'prompt luks-vdy' 'prompt luks-vdz'
    sleep 0.5
    check 'queue: and it is gone' none "$work/tree/run/cexluks/hook/helper.pid"
    new_queue 'exit 0'
    rm "$work/tree/usr/sbin/cexluks"
    check 'queue: prompts come without a helper' log_is 'prompt luks-vdy' 'prompt luks-vdz'
    new_queue ': > /run/cexluks/retry; exit 24' 'sleep 2; open vdy; open vdz; exit 0'
    : > "$work/tree/run/prompt-waits"
    check 'queue: a prompt ends when the volume is opened behind it' log_is boot 'boot --retry' 'prompt luks-vdy'
    new_queue 'exit 24'
    chroot "$work/tree" dash /run/queue > /dev/null 2>&1
    # shellcheck disable=SC2016 # for the shell in the chroot
    check 'queue: a shell comes after keys are forgotten' chroot "$work/tree" dash -c \
        '. /lib/cexluks-lib.sh; : > /run/log; . "$0"; grep -qx forget /run/log' \
        "$(cp "$top/dracut/90cexluks/cexluks-forget.sh" "$work/tree/run/" && echo /run/cexluks-forget.sh)"
fi

# --- the network hooks -----------------------------------------------------------------------------------

network_hooks() { # WORDS OF THE COMMAND LINE: runs both, with dracut's getarg in small
    local tree="$work/tree"
    new_tree
    printf '#!/bin/sh\n[ "$*" = "boot --needs-network" ] && [ -e /run/needed ]\n' > "$tree/usr/sbin/cexluks"
    : > "$tree/run/needed"
    mkdir -p "$tree"/run/hooks/initqueue/finished "$tree"/etc/udev/rules.d "$tree"/run/by-hook
    rm -rf "$tree"/etc/cmdline.d "$tree"/etc/systemd/network
    touch "$tree"/run/hooks/initqueue/finished/wait-{network,eth7}.sh
    echo eth7 > "$tree/tmp/net.ifaces"
    # shellcheck disable=SC2016 # udev's own variable
    echo 'RUN+="/sbin/initqueue --name ifup-$name --unique --onetime /sbin/ifup $name"' \
        > "$tree/etc/udev/rules.d/91-default-net.rules"
    cp "$top"/dracut/90cexluks/cexluks-{need,bound}-network.sh "$tree/run/by-hook/"
    [[ -z ${not_needed-} ]] || rm "$tree/run/needed"
    cat > "$tree/run/hooked" << 'HOOKED'
hookdir=/run/hooks
getarg() {
    _found=''
    for _word in $(cat /etc/cmdline.d/*.conf 2> /dev/null) $words; do
        case $_word in "${1%=}"=*) _found=${_word#*=} ;; esac
    done
    [ -n "$_found" ] && echo "$_found"
}
getargbool() {
    _value=$(getarg "$2") || _value=$1
    [ "$_value" != 0 ]
}
. /run/by-hook/cexluks-need-network.sh
. /run/by-hook/cexluks-bound-network.sh
HOOKED
    chroot "$tree" env "words=$1" "netroot=${2-}" dash /run/hooked
}

names_are() { # LINE…: what resolv.conf says
    chroot "$work/tree" dash /run/cexluks-names.sh \
        && diff "$work/tree/run/cexluks-names/resolv.conf" <(printf '%s\n' "$@")
}

if wanted network; then
    t="$work/tree"
    flag="$t/run/cexluks/network-only-for-us"
    default="$t/run/systemd/network/zzzz-cexluks-default.network"
    finished="$t/run/hooks/initqueue/finished"
    check 'network: asked for at run time' network_hooks 'quiet'
    check 'network: the word is there for every getarg' grep -qx 'rd.neednet=1' "$t/etc/cmdline.d/20-cexluks.conf"
    check 'network: only for us, so nothing waits' all "$flag"
    check 'network: nor does the queue' none "$finished"/wait-{network,eth7}.sh
    check 'network: network-legacy works in the background' \
        grep -q -- '--onetime /sbin/cexluks-ifup' "$t/etc/udev/rules.d/91-default-net.rules"
    check 'network: networkd gets DHCP when there is no ip=' all "$default"
    check 'network: with ip=' network_hooks 'ip=dhcp'
    check 'network: it does not' none "$default"
    check 'network: somebody else wants it too' network_hooks 'rd.neednet=1'
    check 'network: so waiting is theirs' none "$flag"
    check 'network: and the queue waits' all "$finished"/wait-{network,eth7}.sh
    check 'network: the root is in the network' network_hooks 'quiet' 'nfs:10.0.0.1:/root'
    check 'network: so waiting is needed' none "$flag"
    check 'network: rd.neednet=0 on the command line' network_hooks 'rd.neednet=0'
    check 'network: wins' none "$flag" "$default"
    not_needed=yes check 'network: not needed' network_hooks 'quiet'
    check 'network: nobody is asked' none "$t/etc/cmdline.d/20-cexluks.conf" "$flag" "$default"

    cp "$top/dracut/91cexluks-late/cexluks-names.sh" "$t/run/"
    check 'names: nobody knows a server, so whoever asks hears it at once' names_are 'options timeout:0 attempts:1'
    mkdir -p "$t/run/systemd/netif"
    printf '%s\n' 'OPER_STATE=routable' 'DNS=10.0.2.3 fe80::1 2001:db8::53#dns.example 192.0.2.1:99 [::1]:53 fec0::3%eth0 9.9.9.9' \
        'DOMAINS=a.example' > "$t/run/systemd/netif/state"
    check 'names: those that have a place in resolv.conf' \
        names_are 'nameserver 10.0.2.3' 'nameserver 2001:db8::53' 'nameserver 9.9.9.9' 'options timeout:2 attempts:2'
    # shellcheck disable=SC2016 # nobody is to expand it
    printf '%s\n' 'DNS=10.0.2.3\nnameserver 6.6.6.6;$(x) evil.example' > "$t/run/systemd/netif/state"
    check 'names: and nothing else' names_are 'options timeout:0 attempts:1'
    check 'names: all who ask may read them' mode_is 644 "$t/run/cexluks-names/resolv.conf"
fi

summary
