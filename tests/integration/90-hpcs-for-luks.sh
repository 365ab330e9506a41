#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Started as hpcs-for-luks: the Python tool's configuration, verbs, output and directories; the keys directory with every
# kind of file that is no key; and what cryptsetup and the kernel do with the keys.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'hpcs-for-luks' cryptsetup jq curl keyctl

# shellcheck disable=SC2016 # for the inner shell
if ! keyctl session - sh -c 'id=$(keyctl add user cexluks-test:probe x @u) && keyctl link @u @s &&
    keyctl timeout "$id" 20 && keyctl print "$id" && keyctl unlink "$id" @u' >/dev/null 2>&1; then
    skip 'hpcs-for-luks: the kernel, or a container, offers no user keyring here'
    summary
fi

alone
sim_start --instance hpcs=hpcs --instance dr=key-protect || exit 1
root="$ROOM/root"
ini="$root/etc/hpcs-for-luks.ini"
old="$root/var/lib/hpcs-for-luks"
new="$root/etc/cexluks/keys.d"
us="cexluks-test-$$" # prefix of our descriptions: root has one user keyring
mkdir -p "$root/etc/ssl/certs" "$old"/{logon,user} "$new"/{logon,user}
cp "$SIM_CA" "$root/etc/ssl/certs/ca-certificates.crt"
ln -s "$CEXLUKS" "$ROOM/hpcs-for-luks"

ini() { # DEFAULT-CRK [API-KEY]: as that tool's README has it
    cat >"$ini" <<END
[KP]
	region = us-east # Another comment
	endpoint_url = $SIM_URL/
	iam_endpoint_url = $SIM_IAM_URL
	service_instance_id = $SIM_INSTANCE
	api_key = ${2:-$(<"$SIM_API_KEY_FILE")}
	default_crk_uuid = $1

[HFL]
wipe =
END
    chmod 600 "$ini"
}

tool() { # VERB ARGUMENT…: in a session keyring of its own, as units and shells are; sets out, err and status
    keyctl session - "$ROOM/hpcs-for-luks" "$@" --sysroot "$root" >"$ROOM/out" 2>"$ROOM/err"
    status=$?
    out="$(<"$ROOM/out")"
    err="$(grep -v '^Joined session keyring' "$ROOM/err")"
    sane "$ROOM/err" "hpcs-for-luks $*"
}

serial_of() { # TYPE DESCRIPTION: in the kernel's list; empty when it is not there
    # 3cbd100f I--Q---     1 perm 3f010000     0     0 logon     dmcrypt:key1: 32
    awk -v type="$1" -v name="$2:" '$8 == type && ($9 == name || $9 == substr(name, 1, length(name) - 1)) &&
        $4 != "expd" { print $1 }' /proc/keys
}

expiry_of() {
    awk -v type="$1" -v name="$2:" '$8 == type && ($9 == name || $9 == substr(name, 1, length(name) - 1)) { print $4 }' /proc/keys
}

payload() { # DESCRIPTION: of a user key
    # shellcheck disable=SC2016 # for the inner shell
    keyctl session - sh -c 'keyctl link @u @s && keyctl pipe "%user:$0"' "$1" 2>/dev/null
}

forget() { # every key of this test; the kernel's list has them until it has cleared away
    local id left=50
    while read -r id; do
        keyctl unlink "0x$id" @u &>/dev/null </dev/null
    done < <(awk -v us="$us" 'index($9, us) == 1 { print $1 }' /proc/keys)
    while grep -qF " $us:" /proc/keys && [[ $left -gt 0 ]]; do
        left=$((left - 1))
        sleep 0.1
    done
}
trap 'forget; tidy_up' EXIT

wrapped() { # [OPTION…]: standard input, wrapped, as a file of the keys directory
    "$ROOM/hpcs-for-luks" wrap --sysroot "$root" "$@"
}

# --- the verbs, in the order of that tool's README --------------------------------------------------------------------

