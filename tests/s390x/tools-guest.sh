#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tools.sh's half inside of the virtual machine: its first and only process.
# shellcheck source=tests/softcex/guest.sh
source /host/guest.sh

hostname s390x
mkdir -p /etc/cexluks
printf '127.0.0.1 localhost\n' >/etc/hosts

# A run that prints what it got, for whoever looks at the log.
show() {
    echo "# \$ $*"
    "$@" 2>&1 | sed 's/^/#   /'
}

# The helper prints master keys below the same table; requests differ, because both ask the cards.
table() {
    sed -n '1,/^$/p' | sed -E '/^$/d; s/ +$//' | awk '{ if (NR > 2) $5 = ($5 == "-") ? "-" : "n"; print }' FS=' {1,}'
}

# same_table STATE: does the helper show what lszcrypt shows?
same_table() {
    local theirs ours
    theirs="$(lszcrypt -V 2>&1)"
    ours="$(cexluks cards -V 2>&1)"
    printf '%s\n' "$theirs" "$ours" | sed 's/^/#   /'
    is "cexluks cards -V is lszcrypt -V: $1" "$(table <<<"$theirs")" "$(table <<<"$ours")"
}

test_unit() {
    local test dir
    modprobe algif_skcipher
    cd /host || return
    mkdir -p /home /root
    for test in unit/*/test-*; do
        dir="/run/$(basename "$test")"
        if "$test" </dev/null >"$dir" 2>&1; then
            ok "$test: $(grep -c '^\[       OK \]' "$dir") tests$(grep -i -m 1 '^skip:' "$dir" | sed 's/^/, /')"
        else
            sed 's/^/    /' "$dir"
            not_ok "$test"
        fi
    done
    cd /run || return
}

test_lszcrypt() {
    plug
    show lszcrypt -V
    show lszcrypt -b
    show lszcrypt -d
    show lszcrypt -c 00.0047
    same_table 'as plugged in'
    turn 'offline,00.0047'
    same_table 'a queue offline'
    turn 'online,00.0047;deconfig,00'
    same_table 'a card not configured'
    turn 'config,00;online,00;driver,00.0048,vfio,in_use;driver,01.0047,none'
    same_table 'one queue in use by a guest, one without driver'
    turn 'driver,00.0048,cex;driver,01.0047,cex;chkstop,01'
    same_table 'a card broken'
    turn 'chkstop,01,0'
    works 'chzcrypt sets a card offline' chzcrypt -d 00
    is 'chzcrypt: it is' 0 "$(<$ap/devices/card00/online)"
    works 'chzcrypt sets it online' chzcrypt -e 00
}

# What of a luksDump must be alike: not sums, salts, numbers of iterations.
shape() {
    cryptsetup luksDump "$1" | sed -nE 's/^[ \t]*(cipher|sector|Cipher|Cipher key|offset|Key|[0-9]+: paes-verification-pattern)(: ?|$)[ \t]*/\1: /p' | sort -u
}

# The repository that both take when nothing names another.
repository=/etc/zkey/repository

zkey_is_here() {
    type -P zkey >/dev/null && return
    echo "skipped - $1: Debian builds s390-tools without zkey, and apt has not its source package (S390_TOOLS=DIR names one)"
    return 1
}

test_zkey() {
    local name one two
    zkey_is_here zkey || return
    install -d -m 0770 "$repository"
    one="$(disk one)"
    plug
    show zkey --version
    works 'zkey generate: CCA-AESCIPHER' zkey generate --name cipher --key-type CCA-AESCIPHER --xts --keybits 256 \
        --apqns 00.0047,00.0048 --volumes "$one:one" --sector-size 4096
    works 'zkey generate: CCA-AESDATA' zkey generate --name data --key-type CCA-AESDATA --xts --keybits 256
    works 'zkey generate: EP11-AES' zkey generate --name ep11 --key-type EP11-AES --xts --keybits 256
    show zkey list
    for name in cipher data ep11; do
        works "zkey validate: $name" zkey validate --name "$name"
    done
    show zkey validate --name cipher

    # zkey's documented flow, which the helper's "format" is to replace
    show zkey cryptsetup --volumes "$one" --key-file /host/passphrase
    works 'zkey cryptsetup --run' zkey cryptsetup --volumes "$one" --key-file /host/passphrase --run --batch-mode
    show cryptsetup luksDump "$one"
    works 'zkey-cryptsetup validate' zkey-cryptsetup validate "$one" --key-file /host/passphrase
    works 'zkey-cryptsetup setvp, again' zkey-cryptsetup setvp "$one" --key-file /host/passphrase
    works 'cryptsetup open' cryptsetup open --type luks2 --key-file /host/passphrase "$one" one
    show dmsetup table one
    works 'what is written' cp /usr/bin/cexluks /dev/mapper/one
    works 'the volume is closed' cryptsetup close one
    works 'the volume is opened again' cryptsetup open --type luks2 --key-file /host/passphrase "$one" one
    works 'is read' cmp -n 100000 /usr/bin/cexluks /dev/mapper/one
    fails 'and is not there in clear' bash -c "dd if=$one bs=1M skip=16 count=1 status=none | cmp -s -n 64 - /usr/bin/cexluks"
    works 'cexluks pattern verify believes zkey' cexluks pattern verify "$one" --key-file /host/passphrase
    cryptsetup close one

    # a new master key, without and with the old one
    turn 'rotate,00,second'
    show zkey validate --name cipher
    is 'zkey sees the OLD master key' 'OLD master key' "$(zkey validate --name cipher | grep -m 1 -o 'OLD master key')"
    works 'the volume still opens' cryptsetup open --type luks2 --key-file /host/passphrase "$one" one
    cryptsetup close one
    turn 'rotate,00,third'
    is 'zkey knows that the key is lost' '0 keys are valid, 1 keys are invalid' \
        "$(zkey validate --name cipher 2>&1 | grep -oE '[0-9]+ keys are valid, [0-9]+ keys are invalid')"
    fails 'so is the volume' cryptsetup open --type luks2 --key-file /host/passphrase "$one" one
}

