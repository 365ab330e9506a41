#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# keygen and pattern as people type them on a machine without cards, or with a copy of another machine's /sys: what is
# wrong is said before anything is made, and nothing is left behind. With cards they run in the virtual machines.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'secure keys' cryptsetup jq xxd

cards="$PWD/tests/fixtures/sysfs"
key="$ROOM/key"
repository="$ROOM/root/etc/zkey/repository"

keygen() { # [ARGUMENT…]
    run keygen "$@" </dev/null
}

no_key() { # TITLE: nothing was made by the last runs
    check "$1: no key" not test -e "$key"
    [[ ! -d $repository ]] || check "$1: an empty repository" same "$(ls -A "$repository")" ''
}

# --- words ------------------------------------------------------------------------------------------------------------

keygen
expect 'keygen wants a place for the key' 2 'either a FILE or --name'
keygen "$key" --name root
expect 'keygen wants one place only' 2 'either a FILE or --name'
keygen -
expect 'keygen does not write to standard output' 2 'not to standard output'
for option in volumes=/dev/a:b description=x sector-size=4096; do
    keygen "$key" "--$option"
    expect "keygen keeps --${option%%=*} in the repository only" 2 "--${option%%=*}" '--name NAME only'
done
keygen "$key" --sysroot "$cards/emulated" --keybits 192 --xts
expect 'XTS knows no 192 bits' 2 'not 192'
keygen "$key" --sysroot "$cards/emulated" --keybits 257
expect 'AES knows no 257 bits' 2 'not 257'
keygen "$key" --sysroot "$cards/emulated" --keybits many
expect 'bits are a number' 2 '--keybits wants a number'
keygen "$key" --sysroot "$cards/emulated" --key-type RSA
expect 'types of keys are named' 2 "'RSA' is none of CCA-AESCIPHER, CCA-AESDATA, EP11-AES"
for list in '00.0047;01.0047' '00.0047,' '' '00.0047,0.47' '100.0047'; do
    keygen "$key" --sysroot "$cards/emulated" --apqns "$list"
    expect "'$list' is no list of domains" 2 'no list of different domains'
done
keygen "$ROOM/no/folder/key" --sysroot "$cards/emulated"
expect 'a file in no folder' 2 'there is no folder'
touch "$ROOM/there"
keygen "$ROOM/there" --sysroot "$cards/emulated"
expect 'a file that is there' 2 "$ROOM/there exists already"
check 'and stays empty' not test -s "$ROOM/there"
keygen /dev/tty --sysroot "$cards/emulated"
expect 'a terminal' 2 '/dev/tty exists already'
no_key 'wrong words'

# --- cards ------------------------------------------------------------------------------------------------------------

obstacle() { # TREE STATUS PART…
    keygen "$key" --sysroot "$cards/$1" --xts
    expect "keygen with the cards of $1" "${@:2}" 'hint: '
}

obstacle no-ap-bus 30 no-ap-bus
obstacle no-card 31 no-card
obstacle deconfigured 32 card-offline '00.0047 deconfig'
obstacle accelerator-only 33 card-wrong-mode 'CEX6 or newer'
obstacle passed-through 34 queue-in-use
obstacle master-key-new-only 35 master-key-not-set
obstacle cca-and-ep11 36 'master key setup is improper: 00.0047 0123456789abcdef, 00.0048 fedcba9876543210' \
    '--apqns 00.0047'
obstacle handler-missing 37 'kernel module pkey_cca'
# The device of this tree is a plain file, which knows none of the calls.
obstacle emulated 37 'not known to this kernel'
keygen "$key" --sysroot "$cards/two-cards-one-offline" --apqns 00.0047,01.0047
expect 'a named domain that is offline' 32 '01.0047 offline' 'hint: leave it out'
keygen "$key" --sysroot "$cards/two-cards-one-offline" --apqns 00.0047,02.0047
expect 'a named domain that is not there' 31 'there is no domain 02.0047'
no_key 'no card'

# --- zkey's repository ------------------------------------------------------------------------------------------------

cp -r "$cards/emulated" "$ROOM/root"
keygen --name root --sysroot "$ROOM/root"
expect 'a repository that is not there' 2 'there is no repository' "$repository" 'hint: '
mkdir -p "$repository"
chmod 0770 "$repository"
for name in ../root 'a b' .hidden a/b 'a*'; do
    keygen --name "$name" --sysroot "$ROOM/root"
    expect "'$name' is no name for a key" 2 'no name for a key'
