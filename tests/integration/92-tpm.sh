#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# api-key = tpm: with a real tcsd and tpm_unsealdata, and swtpm as a TPM 1.2. What seals the key is taken from the manual
# as it stands there. Runs in network and mount namespaces of its own: the ports of tcsd and /var/lib are the test's.
if [[ -z ${CEXLUKS_TEST_NAMESPACE-} && $EUID -eq 0 ]] && unshare -nm true 2>/dev/null; then
    CEXLUKS_TEST_NAMESPACE=1 exec unshare -nm --propagation private "${BASH_SOURCE[0]}" "$@"
fi
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/manual.sh
source tests/manual.sh
need 'TPM 1.2' jq curl ip ss mount xxd swtpm swtpm_setup tcsd tpm_takeownership tpm_sealdata tpm_unsealdata
if [[ -z ${CEXLUKS_TEST_NAMESPACE-} ]]; then
    skip 'TPM 1.2: needs root and namespaces'
    summary
fi
ip link set lo up
mount -t tmpfs none /var/lib || exit 1
mkdir /var/lib/hpcs-for-luks

TPM=6545 TCSD=30003 # ports; the second is where TrouSerS' library looks
blob=/var/lib/hpcs-for-luks/api-key-blob.txt
swtpm_pid='' tcsd_pid=''
sim_start --instance prod=key-protect || exit 1
sim_conf prod key-protect | sed "s,^api-key.*,$(manual 'api-key.*tpm:')," >"$CONF"

until_heard() { # PORT: somebody listens there, within ten seconds
    local left=200
    until [[ -n $(ss -Hltn "sport = :$1") ]]; do
        left=$((left - 1))
        [[ $left -gt 0 ]] || { echo "nobody listens at port $1" >&2 && exit 1; }
        sleep 0.05
    done
}

tpm_make() { # NAME: a new TPM 1.2 with an endorsement key, and no owner
    mkdir "$ROOM/$1"
    swtpm_setup --tpmstate "$ROOM/$1" --createek >"$ROOM/swtpm_setup" 2>&1 || { cat "$ROOM/swtpm_setup" >&2 && exit 1; }
}

tpm_start() { # NAME: as a machine does that boots: all PCRs are what they are after a reset
    swtpm socket --tpmstate "dir=$ROOM/$1" --server "type=tcp,port=$TPM,bindaddr=127.0.0.1" \
        --ctrl "type=unixio,path=$ROOM/swtpm.ctrl" --flags not-need-init,startup-clear >"$ROOM/swtpm.log" 2>&1 &
    swtpm_pid=$!
    children+=("$swtpm_pid")
    until_heard "$TPM"
}

tcsd_start() { # NAME: with what it knows of the owner of that TPM
    printf 'port = %s\nsystem_ps_file = %s/%s/system.data\n' "$TCSD" "$ROOM" "$1" >"$ROOM/tcsd.conf"
    chown root:tss "$ROOM/tcsd.conf"
    chmod 640 "$ROOM/tcsd.conf"
    TCSD_USE_TCP_DEVICE=1 TCSD_TCP_DEVICE_HOSTNAME=127.0.0.1 TCSD_TCP_DEVICE_PORT=$TPM \
        tcsd -f -e -c "$ROOM/tcsd.conf" >"$ROOM/tcsd.log" 2>&1 &
    tcsd_pid=$!
    children+=("$tcsd_pid")
    until_heard "$TCSD"
}

stop() { # PID
    kill "$1" && wait "$1" 2>/dev/null
}

machine_off() {
    stop "$tcsd_pid"
    stop "$swtpm_pid"
}

machine_on() { # NAME
    tpm_start "$1"
    tcsd_start "$1"
}

extend() { # PCR NAME: what a boot loader does to that TPM. tcsd holds the TPM, so it stands aside.
    local fd
    stop "$tcsd_pid"
    exec {fd}<>"/dev/tcp/127.0.0.1/$TPM"
    # TPM_Extend, and 20 bytes
    printf '00c1 00000022 00000014 %08x %040x' "$1" 7 | xxd -r -p >&"$fd"
    head -c 30 <&"$fd" | xxd -p -c 0 | grep -q '^00c4........00000000' || echo 'the TPM does not extend' >&2
    exec {fd}>&-
    tcsd_start "$2"
}

asked() { # how many requests came to IAM and to the KMS
    sim_requests length
}

refused() { # TITLE STATUS PART…: of a ping, which never gets to the network
    local before
    before="$(asked)"
    with_conf ping --timeout "${limit:-20}"
    expect "$@" && check '  and nobody was asked' same "$(asked)" "$before"
}

# --- a machine with a TPM that nobody owns ----------------------------------------------------------------------------

cp "$SIM_API_KEY_FILE" "$ROOM/api-key.txt"
tpm_make one
machine_on one
refused 'no sealed key yet' 21 credential-missing "$blob does not exist" 'hint: seal' 'tpm_sealdata'
printf 'nonsense\n' >"$blob"
refused 'a file that is none' 22 credential-unusable "$blob: not a file that tpm_sealdata made"
tpm_takeownership -y -z
rm "$blob"
check "the manual's tpm_sealdata seals the key" bash -e -c "cd '$ROOM' && $(manual tpm_sealdata | sed 1d)"
check 'for its owner only' same "$(stat -c %a "$blob")" 600
check 'the file does not hold it' not grep -qF "$(<"$SIM_API_KEY_FILE")" "$blob"

# --- it works ---------------------------------------------------------------------------------------------------------

