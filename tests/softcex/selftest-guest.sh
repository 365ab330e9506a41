#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The self test's half inside of the virtual machine: its first and only process. Prints "ok - …" and "not ok - …" on
# the console, and powers off. What the host prepared is in /host: keys, patterns, names of disks.
#
# One scenario is one function; each gets a card freshly plugged in, so all of them also test unloading.
# shellcheck source=tests/softcex/guest.sh
source /host/guest.sh

# elapsed SINCE TEST: of whole seconds, "-ge 3"
elapsed() {
    test "$(awk "BEGIN { print int($EPOCHREALTIME - $1) }")" "$2" "$3"
}

# as lszcrypt -V shows a device: TYPE MODE STATUS REQUESTS HWTYPE QDEPTH FUNCTIONS DRIVER
row() {
    local dev="$ap/devices/$1" card="$ap/devices/card${1:0:2}" f functions='' mode=Unknown status=- i letters=SMCDAXNHFR
    [[ $1 == card* ]] && card="$dev"
    f=$(($(<"$dev/ap_functions")))
    if ((f & 0x10000000)); then mode=CCA-Coproc; elif ((f & 0x8000000)); then mode=Accelerator; elif ((f & 0x4000000)); then
        mode=EP11-Coproc
    fi
    if [[ $(<"$dev/config") == 0 ]]; then status=deconfig; elif [[ $(<"$dev/chkstop") == 1 ]]; then status=chkstop; elif
        [[ -e $dev/online ]]
    then
        if [[ $(<"$dev/online") == 1 ]]; then status=online; else status=offline; fi
    elif [[ -e $dev/status ]]; then status=$(<"$dev/status"); fi
    for ((i = 0; i < ${#letters}; i++)); do
        if ((f & (0x80000000 >> i))); then functions+=${letters:i:1}; else functions+=-; fi
    done
    printf '%s %s %s %s %s %s %02d %s %s\n' "$1" "$(cat "$card/type" 2>/dev/null || echo -)" "$mode" "$status" \
        "$(<"$dev/request_count")" "$(<"$card/hwtype")" "$(($(<"$card/depth") + 1))" "$functions" \
        "$(basename -- "$(readlink "$dev/driver" || echo -no-driver-)")"
}

open_volume() {
    cryptsetup open --type luks2 --key-file /host/passphrase "$@"
}

witness() {
    local found
    mount -t ext4 -o ro "/dev/mapper/$1" /mnt || return
    found="$(</mnt/witness)"
    umount /mnt
    [[ $found == 'the data volume' ]]
}

read_direct() {
    dd if="/dev/mapper/$1" of=/dev/null bs=64k count=4 iflag=direct status=none
}

# volume TITLE DISK [OPTION]…: opens, shows its plaintext, closes
volume() {
    local title="$1" disk="$2"
    shift 2
    works "$title opens" open_volume "$@" "$disk" v
    works "$title shows the right plaintext" witness v
    cryptsetup close v
}

# --- scenarios --------------------------------------------------------------------------------------------

test_bus() {
    udevadm monitor --kernel --property --subsystem-match=ap >/run/uevents 2>&1 &
    local monitor=$! said
    sleep 1
    plug
    said="$(dmesg | grep -c 'TEST DEVICE')"
    is 'the kernel log says that it is a test device' 1 "$said"
    sleep 0.5
    kill "$monitor"
    wait "$monitor" 2>/dev/null
    is 'bus: cards and queues, as lszcrypt finds them' "$(printf '%s ' 00.0047 00.0048 01.0047 card00 card01)" \
        "$(cd $ap/devices && echo *) "
    until_true bindings_complete
    is 'bus: bindings' '3/3 (complete)' "$(<$ap/bindings)"
    is 'bus: scans' 1 "$(<$ap/scans)"
    echo 1 >$ap/scans
    is 'bus: writing scans scans' 2 "$(<$ap/scans)"
    is 'bus: default domain' 71 "$(<$ap/ap_domain)"
    is 'bus: usage mask' "0x00000000000000000180000000000000$(printf '0%.0s' {1..32})" "$(<$ap/ap_usage_domain_mask)"
    is 'queues are below their cards in /sys/devices/ap too' 2 "$(echo /sys/devices/ap/card00/00.* | wc -w)"
    is 'CCA card' 'card00 CEX8C CCA-Coproc online 0 14 08 S--D--N-F- cex4card' "$(row card00)"
    is 'CCA queue' '00.0047 CEX8C CCA-Coproc online 0 14 08 S--D--N-F- cex4queue' "$(row 00.0047)"
    is 'EP11 card' 'card01 CEX8P EP11-Coproc online 0 14 08 S----XN-F- cex4card' "$(row card01)"
    is 'EP11 card: API, firmware, serial number' '6 8.1 SOFTCEX000000001' \
        "$(cd $ap/devices/card01 && echo "$(<API_ordinalnr)" "$(<FW_version)" "$(<serialnr)")"
    is 'CCA card: serial number' SOFT0000 "$(<$ap/devices/card00/serialnr)"
    is 'CCA master keys' \
        "$(printf 'AES NEW: empty 0x%016d\nAES CUR: valid 0x%s\nAES OLD: invalid 0x%016d' 0 "$(</host/pattern-cca)" 0)" \
        "$(grep ^AES $ap/devices/00.0047/mkvps)"
    is 'CCA master keys: as many lines as a new kernel prints' 9 "$(wc -l <$ap/devices/00.0047/mkvps)"
    is 'EP11 master keys' "$(printf 'WK CUR: valid 0x%s\nWK NEW: empty -' "$(</host/pattern-ep11)")" \
        "$(<$ap/devices/01.0047/mkvps)"
    is 'reading master keys counts as requests' '00.0047 CEX8C CCA-Coproc online 2 14 08 S--D--N-F- cex4queue' "$(row 00.0047)"
    is "uevent of a card" 'DRIVER=cex4card DEV_TYPE=000E MODALIAS=ap:t0E MODE=cca' \
        "$(grep -v DEVTYPE $ap/devices/card00/uevent | xargs)"
    is "uevent of a queue names its mode, as Ignition wants it" 1 "$(grep -c '^MODE=cca$' $ap/devices/00.0047/uevent)"
    for said in INITSCAN=done BINDINGS=complete COMPLETECOUNT=1; do
        is "uevent $said" 1 "$(grep -c "^$said$" /run/uevents)"
    done
    for said in /dev/pkey /sys/module/pkey /sys/module/pkey_cca /sys/module/zcrypt_cex4 /sys/module/paes_s390; do
        works "$said is there" test -e "$said"
    done
    is '/dev/pkey is for everybody' 666 "$(stat -c %a /dev/pkey)"
    is 'ciphers' 'cbc(paes) ctr(paes) ecb(paes) xts(paes)' \
        "$(sed -n 's/^name *: \(.*(paes)\)$/\1/p' /proc/crypto | sort | xargs)"
}

test_ioctls() {
    local type
    plug
    is 'GENSECK2: AESDATA' '64 bytes' "$(probe generate 1 256 0 00.0047 d)"
    is 'GENSECK2: AESCIPHER' '136 bytes' "$(probe generate 2 256 0 00.0047 c)"
    is 'GENSECK2: EP11, old style' '320 bytes' "$(probe generate 3 256 0 01.0047 e3)"
    is 'GENSECK2: EP11' '336 bytes' "$(probe generate 6 256 0 01.0047 e6)"
    is 'GENSECK2: any card' '136 bytes' "$(probe generate 2 128 0 any c128)"
    is 'GENSECK2: the second queue when the first is absent' '136 bytes' "$(probe generate 2 256 0 00.0099,00.0048 c2)"
    is 'GENSECK2: CCA key on an EP11 card' 'errno ENODEV' "$(probe generate 2 256 0 01.0047 x)"
    is 'GENSECK2: no such queue' 'errno ENODEV' "$(probe generate 2 256 0 05.0001 x)"
    is 'GENSECK2: no such size' 'errno EINVAL' "$(probe generate 2 512 0 00.0047 x)"
    is 'GENSECK2: no such type' 'errno EINVAL' "$(probe generate 4 256 0 00.0047 x)"
    is 'GENSECK2: default export control' 08c8 "$(od -An -tx1 -j50 -N2 c | tr -d ' \n')"
    probe generate 2 256 0xf8c8 00.0047 x >/dev/null
    is 'GENSECK2: everything exportable, as zkey --exportable' f800 "$(od -An -tx1 -j50 -N2 x | tr -d ' \n')"
    probe generate 2 256 0 00.0047 x >/dev/null
    fails 'GENSECK2: never the same key twice' cmp -s c x
    is 'VERIFYKEY2: AESDATA' '00.0047 type 1 size 256 flags 2' "$(probe verify d)"
    is 'VERIFYKEY2: AESCIPHER' '00.0047 type 2 size 256 flags 2' "$(probe verify c)"
    is 'VERIFYKEY2: a given queue' '00.0048 type 2 size 128 flags 2' "$(probe verify c128 00.0048)"
    is 'VERIFYKEY2: EP11, old style' '01.0047 type 3 size 256 flags 2' "$(probe verify e3)"
    is 'VERIFYKEY2: EP11' '01.0047 type 6 size 256 flags 2' "$(probe verify e6)"
    is 'VERIFYKEY2: a wrong queue' 'errno ENODEV' "$(probe verify e6 00.0047)"
    is 'VERIFYKEY2: truncated' 'errno EINVAL' "$(probe verify <(head -c 100 c))"
    is 'VERIFYKEY2: not a token' 'errno EINVAL' "$(probe verify /host/passphrase)"
    is 'VERIFYKEY2: both halves at once are no token' 'errno EINVAL' "$(probe verify <(cat c c2))"
    is 'VERIFYKEY2: made on the host' '00.0047 type 2 size 256 flags 2' "$(probe verify <(head -c 136 /host/aescipher.key))"
    is 'APQNS4K: CCA' '00.0047 00.0048' "$(probe apqns c 6)"
    is 'APQNS4K: flags 0' '00.0047 00.0048' "$(probe apqns c 0)"
    is 'APQNS4K: EP11' 01.0047 "$(probe apqns e6 2)"
    is 'APQNS4K: EP11 knows no old key' 'errno EINVAL' "$(probe apqns e6 6)"
    is 'APQNS4K: only OLD' 'errno ENODEV' "$(probe apqns c 4)"
    is 'APQNS4K: how many; no room' '2, then 2 errno ENOSPC' "$(probe sizes c)"
    is 'APQNS4KT: AESCIPHER' '00.0047 00.0048' "$(probe apqns-type 2)"
    is 'APQNS4KT: EP11' 01.0047 "$(probe apqns-type 6)"
    is 'APQNS4KT: by pattern' '00.0047 00.0048' "$(probe apqns-type 2 "$(</host/pattern-cca)")"
    is 'APQNS4KT: by another pattern' 'errno ENODEV' "$(probe apqns-type 2 0123456789abcdef)"
    for type in d c e3 e6; do
        is "KBLOB2PROTK3: $type" 'type 3, 64 bytes' "$(probe protect $type p.$type)"
    done
    is 'KBLOB2PROTK3: AES-128' 'type 1, 48 bytes' "$(probe protect c128)"
    is 'KBLOB2PROTK3: a protected key again' 'type 3, 64 bytes' "$(probe protect p.c)"
    cp c damaged
    printf '\xff' | dd of=damaged bs=1 seek=100 conv=notrunc status=none
    is 'damage in the payload: verifies, as on a real card' '00.0047 type 2 size 256 flags 2' "$(probe verify damaged)"
    is 'damage in the payload: no protected key' 'errno EIO' "$(probe protect damaged)"
    cp d damaged
    printf '\xff' | dd of=damaged bs=1 seek=63 conv=notrunc status=none
    is 'wrong verification value of an AESDATA key' 'errno EIO' "$(probe protect damaged)"
    cp c damaged
    printf '\x00' | dd of=damaged bs=1 seek=50 conv=notrunc status=none
    is 'AESCIPHER key that may not become a protected key' 'errno EINVAL' "$(probe verify damaged)"
    is 'GENSECK' '64 bytes' "$(probe old-generate 3 o)"
    is 'VERIFYKEY' '00.0047 size 256 attributes 0x1' "$(probe old-verify o)"
    unplug
    plug enotty=new pfv=1
    is 'an old kernel knows no GENSECK2' 'errno ENOTTY' "$(probe generate 2 256 0 any x)"
    is 'an old kernel knows no APQNS4KT' 'errno ENOTTY' "$(probe apqns-type 2)"
    is 'an old kernel knows GENSECK' '64 bytes' "$(probe old-generate 1 o)"
    is 'an old kernel knows VERIFYKEY' '00.0047 size 128 attributes 0x1' "$(probe old-verify o)"
    echo -n 1a+1b >/sys/module/softcex/parameters/enotty
    is 'single ioctls can be unknown' 'errno ENOTTY' "$(probe apqns o 0)"
    is 'payload format 1' '136 bytes' "$(probe generate 2 128 0 any c1)"
    is 'payload format 1 hides the size' '00.0047 type 2 size -1 flags 2' "$(probe verify c1)"
}

test_ciphers() {
    local kind xts256=cd6b103236fbd87dba93e9001e29bc3d5e885d6abd1577e3e0e0a5f49e444894
    plug
    modprobe algif_skcipher
    for kind in aescipher aescipher-hidden aesdata ep11 ep11-old clear; do
        is "xts(paes), $kind" $xts256 "$(probe cipher 'xts(paes)' "/host/vector-xts-$kind.key")"
    done
    is 'xts(aes) agrees' $xts256 "$(probe cipher 'xts(aes)' /host/vector-64)"
    is 'xts(paes), AES-128' f071a2b402c105ea37024133e24d6ef6212e8cc0175e1b6b32657d54f159daf6 \
        "$(probe cipher 'xts(paes)' /host/vector-xts128-aescipher.key)"
    is 'xts(paes) takes a raw clear key, as the real one does' $xts256 "$(probe cipher 'xts(paes)' /host/vector-64)"
    for kind in aescipher aesdata ep11; do
        is "cbc(paes), $kind" f29000b62a499fd0a9f39a6add2e7780d4e96925c0bfcffb52f8a187ee774aab \
            "$(probe cipher 'cbc(paes)' "/host/vector-cbc-$kind.key")"
    done
    is 'ecb(paes)' "$(probe cipher 'ecb(aes)' /host/vector-32)" "$(probe cipher 'ecb(paes)' /host/vector-cbc-aescipher.key)"
    is 'ctr(paes)' "$(probe cipher 'ctr(aes)' /host/vector-32)" "$(probe cipher 'ctr(paes)' /host/vector-cbc-aescipher.key)"
    probe generate 2 256 0 any a >/dev/null
    probe generate 2 256 0 any b >/dev/null
    probe generate 2 128 0 any b128 >/dev/null
    probe protect a pa >/dev/null
    probe protect b pb >/dev/null
    is 'protected keys do what their secure keys do' "$(probe cipher 'xts(paes)' <(cat a b))" \
        "$(probe cipher 'xts(paes)' <(cat pa pb))"
    is 'one token is no XTS key' 'errno EINVAL' "$(probe cipher 'xts(paes)' a)"
    is 'halves of different sizes' 'errno EINVAL' "$(probe cipher 'xts(paes)' <(cat a b128))"
    is 'truncated' 'errno EINVAL' "$(probe cipher 'xts(paes)' <(cat a b | head -c 200))"
    is 'other master key' 'errno EINVAL' "$(probe cipher 'xts(paes)' /host/vector-xts-second.key)"
    turn 'remove,00'
    is 'no card: EINVAL before Linux 6.16' 'errno EINVAL' "$(probe cipher 'xts(paes)' <(cat a b))"
    echo 0 >/sys/module/softcex/parameters/einval
    is 'no card: ENODEV since' 'errno ENODEV' "$(probe cipher 'xts(paes)' <(cat a b))"
}

test_volumes() {
    local name
    plug
    for name in aescipher aesdata ep11; do
        volume "$name volume" "$(disk $name)"
        volume "$name volume, key not in the kernel keyring" "$(disk $name)" --disable-keyring
    done
    volume 'volume with a raw clear key' "$(disk raw)"
    fails 'volume under another master key does not open' open_volume "$(disk second)" v
    open_volume "$(disk aescipher)" v
    is 'what device mapper has' 'crypt paes-xts-plain64 :272:logon' \
        "$(dmsetup table v | grep -oE 'crypt [^ ]+ :[0-9]+:[a-z]+')"
    works 'written under paes' bash -c 'mount /dev/mapper/v /mnt && head -c 3000000 /dev/urandom >/mnt/noise &&
        sha256sum /mnt/noise >/mnt/sum && umount /mnt'
    echo 3 >/proc/sys/vm/drop_caches
    works 'and read again' bash -c 'mount -o ro /dev/mapper/v /mnt && sha256sum -c /mnt/sum && umount /mnt'

    # what is open stays open without a card, until a migration
    turn 'remove,00'
    works 'card removed: the open volume goes on' read_direct v
    turn invalidate
    fails 'then migrated: I/O errors' read_direct v
    turn 'add,00,CEX8C;add,00.0047,second'
    fails 'a card with another master key does not help' read_direct v
    turn 'mk,00.0047,old,first'
    works 'its OLD master key does' read_direct v
    works 'the plaintext is still right' witness v
    cryptsetup close v
    turn 'mk,00.0047,cur,first'
    open_volume "$(disk aescipher)" v
    dd if=/dev/mapper/v of=/dev/null bs=64k iflag=direct status=none &
    turn invalidate
    if wait $!; then ok 'migrated in the middle of I/O, with a card: nobody notices'; else
        not_ok 'migrated in the middle of I/O, with a card: nobody notices'
    fi
    turn 'fail,cipher,EIO,1'
    fails 'one I/O error on demand' read_direct v
    works 'only one' read_direct v
    cryptsetup close v
}

test_master_keys() {
    plug
    probe generate 2 256 0 any a >/dev/null
    probe generate 6 256 0 any e >/dev/null
    turn 'mk,00.0047,new,second,partial'
    is 'NEW partial' 'AES NEW: partial 0x0000000000000000' "$(grep '^AES NEW' $ap/devices/00.0047/mkvps)"
    turn 'mk,00.0047,new,second'
    is 'NEW full' "AES NEW: full 0x$(</host/pattern-second)" "$(grep '^AES NEW' $ap/devices/00.0047/mkvps)"
    head -c 136 /host/second.key >second
    is 'NEW opens nothing' 'errno ENODEV' "$(probe protect second)"
    is 'NEW is found for nothing' 'errno ENODEV' "$(probe verify second)"
    turn 'rotate,00.0047'
    is 'but opens once it is CURRENT' 'type 3, 64 bytes' "$(probe protect second)"
    is 'rotated' "$(printf 'AES NEW: empty 0x%016d\nAES CUR: valid 0x%s\nAES OLD: valid 0x%s' 0 "$(</host/pattern-second)" \
        "$(</host/pattern-cca)")" "$(grep ^AES $ap/devices/00.0047/mkvps)"
    is 'VERIFYKEY2: OLD on one queue' '00.0047 type 2 size 256 flags 4' "$(probe verify a 00.0047)"
    is 'VERIFYKEY2: CURRENT is looked for first' '00.0048 type 2 size 256 flags 2' "$(probe verify a)"
    is 'APQNS4K: CURRENT' 00.0048 "$(probe apqns a 2)"
    is 'APQNS4K: OLD' 00.0047 "$(probe apqns a 4)"
    turn 'rotate,00.0048,second'
    is 'VERIFYKEY2: OLD everywhere' '00.0047 type 2 size 256 flags 4' "$(probe verify a)"
    is 'OLD still opens' 'type 3, 64 bytes' "$(probe protect a)"
    turn 'rotate,00,third'
    is 'rotated twice: gone' 'errno ENODEV' "$(probe verify a)"
    is 'rotated twice: no protected key' 'errno ENODEV' "$(probe protect a)"
    turn 'zeroise,00'
    is 'zeroised' "AES CUR: invalid 0x0000000000000000" "$(grep '^AES CUR' $ap/devices/00.0047/mkvps)"
    is 'no master key: no new key' 'errno EIO' "$(probe generate 2 256 0 00.0047 x)"
    turn 'mk,*,cur,-'
    is 'EP11, no master key' 'WK CUR: invalid -' "$(head -n 1 $ap/devices/01.0047/mkvps)"
    turn 'mk,01.0047,cur,first;mk,01.0047,new,second,partial'
    is 'EP11 has its key again' '01.0047 type 6 size 256 flags 2' "$(probe verify e)"
    is 'EP11 NEW' uncommitted "$(sed -n 's/^WK NEW: \([a-z]*\) .*/\1/p' $ap/devices/01.0047/mkvps)"
    turn 'rotate,01,second'
    is 'EP11 knows no OLD' 'errno ENODEV' "$(probe verify e)"
    unplug
    plug master_key=second/first
    is 'master keys given at load' "$(</host/pattern-second) $(</host/pattern-cca)" \
        "$(sed -nE 's/^AES (CUR|OLD): valid 0x//p' $ap/devices/00.0047/mkvps | xargs)"
    unplug
    plug master_key=-
    is 'no master key at load' 'errno EIO' "$(probe generate 2 256 0 00.0047 x)"
}

test_states() {
    plug
    probe generate 2 256 0 any a >/dev/null
    turn 'offline,00.0047'
    is 'queue offline' '00.0047 CEX8C CCA-Coproc offline' "$(row 00.0047 | cut -d ' ' -f 1-4)"
    is 'queue offline: the other one is used' '00.0048 type 2 size 256 flags 2' "$(probe verify a)"
    turn 'offline,00'
    is 'card offline' 'card00 CEX8C CCA-Coproc offline' "$(row card00 | cut -d ' ' -f 1-4)"
    is 'card offline: nothing' 'errno ENODEV' "$(probe verify a)"
    is 'card offline: master keys unknown' 'AES CUR: - -' "$(grep '^AES CUR' $ap/devices/00.0048/mkvps)"
    works 'set online as chzcrypt does' bash -c "echo 1 >$ap/devices/card00/online"
    is 'online again' '00.0048 type 2 size 256 flags 2' "$(probe verify a)"
    turn 'deconfig,00'
    is 'deconfigured' deconfig "$(row card00 | cut -d ' ' -f 4)"
    fails 'deconfigured: cannot be set online' bash -c "echo 1 >$ap/devices/card00/online"
    turn 'config,00;chkstop,00'
    is 'checkstopped' chkstop "$(row card00 | cut -d ' ' -f 4)"
    turn 'chkstop,00,0'
    is 'recovered' online "$(row card00 | cut -d ' ' -f 4)"
    turn 'online,00.0047;driver,00.0047,vfio'
    is 'queue in use by a guest' '00.0047 CEX8C CCA-Coproc in use 14 vfio_ap' "$(row 00.0047 | cut -d ' ' -f 1-5,7,10)"
    fails 'a queue in use shows no master keys' test -e $ap/devices/00.0047/mkvps
    is 'a queue in use is not used' '00.0048' "$(probe apqns a 6)"
    turn 'driver,00.0048,none'
    is 'unbound' '00.0048 CEX8C CCA-Coproc - 14 -no-driver-' "$(row 00.0048 | cut -d ' ' -f 1-4,6,9)"
    is 'unbound: bindings incomplete' 2/3 "$(<$ap/bindings)"
    is 'unbound: nothing left' 'errno ENODEV' "$(probe apqns a 6)"
    turn 'driver,00.0048,cex'
    until_true bindings_complete
    is 'bound again' '3/3 (complete)' "$(<$ap/bindings)"
    is 'bound again: used' 00.0048 "$(probe apqns a 6)"
    fails 'an unknown command is refused' bash -c "echo nonsense >$control"
    turn 'fail,generate,EBUSY,2'
    is 'busy once' 'errno EBUSY' "$(probe generate 2 256 0 any x)"
    is 'busy twice' 'errno EBUSY' "$(probe generate 2 256 0 any x)"
    is 'not a third time' '136 bytes' "$(probe generate 2 256 0 any x)"
    turn 'fail,verify,EIO,-1;fail,unwrap,EAGAIN,-1;fail,apqns,ENOMEM,-1;fail,mkvps,EIO,-1'
    is 'verify fails' 'errno EIO' "$(probe verify a)"
    is 'unwrap fails' 'errno EAGAIN' "$(probe protect a)"
    is 'apqns fails' 'errno ENOMEM' "$(probe apqns a 0)"
    is 'master keys unreadable' 'AES CUR: - -' "$(grep '^AES CUR' $ap/devices/00.0048/mkvps)"
    turn 'fail,verify,0'
    is 'fails no more' '00.0048 type 2 size 256 flags 2' "$(probe verify a)"
}

test_absent() {
    local started
    plug bus=0 2>/dev/null
    fails 'no bus: no AP bus' test -e $ap
    fails 'no bus: no driver' modprobe zcrypt_cex4
    works 'no bus: pkey loads' modprobe pkey
    modprobe pkey_cca
    is 'no bus: no key' 'errno ENODEV' "$(probe generate 2 256 0 any x)"
    unplug
    plug cards=none
    is 'no card' '0/0 (complete)' "$(<$ap/bindings)"
    is 'no card: no key' 'errno ENODEV' "$(probe apqns-type 2)"
    is 'no card: default domain' -1 "$(<$ap/ap_domain)"
    unplug
    plug cards=03:CEX8A:0001,04:CEX5C:0002,05:CEX7P:0003
    is 'accelerator' 'card03 CEX8A Accelerator online' "$(row card03 | cut -d ' ' -f 1-4)"
    is 'an old card has no AESCIPHER' 'errno ENODEV' "$(probe apqns-type 2)"
    is 'an old card has AESDATA' 04.0002 "$(probe apqns-type 1)"
    is 'an old card, asked for AESCIPHER' 'errno EIO' "$(probe generate 2 256 0 04.0002 x)"
    is 'EP11 on a CEX7P' 05.0003 "$(probe apqns-type 6)"
    unplug

    # the queue comes late, on a card that is there; at load, and then while running
    plug cards=00:CEX8C 'control=after,20,add,00.0047'
    works 'late queue, as said at load' until_true there_is_a_queue
    turn 'remove,00.0047;after,4000,add,00.0047'
    is 'late queue: not yet' 'errno ENODEV' "$(probe apqns-type 2)"
    works 'late queue: there' until_true there_is_a_queue
    turn 'remove,00.0047'
    is 'queue removed' 'errno ENODEV' "$(probe apqns-type 2)"
    turn 'after,100000,add,00.0047;after,1,add,00.0047'
    # unloaded with one command waiting and one perhaps at work
    unplug
    modprobe softcex scan_delay=4000
    is 'slow first scan: nothing yet' '0 0/0' "$(<$ap/scans) $(<$ap/bindings)"
    until_true scanned
    is 'slow first scan: done, but no driver' '1 0/3' "$(<$ap/scans) $(<$ap/bindings)"
    is 'no driver: no type' '00.0047 - CCA-Coproc - 0 14 08 S--D--N-F- -no-driver-' "$(row 00.0047)"
    unplug

    # pkey waits for bindings, once
    plug bindings_wait=3 'control=driver,00.0048,none'
    started=$EPOCHREALTIME
    probe apqns-type 2 >/dev/null
    works 'an unbound queue costs a wait' elapsed "$started" -ge 3
    started=$EPOCHREALTIME
    works 'the other queue is found' there_is_a_queue
    works 'waited only once' elapsed "$started" -lt 3
    unplug

    # handlers in modules of their own
    modprobe softcex split=1
    modprobe zcrypt_cex4
    modprobe pkey
    until_true bindings_complete
    is 'pkey_cca missing looks like no card' 'errno ENODEV' "$(probe generate 2 256 0 any x)"
    modprobe pkey_cca
    is 'pkey_cca loaded' '136 bytes' "$(probe generate 2 256 0 any a)"
    is 'pkey_ep11 still missing' 'errno ENODEV' "$(probe generate 6 256 0 any x)"
    rmmod pkey_cca
    modprobe paes_s390
    modprobe algif_skcipher
    works 'paes loads the handler by itself' test "$(probe cipher 'xts(paes)' /host/vector-xts-aescipher.key | wc -c)" = 65
}

# --- main -------------------------------------------------------------------------------------------------

load_drivers ext4 aesni_intel
[[ $(</proc/cmdline) =~ softcex-shell ]] && setsid bash </dev/ttyS0 >/dev/ttyS0 2>&1
for scenario in bus ioctls ciphers volumes master_keys states absent; do
    [[ $(</proc/cmdline) =~ softcex-only=([a-z_]+) && ${BASH_REMATCH[1]} != "$scenario" ]] && continue
    echo "# $scenario"
    started=$SECONDS
    "test_$scenario"
    works "$scenario: everything unloads" unplug
    is "$scenario: nothing alarming in the kernel log" '' "$(kernel_troubles)"
    echo "# $scenario took $((SECONDS - started)) s"
done
all_done