ini placeholder
tool wrap --gen </dev/null
expect 'wrap without a root key says what to edit' 11 'default_crk_uuid' '/etc/hpcs-for-luks.ini' 'hpcs-for-luks list'
check 'and prints nothing' same "$out" ''
tool create --crk --gen --name MyCRKName </dev/null
expect 'create --crk --gen --name works with the placeholder' 0
check 'it says so on standard error, as it did' grep -qxE 'Created key [0-9a-f-]{36}' <<<"$err"
check 'and prints nothing' same "$out" ''
made="${err##* }"
tool list </dev/null
expect 'so does list' 0
check 'list prints the UUID, a tab and the name' grep -qxF "$made"$'\t'MyCRKName <<<"$out"
check 'for every root key' same "$(grep -cxE '[0-9a-f-]{36}'$'\t''[^'$'\t'']+' <<<"$out")" 2
ini "$made"

tool wrap --gen </dev/null
expect 'wrap --gen' 0
check 'prints one line' same "$(wc -l <"$ROOM/out")" 1
cp "$ROOM/out" "$old/logon/$us:key1"
tool unwrap <"$old/logon/$us:key1"
check 'of 32 bytes' same "$status $(wc -c <"$ROOM/out")" '0 32'
cp "$ROOM/out" "$ROOM/key1"
tool wrap --gen </dev/null
cp "$ROOM/out" "$ROOM/other"
tool unwrap <"$ROOM/other"
check 'other ones each time' not cmp -s "$ROOM/out" "$ROOM/key1"
printf 'MyPassPhrase\n' >"$ROOM/plain"
tool wrap <"$ROOM/plain"
expect 'wrap of standard input' 0
cp "$ROOM/out" "$ROOM/other"
tool unwrap <"$ROOM/other"
check 'with its newline, bit for bit' cmp "$ROOM/out" "$ROOM/plain"
tool unwrap --uuid "$SIM_ROOT_KEY" <"$ROOM/other"
expect '--uuid names another root key, which cannot unwrap it' 28 kms-bad-ciphertext
printf 'MyPassPhrase' | wrapped >"$old/user/$us:key2"

issued=$(sim_tokens_issued)
tool process </dev/null
expect 'process' 0 "add logon $us:key1" "add user $us:key2"
check 'prints what keyctl printed after each, logon keys first' same "$(sed -E 's/^[0-9]+$/N/' <<<"$out")" \
    "add logon $us:key1"$'\n'"N"$'\n'"add user $us:key2"$'\n'"N"
check 'with one token of IAM' same "$(sim_tokens_issued)" $((issued + 1))
first="$(serial_of logon "$us:key1")"
check 'the logon key is in the keyring' test -n "$first"
check 'under the number it printed' same "$((16#$first))" "$(sed -n 2p "$ROOM/out")"
check 'so is the user key' test -n "$(serial_of user "$us:key2")"
check 'with the passphrase' same "$(payload "$us:key2")" MyPassPhrase
check 'they stay, as they did' same "$(expiry_of logon "$us:key1") $(expiry_of user "$us:key2")" 'perm perm'
check "root sees them in @u" contains "$(keyctl show @u 2>&1)" "logon: $us:key1" "user: $us:key2"
tool process </dev/null
check 'process again renews them in place' same "$status $(serial_of logon "$us:key1")" "0 $first"
keyctl unlink "0x$(serial_of user "$us:key2")" @u
tool process </dev/null
check 'and brings back what went' same "$(payload "$us:key2")" MyPassPhrase

tool wipe </dev/null
expect 'wipe' 0
check 'it prints nothing' same "$out$err" ''
check 'and both keys are gone' not contains "$(keyctl show @u 2>&1)" "$us"
tool wipe </dev/null
expect 'again, with nothing to wipe, it is no failure, as a unit wants it' 0
check 'the unit that wipes is of that name, and nothing requires it' same \
    "$(grep -hE '^(ExecStart|RequiredBy|WantedBy)=' units/hpcs-for-luks-wipe.service | xargs)" \
    'ExecStart=/usr/bin/hpcs-for-luks wipe WantedBy=multi-user.target'
tool process </dev/null

# --- a volume ---------------------------------------------------------------------------------------------------------

