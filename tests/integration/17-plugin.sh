#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The plug-in of libcryptsetup: an unmodified cryptsetup and systemd-cryptsetup, in a root that is this machine's with what
# "make install" copies laid over it, open what the helper bound; and say why when they can't.
#
# libcryptsetup 2.6 has one folder for plug-ins, fixed when it was built; hence the root of our own. It may be another release's,
# see laid-over.sh: tests/image/rows/40-plugin.sh does that.
if [[ -z ${CEXLUKS_TEST_NAMESPACE-} && $EUID -eq 0 ]] && unshare -m true 2>/dev/null; then
    CEXLUKS_TEST_NAMESPACE=1 exec unshare -m --propagation private "${BASH_SOURCE[0]}" "$@"
fi
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'the plug-in' cryptsetup jq curl xxd chroot strace
# shellcheck source=tests/integration/laid-over.sh
source tests/integration/laid-over.sh
if [[ ! -e $B/libcryptsetup-token-cexluks.so ]]; then
    skip "the plug-in: $B has none, as a static helper alone"
    summary
fi
laid_over_tree "$ROOM/tree" || exit 1
if ! laid_over "$ROOM/root" "$ROOM/tree"; then
    skip 'the plug-in: needs root, namespaces and overlays'
    summary
fi

# --- a volume, and those who open it ----------------------------------------------------------------------------------

v="$ROOM/volume"
etc="$ROOM/root/etc/cexluks"
sim_start --instance prod=key-protect --instance dr=key-protect-dedicated --instance away=key-protect || exit 1
{
    sim_conf prod key-protect prod
    sim_conf dr key-protect-dedicated dr
    sim_conf away key-protect away
} >"$CONF"
cp "$CONF" "$etc/cexluks.conf"
volume_make "$v"
cp "$v" "$ROOM/away"
bind "$v" kms:prod
expect 'a volume is bound' 0
bind "$ROOM/away" kms:away
expect 'another one, to a service that goes away' 0

# A plug-in with sanitizers wants theirs to be there first.
preload=()
if [[ $B == *-san ]]; then
    preload=("LD_PRELOAD=$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libubsan.so)" ASAN_OPTIONS=detect_leaks=0)
fi
in_root() { # PROGRAM ARGUMENT…: in that root, from a user's environment
    env -i PATH="$PATH" HOME=/root "${preload[@]}" "${watched_by[@]}" chroot "$ROOM/root" "$@" </dev/null
}
watched_by=() # strace with its options, which that root need not have

there() { # PROGRAM ARGUMENT…: as run, there
    in_root "$@" >"$ROOM/out" 2>"$ROOM/err"
    status=$?
    out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
    sane "$ROOM/err" "$*"
}

test_open() { # [cryptsetup's options…]
    there cryptsetup open --test-passphrase "$@" "$v"
}

# The helper goes on trying for a while, so this one is looked at in the end.
sim_listener away down
(
    since=$SECONDS code=0
    in_root cryptsetup open --test-passphrase --token-only --debug "$ROOM/away" >"$ROOM/away-out" 2>"$ROOM/away-err" || code=$?
    echo $((SECONDS - since)) >"$ROOM/away-seconds"
    exit "$code"
) &
away=$!
children+=("$away")

test_open --token-only
expect 'cryptsetup --token-only opens it' 0
check 'and says nothing' same "$out$err" ''
test_open --token-type cexluks --token-only
expect 'by the type of the token' 0
test_open --token-id "$(header_json "$v" | jq -r '.tokens | keys[0]')" --token-only
expect 'by its number' 0
test_open
expect 'cryptsetup open does so before it asks' 0
(cd "$ROOM" && ln -s volume ./-volume)
there sh -c "cd $ROOM && cryptsetup open --test-passphrase --token-only -- -volume"
expect 'a device whose name looks like an option' 0

there cryptsetup luksDump "$v"
expect 'luksDump shows it' 0 "0: cexluks" $'\tBinding:    kms:prod' $'\tRoot key:   '"$(sim_info '.instances[0].root_key')" \
    $'\tBound to:   ' $'\tSerial:     1' $'\tCreated:    20' $'\tKeyslot:    1'
check 'but nothing that it wraps' not contains "$out" "$(tokens "$v" '.[0].ciphertext' | tr -d '"')"

# --- systemd ----------------------------------------------------------------------------------------------------------

