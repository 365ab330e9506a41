#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# setup, as somebody at a terminal has it: what it asks, what it tries before it writes, what it writes, what it leaves
# alone, and what is left when it is interrupted.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/terminal.sh
source tests/integration/terminal.sh
need 'setup' script cryptsetup jq curl

sim_start --instance prod=key-protect --instance old=hpcs --api-key a-reader:reader || exit 1
api_key="$(<"$SIM_API_KEY_FILE")"
etc="$ROOM/root/etc/cexluks"
questions=('Name for this service [prod]: ' 'Its endpoint, https://...: ' 'Its instance id, or the CRN of the root key: '
    'Endpoint of IAM [https://iam.cloud.ibm.com]: ' 'CA certificates to trust [' 'API key (not shown): ')
answers=('' "$SIM_URL" "$SIM_INSTANCE" "$SIM_IAM_URL" /ca.pem "$api_key")
crn="crn:v1:bluemix:public:kms:eu-de:a/0123456789abcdef0123456789abcdef:$SIM_INSTANCE:key:$SIM_ROOT_KEY"

fresh() { # a system without configuration
    rm -rf "$ROOM/root"
    mkdir -p "$ROOM/root"
    cp "$SIM_CA" "$ROOM/root/ca.pem"
}

begin() {
    terminal_begin "$CEXLUKS" setup --sysroot "$ROOM/root" "$@"
}

answer() { # NUMBER: that many questions
    local i
    for ((i = 0; i < $1; i++)); do
        terminal_see "${questions[i]}"
        terminal_type "${answers[i]}"
    done
}

written() { # what there is below etc, with modes
    [[ ! -d $etc ]] || (cd "$etc" && stat -c '%a %n' -- * 2>/dev/null)
}

# --- to the end -------------------------------------------------------------------------------------------------------

fresh
begin
answer 6
terminal_see 'ok: TLS, IAM token and service'
terminal_see 'Root key, by number, id or alias ['
terminal_type 1
terminal_see 'the root key unwraps what it wrapped'
terminal_end
expect 'setup leads to a configuration' 0 'Three commands follow:' 'cexluks bind DEVICE kms:prod' dracut 'cexluks check'
check 'nobody sees the API key' not contains "$screen" "$api_key"
check 'the terminal is as it was' same "$echo_after" on
check 'the API key is for its owner alone, and nothing else is left' same "$(written)" \
    "644 cexluks.conf"$'\n'"600 prod.api-key"
check 'it is the one that was typed' same "$(<"$etc/prod.api-key")" "$api_key"
check 'the configuration holds no secret' not grep -qF "$api_key" "$etc/cexluks.conf"
run ping --sysroot "$ROOM/root" </dev/null
expect 'and works' 0 'prod: ok'
volume_make "$ROOM/vol"
run bind "$ROOM/vol" kms:prod --sysroot "$ROOM/root" --key-file "$(key_file)" </dev/null
expect 'for bind, which needs its root key, too' 0 'ok: '

before="$(digest "$etc"/*)"
begin
terminal_end
expect 'a configuration that is there is no question' 0 'nothing-to-do: ' 'is there already'
check 'and stays as it is' same "$(digest "$etc"/*)" "$before"

rm "$etc/cexluks.conf"
begin
answer 5
terminal_see "The API key is the one in $etc/prod.api-key."
terminal_see 'Root key, by number, id or alias ['
terminal_type cexluks-root
terminal_end
expect 'an API key that is there is used' 0 'ok: '
check 'and stays as it is' same "$(digest "$etc/prod.api-key")" "$(tail -n 1 <<<"$before")"
check 'a root key may be named by its alias' grep -qx 'root-key     = cexluks-root' "$etc/cexluks.conf"

# --- other ways -------------------------------------------------------------------------------------------------------

fresh
answers[2]="$crn"
begin
answer 6
terminal_end
expect 'a CRN names instance and root key' 0 'unwraps what it wrapped'
check 'and nobody asks for them' not contains "$screen" 'Root key, by'
check 'it stands in the configuration' grep -qx "crn          = $crn" "$etc/cexluks.conf"
run wrap --sysroot "$ROOM/root" <"$(key_file)"
expect 'which wraps' 0
answers[2]="$SIM_INSTANCE"

fresh
begin
terminal_see "${questions[0]}"
terminal_type 'a name'
terminal_see 'this is not a name of letters'
terminal_see "${questions[0]}"
terminal_type prod
terminal_see "${questions[1]}"
terminal_type "http${SIM_URL#https}"
terminal_see 'this '
terminal_see "${questions[1]}"
terminal_type "  $SIM_URL/  "
terminal_see "${questions[2]}"
terminal_type "${SIM_INSTANCE%?}"
terminal_see 'this is not an instance id'
terminal_see "${questions[2]}"
terminal_type "$SIM_INSTANCE"
terminal_see "${questions[3]}"
terminal_type "$SIM_IAM_URL"
terminal_see "${questions[4]}"
terminal_type /no-such-file
terminal_see 'this is no file'
terminal_see "${questions[4]}"
terminal_type /ca.pem
terminal_see "${questions[5]}"
terminal_type not-a-key
terminal_see 'iam-refused'
terminal_see 'Once more'
check 'what the service refuses is not written' same "$(written)" ''
for question in 'Name for this service [prod]: ' "[$SIM_URL/]: " "[$SIM_INSTANCE]: " "[$SIM_IAM_URL]: " '[/ca.pem]: '; do
    terminal_see "$question"
    terminal_type ''