opens_silently() { # FILE
    # shellcheck disable=SC2016,SC2317 # for the inner shell; check calls it
    keyctl session - sh -c 'keyctl link @u @s && exec cryptsetup open --test-passphrase "$1"' sh "$1" </dev/null &>/dev/null
}
v="$ROOM/volume"
volume_make "$v"
printf 'MyPassPhrase' >"$ROOM/phrase"
cryptsetup luksAddKey -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file "$(key_file)" "$v" "$ROOM/phrase"
check 'without the token cryptsetup does not open the volume' not opens_silently "$v"
cryptsetup token add "$v" --key-description "$us:key2"
check 'with "cryptsetup token add --key-description" it opens without a question' opens_silently "$v"
keyctl unlink "0x$(serial_of user "$us:key2")" @u
check 'without the key it does not' not opens_silently "$v"

# --- files that are no keys -------------------------------------------------------------------------------------------

tool process </dev/null
said() { # FILE WORD PART: one line of its own
    check "$1: one line that says why" same "$(grep -F "$1: " <<<"$err" | grep -F "$2" | grep -cF "$3")" 1
    check "$1: and no other" same "$(grep -cF "$1: " <<<"$err")" 1
}
good="$(<"$old/user/$us:key2")"
: >"$new/user/$us:empty"
printf '\n \t\r\n' >"$new/user/$us:blank"
printf '%s\n' "${good:0:40}" >"$new/user/$us:truncated"
printf 'not ours\n' >"$new/user/$us:foreign"
printf 'notours\n' >"$new/user/$us:text"
head -c 300 /dev/urandom >"$new/user/$us:binary"
mkdir "$new/user/$us:folder"
ln -s "$old/user/$us:key2" "$new/user/$us:link-out"
ln -s /dev/zero "$new/user/$us:zero"
ln -s "$us:loop" "$new/user/$us:loop"
mkfifo "$new/user/$us:fifo"
truncate -s 4G "$new/user/$us:large"
printf '%s\n' "$good" >"$new/user/$us:writable"
chmod g+w "$new/user/$us:writable"
printf '%s\n' "$good" >"$new/user/cexluks:$us"
printf '%s\n' "$good" >"$new/logon/noprefix"
printf '%s\n' "$good" >"$new/logon/:$us"
printf '  %s \r\n\n' "$good" >"$new/user/$us:lenient"
ln -s "$us:lenient" "$new/user/$us:link"
printf '%s\n' "$good" >"$new/user/.hidden"
before=$SECONDS
tool process </dev/null
check "one bad file fails process, with that exit status ($status)" test "$status" -ge 11
check 'it does not hang' test $((SECONDS - before)) -lt 20
for name in empty blank foreign binary folder link-out zero loop fifo large writable; do
    said "$new/user/$us:$name" config-error ''
done
said "$new/user/$us:empty" config-error empty
said "$new/user/$us:large" config-error 'larger than'
said "$new/user/$us:folder" config-error directory
said "$new/user/$us:link-out" config-error 'link'
said "$new/user/$us:writable" config-error "chmod go-w $new/user/$us:writable"
said "$new/user/cexluks:$us" config-error 'volumes'
said "$new/user/$us:truncated" kms-bad-ciphertext ''
said "$new/user/$us:text" kms-bad-ciphertext ''
said "$new/logon/noprefix" config-error prefix
said "$new/logon/:$us" config-error prefix
check 'the others are loaded' same "$(payload "$us:key2")|$(payload "$us:lenient")|$(payload "$us:link")" \
    'MyPassPhrase|MyPassPhrase|MyPassPhrase'
check 'the sum counts both' grep -qE '4 keys of the keys directory loaded, 16 not' <<<"$err"
check 'dot files are no keys' not contains "$err$out" hidden
check 'no ciphertext and no passphrase in what is said' not grep -qE "MyPassPhrase|${good:0:30}" "$ROOM/err"

