#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the guides give to installers, as it stands in them, in roots that are this machine's with a few files laid over it: the
# scripts of docs/guides/kickstart.md where Anaconda has been, the unit of docs/guides/ignition.md on a volume like Ignition's.
# dracut and zipl are stand-ins that write down how they were called.
if [[ -z ${CEXLUKS_TEST_NAMESPACE-} && $EUID -eq 0 ]] && unshare -m true 2>/dev/null; then
    CEXLUKS_TEST_NAMESPACE=1 exec unshare -m --propagation private "${BASH_SOURCE[0]}" "$@"
fi
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'installers' cryptsetup jq curl chroot systemd-analyze /usr/bin/python3
# shellcheck source=tests/integration/laid-over.sh
source tests/integration/laid-over.sh
# shellcheck source=tests/image/tree.sh
source tests/image/tree.sh
# shellcheck source=tests/guide.sh
source tests/guide.sh

sim_start --instance prod=key-protect || exit 1
system="$ROOM/system" disk="$ROOM/disk" medium="$ROOM/medium"

# new_system: the root of a machine whose disk /dev/dasda2 is the file $disk, with what we install
new_system() {
    local program
    mkdir -p "$ROOM/tree"/{usr/sbin,usr/bin,root}
    cp "$CEXLUKS" "$ROOM/tree/usr/sbin/cexluks"
    for program in dracut zipl; do
        printf '#!/bin/sh\necho "%s $*" >>/tmp/called\n' "$program" >"$ROOM/tree/usr/bin/$program"
        chmod 755 "$ROOM/tree/usr/bin/$program"
    done
    laid_over "$system" "$ROOM/tree" || return
    tree_container_dev "$system"
    mkdir -p "$system/dev/disk/by-uuid"
    : >"$system/dev/dasda2"
    mount --bind "$disk" "$system/dev/dasda2"
    printf 'inst.repo=hd:LABEL=site inst.ks=hd:LABEL=site:/ks.cfg ip=enc600:dhcp\n' >"$ROOM/cmdline"
    mount --bind "$ROOM/cmdline" "$system/proc/cmdline"
}

uuid=96fa7ba7-5229-4f32-a9d3-849404febb0e
kickstart_passphrase="$(sed -nE 's/^ +autopart .*--passphrase=([^ ]+)$/\1/p' docs/guides/kickstart.md)"
printf %s "$kickstart_passphrase" >"$ROOM/kickstart-passphrase"

# As blivet calls cryptsetup, but for the cost of the passphrase, and as pyanaconda writes crypttab and fstab.
truncate -s 24M "$disk"
cryptsetup luksFormat -q --type luks2 --cipher aes-xts-plain64 --key-size 512 --pbkdf argon2id --pbkdf-force-iterations 4 \
    --pbkdf-memory 32768 --uuid "$uuid" "$disk" "$ROOM/kickstart-passphrase"
if ! new_system; then
    skip 'installers: needs root, namespaces and overlays'
    summary
fi
ln -s ../../dasda2 "$system/dev/disk/by-uuid/$uuid"
printf 'luks-%s UUID=%s none discard\n' "$uuid" "$uuid" >"$system/etc/crypttab"
printf '/dev/mapper/luks-%s / xfs defaults,x-systemd.device-timeout=0 0 0\n' "$uuid" >"$system/etc/fstab"

# The medium's folder, with the paths of the new system.
mkdir -p "$medium/cexluks"
sim_conf prod key-protect | sed 's,^api-key.*,api-key = file:/etc/cexluks/prod.api-key,; s,^ca-file.*,ca-file = /etc/cexluks/ca.pem,' \
    >"$medium/cexluks/cexluks.conf"
cp "$SIM_CA" "$medium/cexluks/ca.pem"
cp "$SIM_API_KEY_FILE" "$medium/cexluks/prod.api-key"

kickstart() { # as run: in a namespace of its own, which leaves the files
    (unshare -m --propagation private bash -c 'source tests/guide.sh && kickstart_run "$@"' - "$system" "$medium") \
        >"$ROOM/out" 2>"$ROOM/err" </dev/null
    status=$?
    out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
    sane "$ROOM/err" kickstart
}