# It says what it does to the journal or, in debug, to us. Without a device mapper it can only test, see there.
systemd_cryptsetup=/lib/systemd/systemd-cryptsetup
attach() { # VOLUME
    there env LD_AUDIT="$ROOM/no-mapper.so" SYSTEMD_LOG_LEVEL=debug SYSTEMD_LOG_TARGET=console \
        "$systemd_cryptsetup" attach data "$1" - luks,headless=1
}
if [[ ! -x $systemd_cryptsetup || ${#preload[@]} -ne 0 ]]; then
    skip 'systemd-cryptsetup: it is not here, or the build has sanitizers'
elif ! ${CC:-cc} -shared -fPIC -D_GNU_SOURCE -Wall -Wextra -o "$ROOM/no-mapper.so" tests/integration/no-mapper.c; then
    not_ok 'no-mapper.c compiles'
else
    attach "$v"
    expect 'systemd-cryptsetup opens it' 0 'Verifying key from keyslot 1' 'activated with '
    check 'and asks nobody' not contains "$err" 'Password querying'
    mv "$etc/cexluks.conf" "$etc/away"
    attach "$v"
    check 'what it cannot open, it would ask for' contains "$err" 'cexluks: no passphrase: config-error' 'Password querying disabled'
    mv "$etc/away" "$etc/cexluks.conf"
fi

# --- what the helper gets from a caller -------------------------------------------------------------------------------

stand_in() { # SCRIPT: in the helper's place
    cp -f "$1" "$ROOM/root/usr/sbin/cexluks"
    chmod 0755 "$ROOM/root/usr/sbin/cexluks"
}
helper_back() {
    cp -f "$ROOM/tree/usr/sbin/cexluks" "$ROOM/root/usr/sbin/cexluks"
}

printf '%s\n' '#!/bin/sh' 'printf wrong-passphrase' >"$ROOM/stand-in"
stand_in "$ROOM/stand-in"
watched_by=(env CEXLUKS_CANARY=visible strace -f -qq -v -s 200 -e trace=execve -o "$ROOM/trace")
test_open --token-only
watched_by=()
started="$(grep -F '"/usr/sbin/cexluks"' "$ROOM/trace" | head -n 1)"
check 'it is started by its path, with the words of the verb' contains "$started" \
    "execve(\"/usr/sbin/cexluks\", [\"/usr/sbin/cexluks\", \"pass\", \"$v\", \"kms:prod\", \"--timeout\", \"20\"]"
check 'and with an empty environment' contains "$started" '], [])'
check 'nobody else is started' same \
    "$(grep -E 'execve\(.* = 0$' "$ROOM/trace" | grep -oE 'execve\("[^"]*' | sed 's/.*"//' | sort -u | grep -vE '^(/usr)?/s?bin/cryptsetup$|/chroot$')" \
    /usr/sbin/cexluks

cat >"$ROOM/stand-in" <<'END'
#!/bin/sh
ls -l /proc/self/fd >/tmp/stand-in
env >>/tmp/stand-in
cat >>/tmp/stand-in
cat /proc/self/status >>/tmp/stand-in
printf wrong-passphrase
END
stand_in "$ROOM/stand-in"
test_open --token-only 9</dev/null
expect 'a passphrase that opens nothing is a wrong one' 2
seen="$(<"$ROOM/root/tmp/stand-in")"
check 'no descriptor of the caller gets through' not contains "$seen" ' 9 -> ' "$v"
check 'nor its input' contains "$seen" '0 -> /dev/null'

printf '#!/bin/sh\nprintf half; kill -9 $$\n' >"$ROOM/stand-in"
stand_in "$ROOM/stand-in"
test_open --token-only
expect 'a helper that dies halfway' 1 'ended without a passphrase'
printf '#!/bin/sh\nyes\n' >"$ROOM/stand-in"
stand_in "$ROOM/stand-in"
test_open --token-only
expect 'one that does not end writing' 1 'ended without a passphrase'
rm "$ROOM/root/usr/sbin/cexluks"
test_open --token-only
expect 'none at all' 1 'cannot use kms:prod: /usr/sbin/cexluks cannot be run'
helper_back

# --- when it can't ----------------------------------------------------------------------------------------------------

told() { # what the plug-in told libcryptsetup, of the last run, which had --debug
    sed -nE 's/.*Token 0 \(cexluks\) open failed with (-?[0-9]+)\..*/\1/p' "$ROOM/out" "$ROOM/err" | sort -u
}

printf '%s\n' '#!/bin/sh' 'echo why >&2' 'exit 24' >"$ROOM/stand-in"
stand_in "$ROOM/stand-in"
there sh -c "printf '%s' '$PASSPHRASE' | cryptsetup open --test-passphrase --debug $v"
expect 'for a person there is the passphrase, after the reason' 0 'cexluks: why'
check 'what may come back is absent hardware to libcryptsetup (EAGAIN)' same "$(told)" -11
there sh -c "printf wrong | cryptsetup open --test-passphrase -T1 $v"
expect 'if it is the right one' 2 'cexluks: why'
helper_back

sim_key_state "$(sim_info '.instances[0].root_key')" 2
test_open --token-only --debug
expect 'a root key that is disabled' 1 'cexluks: no passphrase: kms-key-disabled: '
check 'is no token to libcryptsetup (ENOENT)' same "$(told)" -2
test_open -d "$(key_file)"
expect 'a key file opens it too, after the reason' 0 'kms-key-disabled'
test_open -d "$(key_file)" --disable-external-tokens
expect 'or without asking' 0
check 'and without a word' same "$out$err" ''
bind "$v" kms:dr
expect 'of two bindings' 0
test_open --token-only
expect 'the other one is tried' 0 'kms-key-disabled'
with_conf unbind "$v" kms:dr
sim_key_state "$(sim_info '.instances[0].root_key')" 1
mv "$etc/cexluks.conf" "$etc/away"
test_open --token-only --debug
expect 'no configuration' 1 'cexluks: no passphrase: config-error: ' 'cexluks: hint: '
check 'is no token to libcryptsetup' same "$(told)" -2
sed 's/^\[kms prod\]/[kms other]/' "$CONF" >"$etc/cexluks.conf"
test_open --token-only
expect 'a profile that this machine does not know' 1 'cexluks: no passphrase: '
mv "$etc/away" "$etc/cexluks.conf"
test_open --token-only
expect 'all is well again' 0

# --- tokens by others -------------------------------------------------------------------------------------------------

cp "$v" "$ROOM/good"
for broken in '.profile = "../x"' '.version = 2' '.kind = "other"' 'del(.profile)' '.profile = "a\nb"'; do
    cp "$ROOM/good" "$v"
    header_edit "$v" ".tokens[\"0\"] |= ($broken)"
    watched_by=(strace -f -qq -e trace=execve -o "$ROOM/trace")
    test_open --token-only
    watched_by=()
    check "a token with $broken is none" test "$status" -ne 0
    check "and starts nobody: $broken" not grep -qF '"/usr/sbin/cexluks"' "$ROOM/trace"
    there cryptsetup luksDump "$v"
    check "nor is it shown: $broken" not contains "$status$out" $'\tBinding:'
done
cp "$ROOM/good" "$v"
header_edit "$v" '.tokens["0"] |= (.key = "https://evil.example/")'
there cryptsetup luksDump "$v"
check 'a place in place of a name is not shown' not contains "$out" evil.example
cp "$ROOM/good" "$v"

# --- away, in the end ---------------------------------------------------------------------------------------------

wait "$away"
status=$? out="$(<"$ROOM/away-out")" err="$(<"$ROOM/away-err")"
expect 'a service that is away' 1 'cexluks: no passphrase: kms-unreachable: ' 'cexluks: hint: '
cp "$ROOM/away-out" "$ROOM/out"
cp "$ROOM/away-err" "$ROOM/err"
check 'is absent hardware to libcryptsetup' same "$(told)" -11
check "and keeps nobody for long ($(<"$ROOM/away-seconds") s)" test "$(<"$ROOM/away-seconds")" -lt 40

# --- not in images ----------------------------------------------------------------------------------------------------

check 'no module of dracut takes it' not grep -rqF -e libcryptsetup-token-cexluks -e cryptsetup-token- dracut
neighbour="$(cd "${LAID_OVER_BASE:-/}" && find usr/lib*/ -name libcryptsetup-token-systemd-tpm2.so | head -n 1)"
check 'make install puts it where libcryptsetup looks' test -f "$ROOM/tree/${neighbour%/*}/libcryptsetup-token-cexluks.so"
summary