rm -rf "${new:?}"/{logon,user}/*
printf 'second' | wrapped >"$old/user/$us:a"
cp "$old/user/$us:key2" "$new/user/$us:a"
tool process </dev/null
expect 'in both directories' 0 "$old/user/$us:a is left out"
check 'the one in /etc/cexluks/keys.d counts' same "$(payload "$us:a")" MyPassPhrase
rm -f "$new/user/$us:a" "$old/user/$us:a"

sim_key_state "$made" 2
tool process </dev/null
expect 'a disabled key fails all' 27 kms-key-disabled '0 keys of the keys directory loaded, 2 not'
sim_key_state "$made" 1
for ((i = 0; i < 150; i++)); do
    cp "$old/user/$us:key2" "$old/user/$us:many-$i"
done
issued=$(sim_tokens_issued)
tool process </dev/null
check 'more keys than may be asked for at once' same "$status $(grep -c '^add ' "$ROOM/out")" '0 152'
check 'still with one token' same "$(sim_tokens_issued)" $((issued + 1))
rm -f "$old/user/$us:many-"*

# --- interrupted ------------------------------------------------------------------------------------------------------

forget
sim_fault '{"path":"*/actions/unwrap","action":"none","delay_ms":3000}'
keyctl session - "$ROOM/hpcs-for-luks" process --sysroot "$root" </dev/null &>/dev/null &
killed=$!
sleep 1
kill -9 "$killed"
wait "$killed" 2>/dev/null
sim_faults_clear
check 'killed in the middle: nothing half done' same "$(serial_of user "$us:key2")" ''
tool process </dev/null
check 'run again it works' same "$status $(payload "$us:key2")" '0 MyPassPhrase'

if [[ $EUID -eq 0 && -w /proc/sys/kernel/keys/root_maxkeys ]]; then
    forget
    most=$(</proc/sys/kernel/keys/root_maxkeys)
    echo 1 >/proc/sys/kernel/keys/root_maxkeys
    # the session's own keyring needs room, so without one
    "$ROOM/hpcs-for-luks" process --sysroot "$root" </dev/null >"$ROOM/out" 2>"$ROOM/err"
    status=$?
    echo "$most" >/proc/sys/kernel/keys/root_maxkeys
    err="$(<"$ROOM/err")"
    check "a full keyring is named ($status)" test "$status" -ne 0
    said "$old/logon/$us:key1" 'keyring is full' root_maxkeys
else
    skip 'a full keyring: the quota cannot be changed here'
fi

# --- the configuration ------------------------------------------------------------------------------------------------

chmod 644 "$ini"
tool list </dev/null
expect 'an ini that everybody can read is refused, with the chmod to type' 11 "chmod 0600 $ini"
chmod 640 "$ini"
tool list </dev/null
expect 'root:root 0640, as an older README has it, is fine' 0
chmod 660 "$ini"
tool list </dev/null
expect 'one that a group can change is not' 11 'chmod go-w'
ini "$made" wrong-key
tool list </dev/null
expect 'a wrong API key' 23 iam-refused
check 'is not repeated' not contains "$err$out" wrong-key
sed -i '/endpoint_url = .*\/$/d' "$ini"
tool list </dev/null
expect 'what is missing is named' 11 'endpoint_url'
ini "$made" TPM
tool convert </dev/null
expect 'convert, with the API key in a TPM' 0 'api-key      = tpm:/var/lib/hpcs-for-luks/api-key-blob.txt'
check 'in the file and on standard error: the line without which no image is made' same \
    "$(for file in out err; do grep -cF 'omit_dracutmodules+=" cexluks "' "$ROOM/$file"; done | xargs)" '1 1'
ini "$made"

tool convert </dev/null
expect 'convert prints a cexluks.conf' 0 '[kms default]' "root-key     = $made" 'api-key      = file:/etc/cexluks/default.api-key'
check 'it says what to do before it is in place' contains "$err" default.api-key 'before /etc/cexluks/cexluks.conf is in place'
check 'without the API key' not contains "$out" "$(<"$SIM_API_KEY_FILE")"
converted="$out"
check 'and moves nothing' test ! -e "$root/etc/cexluks/cexluks.conf" -a ! -e "$root/etc/cexluks/default.api-key"
before="$(digest "$ini")"
tool convert "$root/etc/cexluks/cexluks.conf" </dev/null
check 'convert FILE writes it' same "$status|$(<"$root/etc/cexluks/cexluks.conf")" "0|$converted"
unchanged 'and leaves the old one alone' "$ini" "$before"
tool convert "$root/etc/cexluks/cexluks.conf" </dev/null
expect 'not over a file that is there' 2 'is there already'
# shellcheck disable=SC2016 # a command of the comment, to be run in that tree
command="$(sed -n 's/^# \((umask.*)\)$/\1/p' <<<"$converted" | sed "s, /etc/, $root/etc/,g")"
bash -c "$command"
check 'the command in its comment puts the key where it is looked for' same \
    "$(<"$root/etc/cexluks/default.api-key") $(stat -c %a "$root/etc/cexluks/default.api-key")" "$(<"$SIM_API_KEY_FILE") 600"