kickstart
expect 'kickstart: the sections of the guide run to their end' 0 "/dev/disk/by-uuid/$uuid" 'the next boot: ok: 1 of 1'
check 'kickstart: the volume has a binding' same "$(tokens "$disk" '[.[].profile]')" '["prod"]'
run pass "$disk" kms:prod --sysroot "$system" </dev/null
check 'kickstart: which opens it' opens "$disk" "$ROOM/out"
check 'kickstart: beside the passphrase of the kickstart file' opens "$disk" "$ROOM/kickstart-passphrase"
check 'kickstart: image, then boot record' same "$(<"$system/tmp/called")" $'dracut --force --regenerate-all\nzipl '
check 'kickstart: of the passphrase nothing is left' not grep -rqsF --exclude=ks-script "$kickstart_passphrase" "$system.own/upper"
check 'kickstart: configuration and API key are for root alone' same \
    "$(stat -c %a "$system"/etc/cexluks/{cexluks.conf,prod.api-key} | tr '\n' ' ')" '600 600 '

# What the guide says of the first boot: another passphrase, without the prompts.
line="$(sed -n 's/^    \(cryptsetup luksChangeKey\) \/dev\/dasda2$/\1/p' docs/guides/kickstart.md)"
printf 'written down' >"$ROOM/new"
check 'kickstart: the passphrase is changed' bash -c "${line:?} -q --pbkdf-force-iterations 4 --pbkdf-memory 32768 \
    --key-file '$ROOM/kickstart-passphrase' '$disk' '$ROOM/new'"
check 'kickstart: that of the file opens no more' not opens "$disk" "$ROOM/kickstart-passphrase"
run pass "$disk" kms:prod --sysroot "$system" </dev/null
check 'kickstart: the binding does' opens "$disk" "$ROOM/out"

# An installation that could not boot unattended ends.
sim_listener prod down
rm "$system/tmp/called"
kickstart
check 'kickstart: without the service the installation ends' not same "$status" 0
check 'kickstart: and no image is made' not test -e "$system/tmp/called"
sim_listener prod up

# Why the guide warns: so much for "--cipher=paes-xts-plain64".
clear="$ROOM/clear"
truncate -s 24M "$clear"
cipher="$(grep -o -m 1 'cipher=paes[a-z0-9-]*' docs/guides/kickstart.md)"
cryptsetup luksFormat -q --type luks2 "--${cipher:?}" --key-size 512 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$clear" \
    "$ROOM/kickstart-passphrase"
run bind "$clear" card --key-file "$ROOM/kickstart-passphrase" </dev/null
expect "kickstart: with that cipher no card protects the volume" 38 not-a-secure-key

# --- Ignition ---------------------------------------------------------------------------------------------------------

# from_yaml: YAML as JSON; only what a boolean or a text is differs between versions of YAML, and the page has plain ones
from_yaml() {
    /usr/bin/python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)'
}
butane_errors() { # [JQ-FILTER]: of the page's configuration, changed by the filter
    jq "${1:-.}" "$ROOM/butane" | jq -c -f tests/butane.jq
}
guide_block docs/guides/ignition.md butane | from_yaml >"$ROOM/butane"
check 'ignition: the configuration is one of Fedora CoreOS 1.6.0' same "$(butane_errors)" '[]'
for change in '.boot_device.luks.cecs = {}' '.boot_device.layout = "s390x"' '.boot_device.luks.device = "/dev/sda"' \
    'del(.kernel_arguments)' '.boot_device.luks.tpm2 = true' '.systemd.units[0].name = "first-boot"' '.systemd.unit = []' \
    '.version = "1.5.0"' '.boot_device.luks.cex.enabled = "yes"' '.systemd.units[0].contents |= sub("\\[Install\\]"; "")'; do
    check "ignition: one with $change is not" not same "$(butane_errors "$change")" '[]'
done