done
terminal_see 'API key (not shown) [the one just typed]: '
terminal_type a-reader
terminal_see 'Root key, by number, id or alias ['
terminal_type ''
terminal_end
expect 'a wrong answer is asked for again, and the others are kept' 0 'Three commands follow'
check 'and the last one counts' same "$(<"$etc/prod.api-key")" a-reader

# --- interrupted ------------------------------------------------------------------------------------------------------

for ((n = 0; n <= 5; n++)); do
    fresh
    begin
    answer "$n"
    terminal_see "${questions[n]}"
    terminal_interrupt
    terminal_end
    expect "Ctrl-C at question $((n + 1)) ends setup" 130
    check "the terminal shows again what is typed ($((n + 1)))" same "$echo_after" on
    check "and nothing is written ($((n + 1)))" same "$(written)" ''
done
fresh
begin
answer 6
terminal_see 'Root key, by number'
terminal_interrupt
terminal_end
expect 'so does Ctrl-C at the last question' 130
check 'and nothing is written' same "$(written)" ''
fresh
begin
answer 6
terminal_see 'Root key, by number'
echo '# somebody else was faster' >"$etc/cexluks.conf"
terminal_type 1
terminal_end
expect 'a configuration that comes into being meanwhile stays as it is' 11 config-error 'meanwhile'
check 'and the API key that belongs to no configuration is gone' same "$(cat "$etc"/*)" '# somebody else was faster'
fresh
begin
terminal_see "${questions[0]}"
printf '\004' >&7 # Ctrl-D
terminal_end
expect 'the end of what is typed is one as well' 2 'nothing was written'

# --- where setup has no place -----------------------------------------------------------------------------------------

fresh
run setup --sysroot "$ROOM/root" </dev/null
expect 'without a terminal nobody is asked' 2 'asks a person at a terminal'
check 'and nothing is written' same "$(written)" ''
mkdir -p "$ROOM/root/etc"
install -m 600 /dev/null "$ROOM/root/etc/hpcs-for-luks.ini"
printf '[KP]\nendpoint_url = %s\nservice_instance_id = %s\napi_key = x\n' "$SIM_URL" "$SIM_INSTANCE" \
    >"$ROOM/root/etc/hpcs-for-luks.ini"
begin
terminal_end
expect "beside the old tool's configuration it writes none" 0 'nothing-to-do' 'hpcs-for-luks convert'

# --- status: what is there, and what comes next -----------------------------------------------------------------------

fresh
"$CEXLUKS" >"$ROOM/out" 2>"$ROOM/err" </dev/null
status=$? out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
expect 'without a verb there is a next step, and the way to the verbs' 0 'next: ' 'cexluks help shows all verbs.'

if [[ $EUID -ne 0 ]] || ! unshare -m true 2>/dev/null; then
    skip 'status: needs root, for a /dev of its own'
    summary
fi
mkdir "$ROOM/dev"
cat >"$ROOM/with-disk" <<'IN' # FOLDER DISK COMMAND…: DISK is all that udev knows
mount -t tmpfs none "$1" || exit 98
for node in null random urandom; do
    touch "$1/$node" && mount --bind "/dev/$node" "$1/$node" || exit 98
done
mkdir -p "$1/disk/by-uuid"
[[ ! -e $2 ]] || ln -s "$2" "$1/disk/by-uuid/$(cryptsetup luksUUID "$2")"
mount --rbind "$1" /dev || exit 98
exec "${@:3}"
IN

state() { # DISK TITLE STATUS PART…
    unshare -m bash "$ROOM/with-disk" "$ROOM/dev" "$1" "$CEXLUKS" status --sysroot "$ROOM/root" \
        >"$ROOM/out" 2>"$ROOM/err" </dev/null
    status=$? out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
    expect "${@:2}"
}

report() { # OUTCOME: of the last boot
    mkdir -p "$ROOM/root/run/cexluks"
    printf '{"version":1,"runs":[{"mode":"boot","volumes":[{"outcome":"ok"},{"outcome":"%s"}]}]}' "$1" \
        >"$ROOM/root/run/cexluks/report.json"
}

volume_make "$ROOM/new"
state "$ROOM/none" 'an empty machine is to be set up' 0 'configuration  none' 'no LUKS2 volume' $'\nnext: cexluks setup'
mkdir -p "$etc"
sim_conf site key-protect prod >"$etc/cexluks.conf"
state "$ROOM/new" 'one with a service is to be bound' 0 "cexluks.conf: kms:site"$'\n' "$ROOM/new: opens by hand only" \
    $'\n'"next: cexluks bind $ROOM/new kms:site"
echo '[cexluks]' >"$etc/cexluks.conf"
state "$ROOM/new" 'one without a service, to the card' 0 'no key management service' "next: cexluks bind $ROOM/new card"
state "$ROOM/vol" 'one that is bound is to be checked' 0 "$ROOM/vol: kms:prod"$'\n' 'last boot      unlocked nothing' \
    $'\nnext: cexluks check'
report dns-failed
state "$ROOM/vol" 'after a boot that failed, it tells where to look' 0 'opened 1 volumes, and left 1 closed' $'\nnext: cexluks why'
report ok
state "$ROOM/vol" 'and not after one that worked' 0 'opened 2 volumes, and left 0 closed' $'\nnext: cexluks check'
echo 'nonsense' >"$etc/cexluks.conf"
state "$ROOM/vol" 'a configuration with a mistake comes first' 11 'configuration  config-error' 'line 1' 'next: see cexluks.conf(5)'
summary