tool list </dev/null
expect 'with both files a warning says which one counts' 0 "$root/etc/cexluks/cexluks.conf counts" "$ini does not"
rm "$ini"
tool list </dev/null
expect 'the new one alone does the same' 0 "$made"$'\t'MyCRKName
check 'without a warning' same "$err" ''
check 'an image gets the wrapped keys with it, as with the old one' contains \
    "$("$CEXLUKS" boot --image-files --sysroot "$root" 2>&1 </dev/null)" "/var/lib/hpcs-for-luks/user/$us:key2" \
    "/var/lib/hpcs-for-luks/logon/$us:key1" /etc/cexluks/default.api-key
sed -i '/^\[cexluks\]$/d; /^keys-at-boot/d' "$root/etc/cexluks/cexluks.conf"

# --- what the Python tool's own installation left -----------------------------------------------------------------------

modules="$ROOM/installed/usr/lib/dracut/modules.d"
install_dracut() {
    out="$(make -s install-dracut "DESTDIR=$ROOM/installed" 2>&1 </dev/null)"
    status=$?
}
install_dracut
check 'install-dracut has nothing to say on a new system' same "$status|$out" '0|'
mkdir "$modules/85hpcs-for-luks" "$modules/83tss"
install_dracut
check 'of old modules of dracut it warns' contains "$status $out" "0 warning: $modules/85hpcs-for-luks is the Python tool's: remove it" \
    "warning: $modules/83tss"
first="$(basename "$(dirname "$(find "$modules" -path '*hpcs-for-luks/module-setup.sh' | sort | head -n 1)")")"
check "and ours comes first ($first)" test "$first" '<' 85hpcs-for-luks

# A sealed API key is readable for everybody, by the tool that seals it.
mkdir -p "$ROOM/built" "$ROOM/installed/var/lib/hpcs-for-luks"
cp "$CEXLUKS" "$ROOM/built/cexluks"
make -s "B=$ROOM/built" -o "$ROOM/built/cexluks" install "DESTDIR=$ROOM/installed" &>/dev/null </dev/null
check "install closes the directory of keys to others, the old tool's too" same \
    "$(stat -c %a "$ROOM/installed/var/lib/hpcs-for-luks")" 700
check 'and has what is in it' test -d "$ROOM/installed/var/lib/hpcs-for-luks/logon" -a -x "$ROOM/installed/usr/sbin/cexluks"
check "both units that load come after TrouSerS' daemon, by either name" same \
    "$(grep -lE '^After=.* tcsd.service trousers.service$' units/{cexluks-load,hpcs-for-luks}.service | wc -l)" 2

# --- the same with cexluks --------------------------------------------------------------------------------------------

load() {
    keyctl session - "$CEXLUKS" load --sysroot "$root" "$@" >"$ROOM/out" 2>"$ROOM/err" </dev/null
    status=$?
    out="$(<"$ROOM/out")"
    err="$(<"$ROOM/err")"
}
forget
load
expect 'cexluks load loads the keys directory' 0 '2 keys of the keys directory loaded'
check 'as well' same "$(payload "$us:key2")" MyPassPhrase
run wrap --gen --sysroot "$root" </dev/null
expect 'cexluks wrap --gen makes files for it' 0
cp "$ROOM/out" "$new/logon/$us:key3"
load
check 'which load' test -n "$(serial_of logon "$us:key3")"

sed -i '1i [cexluks]\nkeys-expiry = 90s' "$root/etc/cexluks/cexluks.conf"
load
check 'keys-expiry limits their life' grep -qxE '(8[0-9]s|90s|1m)' <<<"$(expiry_of user "$us:key2")"
sim_conf dr key-protect dr | sed "s,^api-key.*,api-key = file:/etc/cexluks/default.api-key,
    s,^ca-file.*,ca-file = /etc/ssl/certs/ca-certificates.crt," >>"$root/etc/cexluks/cexluks.conf"