with_conf ping
expect 'the TPM opens it, and IAM takes it' 0 'prod: ok'
check 'without a word' not contains "$err" warning
chmod 644 "$blob"
with_conf ping
expect "as the Python tool's README makes it, for everybody, it works" 0 'prod: ok' 'can read it' "chmod 0600 $blob"
chmod 700 "${blob%/*}"
with_conf ping
check 'without the warning in a directory that is closed' not contains "$err" chmod
chmod 755 "${blob%/*}"
chmod 600 "$blob"
install -m 644 "$blob" "$ROOM/another"
sed "s,^api-key.*,api-key = tpm:$ROOM/another," "$CONF" >"$ROOM/another.conf"
run ping --config "$ROOM/another.conf"
expect 'anywhere else it is refused' 22 credential-unusable "others can read $ROOM/another (mode 0644)" "chmod 0600 $ROOM/another"
chmod 600 "$ROOM/another"
run ping --config "$ROOM/another.conf"
expect 'until it is closed' 0 'prod: ok'
TSS_TCSD_HOSTNAME=192.0.2.1 TSS_TCSD_PORT=1 with_conf ping
expect 'the environment does not say where the TPM is' 0 'prod: ok'
volume="$ROOM/volume"
volume_make "$volume"
bind "$volume" kms:prod
expect 'bind with it' 0
machine_off
machine_on one
run pass "$volume" kms:prod --config "$CONF" </dev/null
cp "$ROOM/out" "$ROOM/unwrapped"
check 'after a restart of the machine it opens a volume' opens "$volume" "$ROOM/unwrapped" --key-slot 1

# --- it refuses -------------------------------------------------------------------------------------------------------

extend 7 one
with_conf ping
expect 'a PCR that the key is not sealed to may change' 0 'prod: ok'
extend 4 one
refused 'PCR 4 changed' 22 credential-unusable "$blob" 'PCRs that it is sealed to have changed' "hint: if it was you" \
    "tpm_sealdata -p 4 -p 5 -z --infile KEY --outfile $blob"
run pass "$volume" kms:prod --config "$CONF" </dev/null
expect 'and no volume opens' 22 credential-unusable PCRs
sed "s,^api-key.*,&\, file:$SIM_API_KEY_FILE," "$CONF" >"$ROOM/second.conf"
run ping --config "$ROOM/second.conf"
expect 'another source does not take its place' 22 credential-unusable PCRs
sed "s,^api-key.*,api-key = file:$SIM_API_KEY_FILE\, tpm:$blob," "$CONF" >"$ROOM/second.conf"
run ping --config "$ROOM/second.conf"
expect 'behind another source it is a warning' 0 'prod: ok' 'PCRs' 'going on with the API key before it'
machine_off
machine_on one
with_conf ping
expect 'with the old boot loader it opens again' 0 'prod: ok'

cp "$blob" "$ROOM/good"
sed '/ENC DAT/q' "$ROOM/good" >"$blob"
limit=4 refused 'a file that was cut' 22 credential-unusable "$blob"
sed '/ENC KEY/{n;s/^......../AAAAAAAA/}' "$ROOM/good" >"$blob"
limit=4 refused 'a file that was changed' 22 credential-unusable "$blob"
head -c 70000 /dev/zero >"$blob"
refused 'a file that is too large' 22 credential-unusable "$blob: larger than"
printf 'two words' >"$ROOM/no-key"
tpm_sealdata -p 4 -z --infile "$ROOM/no-key" --outfile "$blob"
refused 'a sealed file that holds no key' 22 credential-unusable 'does not hold an API key'
cp "$ROOM/good" "$blob"

# --- it is not there --------------------------------------------------------------------------------------------------

: >"$ROOM/hosts"
printf 'hosts: files\n' >"$ROOM/nsswitch.conf"
mount --bind "$ROOM/hosts" /etc/hosts && mount --bind "$ROOM/nsswitch.conf" /etc/nsswitch.conf
limit=4 refused 'no localhost' 22 credential-unusable 'localhost has no address' 'look at /etc/hosts'
umount /etc/hosts /etc/nsswitch.conf
kill -STOP "$swtpm_pid"
from=$SECONDS
with_conf ping --timeout 2
expect 'a TPM that does not answer' 22 credential-unusable 'did not open it in time'
check 'keeps nobody longer than the time there is' test $((SECONDS - from)) -le 6
kill -CONT "$swtpm_pid"
stop "$swtpm_pid"
refused 'a TPM that went away' 22 credential-unusable 'tcsd does not reach it'
stop "$tcsd_pid"
limit=4 refused 'no tcsd' 22 credential-unusable 'tcsd is not running' 'systemctl enable --now tcsd'
tpm_start one
"$CEXLUKS" ping --config "$CONF" >"$ROOM/late" 2>&1 </dev/null &
late=$!
sleep 1.5
tcsd_start one
wait "$late"
check 'a tcsd that is still starting is waited for' same "$?" 0
machine_off
mount --bind /dev/null /usr/bin/tpm_unsealdata
refused 'no tpm_unsealdata' 22 credential-unusable /usr/bin/tpm_unsealdata 'install tpm-tools and trousers'
umount /usr/bin/tpm_unsealdata

tpm_make two
machine_on two
refused 'a TPM without owner' 22 credential-unusable 'knows no owner' 'tpm_takeownership -z'
tpm_takeownership -y -z
refused "another machine's TPM" 22 credential-unusable 'another TPM sealed it'
machine_off

# --- images -----------------------------------------------------------------------------------------------------------

install -D -m 600 "$CONF" "$ROOM/root/etc/cexluks/cexluks.conf"
install -D "$SIM_CA" "$ROOM/root$SIM_CA"
run boot --image-files --sysroot "$ROOM/root" </dev/null
expect 'an image with it is not made' 22 credential-unusable 'cannot work in an initramfs' 'omit_dracutmodules'
summary