test_both() {
    local one two found
    zkey_is_here 'keys of one program in the other' || return
    install -d -m 0770 "$repository"
    one="$(disk one)" two="$(disk two)"
    plug
    # ours into theirs
    works 'cexluks keygen' cexluks keygen --name ours --xts --keybits 256 --key-type CCA-AESCIPHER --apqns 00.0047,00.0048 \
        --volumes "$two:two" --sector-size 4096 --description 'made by cexluks'
    works 'cexluks keygen: CCA-AESDATA' cexluks keygen --name ours-data --xts --key-type CCA-AESDATA
    works 'cexluks keygen: EP11-AES' cexluks keygen --name ours-ep11 --xts --key-type EP11-AES
    show cat "$repository/ours.info"
    show zkey validate --name ours
    for name in ours ours-data ours-ep11; do
        works "zkey validate: $name" zkey validate --name "$name"
    done
    works 'zkey generate, as ours' zkey generate --name theirs --xts --keybits 256 --key-type CCA-AESCIPHER --apqns 00.0047,00.0048 \
        --volumes "$(disk three):two" --sector-size 4096 --description 'made by zkey'
    is 'both write the same lines' "$(sed 's/=.*//' "$repository/theirs.info")" "$(sed 's/=.*//' "$repository/ours.info")"
    is 'the files have the same modes' "$(stat -c '%a' "$repository"/theirs.*)" "$(stat -c '%a' "$repository"/ours.skey "$repository"/ours.info)"
    works 'zkey changes an entry of ours' zkey change --name ours --description 'changed by zkey'
    works 'zkey renames it' zkey rename --name ours --new-name renamed
    works 'zkey copies it' zkey copy --name renamed --new-name ours
    works 'zkey cryptsetup --run with a key of ours' zkey cryptsetup --volumes "$two" --key-file /host/passphrase --run --batch-mode
    works 'zkey-cryptsetup validate' zkey-cryptsetup validate "$two" --key-file /host/passphrase

    # theirs into ours
    works 'cexluks format with a key of zkey' cexluks format "$one" --zkey-name theirs --key-file /host/passphrase --force
    show cryptsetup luksDump "$one"
    is 'it has the shape that zkey gives' "$(shape "$two")" "$(shape "$one")"
    works 'zkey-cryptsetup validate: what cexluks formatted' zkey-cryptsetup validate "$one" --key-file /host/passphrase
    found="$(zkey-cryptsetup validate "$one" --key-file /host/passphrase)"
    is 'the verification pattern is what zkey noted' "$(sed -n 's/^verification-pattern=//p' "$repository/theirs.info")" \
        "$(grep -A 1 'Verification pattern' <<<"$found" | grep -oE '[0-9a-f]{32}' | tr -d '\n')"
    works 'zkey-cryptsetup setvp on it' zkey-cryptsetup setvp "$one" --key-file /host/passphrase
    works 'cexluks pattern verify after that' cexluks pattern verify "$one" --key-file /host/passphrase
    works 'cryptsetup open' cryptsetup open --type luks2 --key-file /host/passphrase "$one" one
    cryptsetup close one
}

test_card() {
    local one
    one="$(disk one)"
    plug
    printf '[cexluks]\n' >/etc/cexluks/cexluks.conf
    chmod 0600 /etc/cexluks/cexluks.conf
    works 'cexluks format --bind card' cexluks format "$one" --key-file /host/passphrase --bind card --force
    show cexluks list "$one"
    is 'it names the lock' 'card alone' "$(cexluks list "$one" | grep -m 1 -o 'card alone')"
    works 'cexluks open' cexluks open "$one" one
    is 'the mapping has the secure key' 'paes-xts-plain64 :272:logon' "$(dmsetup table one | cut -d ' ' -f 4,5 | cut -d : -f 1-3)"
    works 'cexluks close' cexluks close one
    works 'cryptsetup opens it too' cryptsetup open --type luks2 --key-file /host/passphrase "$one" one
    cryptsetup close one
    turn 'offline,00'
    show cexluks open "$one" one --timeout 5
    is 'with the card offline it says so' 'card-offline' "$(cexluks open "$one" one --timeout 5 2>&1 | grep -m 1 -o 'card-offline')"
    fails 'and nothing is open' dmsetup info one
}

# --- main -------------------------------------------------------------------------------------------------

modprobe virtio_blk
load_drivers aes_s390 xts dm_crypt ext4
for scenario in unit lszcrypt zkey both card; do
    [[ $(</proc/cmdline) =~ tools-only=([a-z_,]+) && ,${BASH_REMATCH[1]}, != *,"$scenario",* ]] && continue
    echo "# $scenario"
    started=$SECONDS
    "test_$scenario"
    works "$scenario: everything unloads" unplug
    kernel_troubles >/run/oops
    is "$scenario: nothing alarming in the kernel log" '' "$(</run/oops)"
    echo "# $scenario took $((SECONDS - started)) s"
done
all_done