load
expect 'with two profiles the configuration must say whose keys these are' 11 'keys-profile'
sed -i 's/^keys-expiry.*/keys-profile = default/' "$root/etc/cexluks/cexluks.conf"
load
expect 'keys-profile says it' 0 '3 keys of the keys directory loaded'
tool list </dev/null
expect 'for hpcs-for-luks too' 0 MyCRKName

# What docs/from-hpcs-for-luks.md tells people to type for their keys, with another name of the other service.
documented() { # FIRST-WORDS LAST-WORDS: these lines, for the tree; with our own names for programs
    local lines
    lines="$(sed -n "/^ *$1/,/^ *$2/p" docs/from-hpcs-for-luks.md | sed "s,/etc/,$root/etc/,g; s,/var/lib/,$root/var/lib/,g
        s/wrap new/wrap dr/; s/= new/= dr/")"
    # shellcheck disable=SC2317 # the lines call them
    (
        cexluks() { "$CEXLUKS" "$@" --sysroot "$root"; }
        systemctl() { :; }
        eval "$lines"
    )
}
cp -a "$new" "$ROOM/keys.d"
documented 'umask 077' 'done' >"$ROOM/out" 2>&1
check 'the move to another service wraps every key' same "$?|$(<"$ROOM/out")" '0|'
check 'into a directory of its own' same "$(find "$root/etc/cexluks/keys.new" -type f -size +0 | wc -l)" 3
load
expect 'half way, a reboot has the keys as before' 0 '3 keys of the keys directory loaded'
documented 'cp -r .*keys.new' 'systemctl start' >"$ROOM/out" 2>&1
check 'the rest of it' same "$?|$(<"$ROOM/out")" '0|'
forget
load
expect 'and the other service unwraps all of them' 0 '3 keys of the keys directory loaded'
check 'to what they were' same "$(payload "$us:key2")" MyPassPhrase
check 'that directory is gone' test ! -e "$root/etc/cexluks/keys.new"
rm -r "$new"
mv "$ROOM/keys.d" "$new"
sed -i 's/^keys-profile.*/keys-profile = dr/' "$root/etc/cexluks/cexluks.conf"
load
expect 'the wrong one cannot unwrap them' 28 '0 keys of the keys directory loaded, 3 not'
sed -i 's/^keys-profile.*/keys-profile = nobody/' "$root/etc/cexluks/cexluks.conf"
load
expect 'one that does not exist is a mistake' 11 'no [kms nobody]'