unit="$system/etc/systemd/system/$(jq -r '.systemd.units[0].name' "$ROOM/butane")"
mkdir -p "${unit%/*}"
jq -r '.systemd.units[0].contents' "$ROOM/butane" >"$unit"
check 'ignition: systemd understands the unit' same "$(chroot "$system" systemd-analyze verify "${unit#"$system"}" 2>&1)" ''

with_card="$B/tests/faults/with-card" # the helper with a card of its own
if [[ ! -x $with_card ]]; then
    skip "ignition: $B has no helper with a card of its own"
    summary
fi
cp "$with_card" "$system/usr/sbin/cexluks"
mount -t tmpfs tmpfs "$system/sys"
cp -r tests/fixtures/sysfs/two-cards-one-offline/sys/. "$system/sys/"
export FAULTS_CARD=current ASAN_OPTIONS=detect_leaks=0

# As Ignition calls zkey and cryptsetup; the pattern is zkey's.
mkdir -p "$system/etc/luks"
printf 'a passphrase that everybody can read in the image\n' >"$system/etc/luks/cex.key"
"$with_card" keygen "$ROOM/secure-key" --xts --sysroot "$system" >"$ROOM/out" 2>&1 || cat "$ROOM/out"
truncate -s 0 "$disk"
truncate -s 24M "$disk"
cryptsetup luksFormat -q --type luks2 --key-file "$system/etc/luks/cex.key" --label luks-root --pbkdf pbkdf2 \
    --pbkdf-force-iterations 1000 --volume-key-file "$ROOM/secure-key" --cipher paes-xts-plain64 \
    --key-size $((8 * $(stat -c %s "$ROOM/secure-key"))) "$disk"
"$with_card" pattern set "$disk" --key-file "$system/etc/luks/cex.key" --sysroot "$system" >"$ROOM/out" 2>&1 || cat "$ROOM/out"
mkdir -p "$system/dev/disk/by-label"
ln -s ../../dasda2 "$system/dev/disk/by-label/luks-root"
guide_says() { # PAGE: its indented lines with a configuration
    sed -n 's/^    \(\[cexluks\]\|require = .*\)$/\1/p' "docs/guides/$1.md"
}
guide_says ignition >"$system/etc/cexluks/cexluks.conf"

there() { # COMMAND: as run, in the new system
    chroot "$system" /bin/sh -c "$1" >"$ROOM/out" 2>"$ROOM/err" </dev/null
    status=$?
    out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
    sane "$ROOM/err" "$1"
}
unit_runs() { # what systemd would do: each command, up to the first that fails
    local command
    chroot "$system" test -e "$(sed -n 's/^ConditionPathExists=//p' "$unit")" || return 0
    while IFS= read -r command <&9; do
        there "$command"
        [[ $status -eq 0 ]] || return 0
    done 9< <(sed -n 's/^ExecStart=//p' "$unit")
}
unit_runs
expect 'ignition: the unit binds the volume' 0 'lock: card alone' 'card (token'
before="$(digest "$disk")"
unit_runs
expect 'ignition: and at the next boot does nothing' 0 'lock: card alone'
unchanged 'ignition: indeed' "$disk" "$before"
guide="$(sed -n '/^## After the second boot$/,/^## /s/^    //p' docs/guides/ignition.md)"
for line in 'cexluks list' 'cryptsetup luksRemoveKey' 'rm /etc'; do
    there "$(grep "^$line" <<<"$guide" | sed 's/^cryptsetup luksRemoveKey/& -q/')"
    expect "ignition: $line" 0
done
check 'ignition: with these, the public passphrase is gone' same "$(header_json "$disk" | jq -c '.keyslots | keys')" '["1"]'
run pass "$disk" card --sysroot "$system" </dev/null
check 'ignition: and the binding has a passphrase that opens' opens "$disk" "$ROOM/out"
unit_runs
expect 'ignition: and the unit is not run any more' 0

cp "$ROOM/kickstart-passphrase" "$system/etc/luks/cex.key"
cp "$clear" "$disk"
unit_runs
expect 'ignition: a volume without a secure key is refused' 38 not-a-secure-key

# --- guides for machines with a card ----------------------------------------------------------------------------------

: >"$system/dev/pkey"
for disk_name in dasdb2 dasdc1; do
    truncate -s 24M "$ROOM/$disk_name"
    : >"$system/dev/$disk_name"
    mount --bind "$ROOM/$disk_name" "$system/dev/$disk_name"
done
cp "$(key_file)" "$system/root/passphrase"

indented() { # PAGE: what a reader types there; what is in fenced blocks is tried elsewhere
    # shellcheck disable=SC2016 # fences
    sed '/^```/,/^```$/d' "docs/guides/$1.md" | sed -n 's/^    //p'
}

types() { # STATUS PART…: $line, with $option behind it
    there "$line${option:+ $option}"
    expect "$page: $line" "$@"
}

follow() { # PAGE: each line is typed here, or it is named as one that can't be
    local page=$1 line option
    while IFS= read -r line <&9; do
        option=''
        case "$page $line" in
            'bootc cexluks format /dev/dasdb2 --bind card --recovery-key')
                types 0 'recovery key' 'lock: card alone' 'UUID '
                cp "$ROOM/dasdb2" "$ROOM/by-card"
                ;;
            'bootc cexluks open '* | bootc\ m* | 'bootc podman '*) ;; # no device mapper, no podman
            'bootc api-key = header:') # another machine, whose volume has no card binding
                sim_conf prod key-protect | sed "s,^api-key.*,$line,; s,^ca-file.*,ca-file = /etc/cexluks/ca.pem," \
                    >>"$system/etc/cexluks/cexluks.conf"
                printf 'root /dev/dasdb2 none luks\n' >"$system/etc/crypttab"
                cp "$SIM_API_KEY_FILE" "$system/root/prod.api-key"
                there 'cexluks format /dev/dasdb2 --force --recovery-key'
                head -n 1 <<<"$out" | tr -d '\n' >"$system/root/recovery-key"
                ;;
            'bootc cexluks credential seal '*)
                types 0 'ok: '
                rm "$system/root/prod.api-key" "$system/etc/cexluks/prod.api-key"
                ;;
            'bootc cexluks bind '*)
                option='--key-file /root/recovery-key'
                types 0 'opens with kms:prod'
                ;;
            'kdump cexluks bind '*)
                there 'cexluks format /dev/dasdc1 --key-file /root/passphrase'
                option='--key-file /root/passphrase'
                types 0 'opens with card'
                ;;
            'kdump dracut_args '* | 'kdump kdumpctl '* | 'kdump lsinitrd '* | 'kdump echo c '*) ;;
            'live-migration cexluks cards --json '*) types 0 ;;
            'live-migration cexluks check --cards '*)
                types 0 '1 of 1 volumes would open'
                sed s/0123456789abcdef/fedcba9876543210/g "$system/root/cards.json" |
                    jq '.cards |= map(select(.status == "online"))' >"$ROOM/cards.json"
                cp "$ROOM/cards.json" "$system/root/cards.json"
                there "$line"
                expect 'live-migration: a target with another master key' 36 master-key-unknown
                ;;
            'live-migration cexluks cards') types 0 'AES CUR  valid       0x0123456789abcdef' ;;
            'live-migration cexluks list '*) types 0 paes-xts-plain64 'lock: card alone' ;;
            'live-migration cexluks check') types 0 '1 of 1 volumes would open' ;;
            *) not_ok "$page: a test types: $line" ;;
        esac
    done 9< <(indented "$page")
}

follow bootc
follow kdump
cp "$ROOM/by-card" "$disk"
guide_says ignition >"$system/etc/cexluks/cexluks.conf"
printf 'root /dev/dasda2 none luks\n' >"$system/etc/crypttab"
follow live-migration

# --- words of the kernel command line ---------------------------------------------------------------------------------

known="$(run help --table cmdline </dev/null; cut -f1 <<<"$out")"
check 'each rd.cexluks word in a guide is one that the helper knows' not grep -vxF "$known" \
    <<<"$(grep -ohE 'rd\.cexluks(\.[a-z]+)*' docs/guides/*.md | sort -u)"

words="$(indented ibm-z | grep '^ip=')"
mkdir -p "$system/run/systemd/network"
there "/usr/lib/systemd/systemd-network-generator -- $words"
network="$(cat "$system"/run/systemd/network/*)"
check 'ibm-z: a fixed address is what the words say' contains "$network" Name=enc600 Address=192.0.2.10/24 192.0.2.1 DNS=192.0.2.53 \
    'DHCP=no' site1
summary