done
keygen --name root --sysroot "$ROOM/root" --volumes /dev/dasda2
expect 'a volume without a mapper name' 2 'no list of different volumes'
keygen --name root --sysroot "$ROOM/root" --sector-size 768
expect 'a sector of 768 bytes' 2 'not 768'
keygen --name root --sysroot "$ROOM/root" --description $'two\nlines'
expect 'a description of two lines' 2 'one line'
keygen --name root --sysroot "$ROOM/root" --volumes /dev/dasda2:root --sector-size 4096 --description 'the root volume'
expect 'a repository in order, and no card' 37
no_key 'repository'
echo key >"$repository/root.skey"
keygen --name root --sysroot "$ROOM/root"
expect 'a key of that name is there' 2 "a key 'root' already"
check 'and stays as it is' same "$(<"$repository/root.skey")" key

# --- verification patterns --------------------------------------------------------------------------------------------

pattern() { # VERB VOLUME [ARGUMENT…]
    run pattern "$1" "$2" --sysroot "$cards/no-ap-bus" "${@:3}" </dev/null
}

volume_make "$ROOM/plain"
before="$(digest "$ROOM/plain")"
for verb in set verify; do
    pattern "$verb" "$ROOM/plain" --key-file "$(key_file)"
    expect "pattern $verb: a volume with another cipher" 38 not-a-secure-key 'its cipher is aes-xts-plain64'
    pattern "$verb" "$ROOM/nowhere"
    expect "pattern $verb: no such device" 12 device-missing
    pattern "$verb" "$ROOM/there"
    expect "pattern $verb: no LUKS2 header" 14 header-refused
done
unchanged 'pattern: and every byte stays' "$ROOM/plain" "$before"

# A volume whose cipher is paes and whose key is clear: what luksFormat without --volume-key-file makes of it.
head -c 64 /dev/urandom >"$ROOM/clear-key"
volume_make "$ROOM/paes" --cipher paes-xts-plain64 --key-size 512 --volume-key-file "$ROOM/clear-key"
before="$(digest "$ROOM/paes")"
pattern verify "$ROOM/paes"
expect 'a header without a pattern' 15 not-bound "hint: cexluks pattern set $ROOM/paes"
pattern set "$ROOM/paes"
expect 'nobody to ask for a passphrase' 2 'hint: use --key-file'
pattern set "$ROOM/paes" --key-file "$ROOM/there"
expect 'an empty key file' 2 'is empty'
pattern set "$ROOM/paes" --key-file "$ROOM/clear-key"
expect 'a wrong passphrase' 40 wrong-passphrase
pattern set "$ROOM/paes" --key-file "$(key_file)"
expect 'a clear key in paes clothes has no pattern' 38 not-a-secure-key '64 bytes are a clear key'
unchanged 'and every byte stays' "$ROOM/paes" "$before"

# zkey's vector: a structurally right pair of CCA-AESDATA tokens; no card is there to use it.
token='010000000400c0000123456789abcdef'"$(printf '%02x' {0..31})"'000000000000000001000020014853fe'
printf '%s%s' "$token" "$token" | xxd -r -p >"$ROOM/secure-key"
volume_make "$ROOM/secure" --cipher paes-xts-plain64 --key-size 1024 --volume-key-file "$ROOM/secure-key"
before="$(digest "$ROOM/secure")"
pattern set "$ROOM/secure" --key-file "$(key_file)" --header-backup "$ROOM/backup"
expect 'a secure key and no card' 30 no-ap-bus
check 'no backup of what does not change' not test -e "$ROOM/backup"
run pattern set "$ROOM/secure" --sysroot "$cards/cca-and-ep11" --key-file "$(key_file)" </dev/null
expect 'a secure key, its master key, and a device that is none' 37
run pattern set "$ROOM/secure" --sysroot "$cards/deconfigured" --key-file "$(key_file)" </dev/null
expect 'a secure key and a card that is offline' 32 'wants master key 0123456789abcdef' '00.0047 deconfig'
unchanged 'and still every byte stays' "$ROOM/secure" "$before"
printf '%s%s' "$token" "${token/014853fe/014853ff}" | xxd -r -p >"$ROOM/wrong-checksum"
volume_make "$ROOM/wrong" --cipher paes-xts-plain64 --key-size 1024 --volume-key-file "$ROOM/wrong-checksum"
pattern set "$ROOM/wrong" --key-file "$(key_file)"
expect 'a key with a wrong checksum' 38 not-a-secure-key TVV
header_edit "$ROOM/secure" '.tokens["0"] = {"type":"paes-verification-pattern","keyslots":[],"verification-pattern":"abc"}'
pattern verify "$ROOM/secure" --key-file "$(key_file)"
expect 'a pattern that is none' 14 header-refused

summary