# On the running system: what crypttab names without a binding is not ours, what the configuration names is.
w="$ROOM/second" bound="$ROOM/bound"
volume_make "$w"
volume_make "$bound"
second="$(cryptsetup luksUUID "$w")"
sed -i 's/^keys-profile.*/keys-profile = default/' "$root/etc/cexluks/cexluks.conf"
mkdir -p "$root/proc"
printf 'data %s none luks,_netdev\n' "$w" >"$root/etc/crypttab"
echo "rd.luks.uuid=$second rd.cexluks.keys=0" >"$root/proc/cmdline"
forget
load --open
expect 'load --open leaves alone what is not bound' 0 'ok: 3 keys of the keys directory loaded'
check 'and says nothing of it' not contains "$err" data
foreign="$ROOM/foreign" strange="$ROOM/strange"
truncate -s 8M "$foreign"
cryptsetup luksFormat -q --type luks1 --pbkdf-force-iterations 1000 "$foreign" "$(key_file)"
volume_make "$strange"
header_edit "$strange" '.config.flags = ["no-flag-we-know"]'
nobody=00000000-5229-4f32-a9d3-849404febb0e
printf '%s %s none luks,_netdev\n' "$us-one" "$foreign" "$us-two" "$strange" >>"$root/etc/crypttab"
printf '%s UUID=%s none %s\n' "$us-away" "$nobody" luks "$us-gone" "${nobody/0/1}" luks,_netdev,nofail >>"$root/etc/crypttab"
before=$SECONDS
load --open
expect 'nor what we would refuse, or what is not there' 0 'ok: 3 keys of the keys directory loaded'
check 'it waits for none of them' test $((SECONDS - before)) -lt 20
check 'says nothing of them' not grep -qE "$us-(one|two|away|gone)" <<<"$err"
check 'and keeps nobody from opening them' not compgen -G "/run/cexluks/refused/$us-*"
header_edit "$strange" '.tokens["0"] = {"type": "cexluks", "keyslots": ["0"]}'
load --open
expect 'with a token of ours it is refused' 14 header-refused "$us-two"
check 'and kept shut' test -e "/run/cexluks/refused/$us-two"
rm -f "/run/cexluks/refused/$us-"*
printf '%s UUID=%s none luks,_netdev\n' "$us-late" "$nobody" >"$root/etc/crypttab"
load --open --timeout 1
expect 'what comes with the network is waited for' 12 device-missing
printf 'data %s none luks,_netdev\n' "$w" >"$root/etc/crypttab"
printf '[volume data]\nuuid = %s\n' "$second" >>"$root/etc/cexluks/cexluks.conf"
load --open
expect 'a volume of the configuration that is not bound is a failure' 15 not-bound "$w" '3 keys of the keys directory loaded'
sed -i '/^\[volume data\]/,$d' "$root/etc/cexluks/cexluks.conf"
sed "s,^root-key.*,&," "$root/etc/cexluks/cexluks.conf" >"$CONF"
sed -i "s,file:/etc/,file:$root/etc/,; s,^ca-file.*,ca-file = $SIM_CA," "$CONF"
bind "$bound" kms:default
expect 'a bound one' 0
sed -i 's/^\[cexluks\]/&\nopen = systemd/' "$root/etc/cexluks/cexluks.conf"
printf 'data %s none luks,_netdev\n' "$bound" >"$root/etc/crypttab"
load --open
expect 'with open = systemd its passphrase is loaded' 0 '1 keys of volumes loaded'
check 'for systemd to find it' test -n "$(serial_of user "cexluks:$(cryptsetup luksUUID "$bound")")"
keyctl session - "$CEXLUKS" forget </dev/null &>/dev/null
sed -i 's/^keys-profile.*/keys-profile = dr/' "$root/etc/cexluks/cexluks.conf"
sim_listener dr hang
load --open --timeout 8
check "while the keys' service hangs ($status)" test "$status" -ge 24
check 'its keys have a line each' same "$(grep -cE "^$root.*$us:key[123]: (timeout|kms-unreachable)" <<<"$err")" 3
check 'and the passphrase of another one is loaded' test -n "$(serial_of user "cexluks:$(cryptsetup luksUUID "$bound")")"
sim_listener dr up
sed -i 's/^keys-profile.*/keys-profile = default/' "$root/etc/cexluks/cexluks.conf"
keyctl session - "$CEXLUKS" forget </dev/null &>/dev/null
sed -i '/^open = systemd/d' "$root/etc/cexluks/cexluks.conf"
mv "$root/etc/cexluks/default.api-key"{,.away}
: >"$new/user/$us:empty"
load
expect 'without an API key one line says so' 21 credential-missing
said "$new/user/$us:empty" config-error empty
rm "$new/user/$us:empty"
mv "$root/etc/cexluks/default.api-key"{.away,}
rm "$root/etc/crypttab" "$root/proc/cmdline"

# --- in an initramfs --------------------------------------------------------------------------------------------------

boot() { # [OPTION…]: from the tree, as in an image made of it
    keyctl session - "$CEXLUKS" boot --sysroot "$root" "$@" >"$ROOM/out" 2>"$ROOM/err" </dev/null
    status=$?
    out="$(<"$ROOM/out")"
    err="$(<"$ROOM/err")"
    sane "$ROOM/err" "boot $*"
}
forget
boot --image-files
expect 'an image does not have the keys directory by itself' 0
check 'none of it' not grep -qE 'keys\.d|hpcs' <<<"$out"
boot
check 'and boot does not load it' same "$(serial_of user "$us:key2")" ''
sed -i 's/^keys-profile.*/&\nkeys-at-boot = yes\nkey-expiry = 100s/' "$root/etc/cexluks/cexluks.conf"
boot --image-files
expect 'with keys-at-boot it has' 0 /etc/cexluks/cexluks.conf "/etc/cexluks/keys.d/logon/$us:key3" \
    "/var/lib/hpcs-for-luks/user/$us:key2" "/var/lib/hpcs-for-luks/logon/$us:key1"
: >"$new/user/$us:empty"
boot --image-files
expect 'what is no key is left out, with a warning' 0 "$us:empty: it is empty; the image goes without"
check 'and not listed' not grep -qF "$us:empty" <<<"$out"
rm "$new/user/$us:empty"
boot --needs-network
check 'it needs the network' same "$status" 0
boot
expect 'boot loads it' 0 '3 keys of the keys directory loaded'
check 'all keys' test -n "$(serial_of user "$us:key2")" -a -n "$(serial_of logon "$us:key1")" -a -n "$(serial_of logon "$us:key3")"
check 'with the expiry of keys in an initramfs' grep -qxE '(9[0-9]s|100s|1m)' <<<"$(expiry_of user "$us:key2")"
keyctl session - "$CEXLUKS" forget --debug </dev/null &>/dev/null
forget
echo rd.cexluks.keys=0 >"$root/proc/cmdline"
boot
check 'rd.cexluks.keys=0 is honoured' same "$(serial_of user "$us:key2")" ''
echo rd.cexluks.kms=dr >"$root/proc/cmdline"
boot
check 'so is rd.cexluks.kms, which leaves its profile out' same "$(serial_of user "$us:key2")" ''
echo rd.cexluks.timeout=2 >"$root/proc/cmdline"
sim_listener hpcs hang
boot
check "a service that hangs costs the timeout ($status)" test "$status" -ge 24
check 'and a line for each key' same "$(grep -cE "^$root.*$us:key[123]: (timeout|kms-unreachable)" <<<"$err")" 3
sim_listener hpcs up
rm "$root/proc/cmdline"

printf 'old %s none luks\n' "$v" >"$root/etc/crypttab"
boot
expect 'a volume with the token alone is left to systemd' 0 'left to its luks2-keyring token'
mv "$old/user/$us:key2" "$ROOM/away"
boot
expect 'without the key that the token names it has failed' 15 not-bound
mv "$ROOM/away" "$old/user/$us:key2"
sim_key_state "$made" 2
boot
expect 'so it has when the key could not be loaded' 27 kms-key-disabled
sim_key_state "$made" 1

# --- check: before that boot ------------------------------------------------------------------------------------------

checked() { # [OPTION…]: that machine, not the host's command line
    keyctl session - "$CEXLUKS" check --sysroot "$root" "$@" >"$ROOM/out" 2>"$ROOM/err" </dev/null
    status=$?
    out="$(<"$ROOM/out")"
    err="$(<"$ROOM/err")"
}
echo quiet >"$root/proc/cmdline"
printf 'old %s none luks\n' "$v" >"$root/etc/crypttab"
forget
checked
expect 'check proves each key, and the volume whose token names one counts as opening' 0 \
    "/var/lib/hpcs-for-luks/user/$us:key2: ok: kms:default unwraps it" "/logon/$us:key1: ok: " \
    "systemd opens it with $us:key2 of the keys directory" '1 of 1 volumes would open'
check 'and loads none' same "$(serial_of user "$us:key2")" ''
checked --offline
expect 'offline too, as far as that can be said' 0 "user/$us:key2: ok: would be tried" '1 of 1 volumes would open'
cp "$old/user/$us:key2" "$ROOM/saved"
printf 'notours\n' >"$old/user/$us:key2"
checked
expect 'with a key that does not unwrap it does not' 28 "user/$us:key2: failed: kms-bad-ciphertext" not-bound \
    '0 of 1 volumes would open'
cp "$ROOM/saved" "$old/user/$us:key2"
sed -i '/^keys-at-boot/d' "$root/etc/cexluks/cexluks.conf"
checked
expect 'nor without keys-at-boot' 15 "user/$us:key2: ok: " not-bound '0 of 1 volumes would open'
summary
