#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# why over several boots: the verb "boot" runs three times, each time with another fault, and what it says to the journal's
# socket goes into a real journal, under the id of that boot. systemd-journald itself is the boots' to show.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
remote=/lib/systemd/systemd-journal-remote
need 'why over several boots' cryptsetup jq curl socat unshare journalctl "$remote"

sim_start --instance prod=key-protect --instance far=key-protect || exit 1
{
    sim_conf prod key-protect prod
    sim_conf far key-protect far
} >"$CONF"
root="$ROOM/root" v="$ROOM/volume"
volume_make "$v"
bind "$v" kms:prod
expect 'a volume is bound' 0
mkdir -p "$root"/{etc/cexluks,proc/sys/kernel/random,run/cexluks,run/systemd/journal,var/log/journal/0123456789abcdef0123456789abcdef}
: >"$root/proc/cmdline"
cp "$SIM_CA" "$root/ca.pem"
install -m 600 "$SIM_API_KEY_FILE" "$root/prod.api-key"
sed 's,^api-key.*,api-key = file:/prod.api-key,; s,^ca-file.*,ca-file = /ca.pem,' "$CONF" \
    | install -m 600 /dev/stdin "$root/etc/cexluks/cexluks.conf"
printf 'root %s none luks\n' "$v" >"$root/etc/crypttab"

why() { # [OPTION…]
    run why --sysroot "$root" "$@" </dev/null
}

clock=1700000000000000
boots() { # BOOT-ID UID: one boot, whose entry is that user's
    local said="$ROOM/said-$1"
    printf '%s-%s\n' "${1:0:8}" "${1:8}" >"$root/proc/sys/kernel/random/boot_id"
    rm -f "$root/run/cexluks/report.json" "$said" "$root/run/systemd/journal/socket"
    socat -u "UNIX-RECV:$root/run/systemd/journal/socket" "OPEN:$said,creat,append" &
    local listener=$!
    until [[ -S $root/run/systemd/journal/socket ]]; do sleep 0.02; done
    # shellcheck disable=SC2016 # of the shell within
    unshare -m bash -c 'mkdir -p /run/cexluks && mount --bind "$1/run/cexluks" /run/cexluks &&
        exec "$2" boot --sysroot "$1" --timeout 4' - "$root" "$CEXLUKS" >"$ROOM/boot-said" 2>&1 </dev/null
    until [[ -s $said ]]; do sleep 0.02; kill -0 "$listener" || break; done
    kill "$listener" && wait "$listener" 2>/dev/null
    {
        clock=$((clock + 1000000))
        printf '__REALTIME_TIMESTAMP=%s\n__MONOTONIC_TIMESTAMP=%s\n_BOOT_ID=%s\n_UID=%s\n' "$clock" "${clock:9}" "$1" "$2"
        cat "$said"
        echo
    } >>"$ROOM/export"
}

first=11111111111111111111111111111111 second=22222222222222222222222222222222 third=33333333333333333333333333333333
why
expect 'without a boot there is nothing to tell' 0 nothing-to-do

sim_key_state "$(sim_info '.instances[0].root_key')" 2
boots "$first" 0
check 'the entry is one that journald takes' contains "$(<"$ROOM/said-$first")" MESSAGE_ID= PRIORITY=6 CEXLUKS_RUN=
check 'and holds no secret' not grep -q "$(<"$SIM_API_KEY_FILE")" "$ROOM/said-$first"
sim_key_state "$(sim_info '.instances[0].root_key')" 1
sim_listener prod down
boots "$second" 0
sim_listener prod up
boots 44444444444444444444444444444444 1000 # somebody who is not root says so
sed -i '/^_BOOT_ID=4/,$s/"outcome":"[^"]*"/"outcome":"forged"/' "$ROOM/export"
# not every answer of IAM's says which request it was; this one does
sim_fault '{"path": "/identity/token", "action": "status", "status": 400, "body": {"errorCode": "BXNIM0415E",
    "errorMessage": "Provided API key could not be found.", "context": {"requestId": "bWFyay10aGlz-0123"}}}'
boots "$third" 0
sim_faults_clear
check 'a journal is made of it' "$remote" -o "$root/var/log/journal/0123456789abcdef0123456789abcdef/system.journal" - \
    <"$ROOM/export"

why
expect 'the last three boots are told' 0 kms-key-disabled kms-unreachable iam-refused
check 'in their order' same "$(grep -oE 'kms-key-disabled|kms-unreachable|iam-refused' <<<"$out" | uniq | tr '\n' ' ')" \
    'kms-key-disabled kms-unreachable iam-refused '
check 'each once: this one from /run, and not from the journal too' same "$(grep -c '^boot at ' <<<"$out")" 3
check 'what others than root said is none of them' not contains "$out" forged
check 'with what the provider wants to know' same \
    "$(grep -A 4 'kms-key-disabled$' <<<"$out" | grep -c 'correlation id [0-9a-f]' | head -n 1)" 1
check 'and IAM, which refused' contains "$(sed -n '/iam-refused/,$p' <<<"$out")" 'IAM request bWFyay10aGlz-0123'
why --json
expect 'the same for programs' 0
check "this boot's runs, and those of before by boot" same \
    "$(jq -c '[.version, [.runs[].volumes[].outcome], [.earlier[] | [.boot[0:4], [.runs[].volumes[].outcome]]]]' <<<"$out")" \
    '[1,["iam-refused"],[["1111",["kms-key-disabled"]],["2222",["kms-unreachable"]]]]'
check 'with what was tried' same "$(jq -c '.earlier[0].runs[0].volumes[0].tried | map([.binding, .outcome, .hint != null])' <<<"$out")" \
    '[["kms:prod","kms-key-disabled",true]]'
check 'with ids' same "$(jq -r '.earlier[0].runs[0].volumes[0].correlation_id | length > 8' <<<"$out")" true

rm "$root/run/cexluks/report.json"
why
expect 'a boot that unlocked nothing says so after the others' 0 kms-unreachable nothing-to-do
head -c 3000 "$root/var/log/journal/0123456789abcdef0123456789abcdef/system.journal" >"$ROOM/cut"
cp "$ROOM/cut" "$root/var/log/journal/0123456789abcdef0123456789abcdef/system.journal"
why
expect 'a damaged journal keeps nobody from this one' 0 nothing-to-do

# two services: one takes connections and says nothing, the other refuses what is asked of it
bind "$v" kms:far
expect 'a second binding' 0
sim_key_state "$(sim_info '.instances[] | select(.name == "far").root_key')" 2
sim_listener prod hang
boots 55555555555555555555555555555555 0
sim_listener prod up
report="$root/run/cexluks/report.json"
check 'both were tried, the first one until the end' same \
    "$(jq -c '.runs[0].volumes[0].tried | map([.binding, .outcome, (.correlation_id // "" | length > 8)])' "$report")" \
    '[["kms:prod","kms-unreachable",true],["kms:far","kms-key-disabled",true]]'
check 'the second beside the first' jq -e '.runs[0].volumes[0].tried | (.[0].after_ms // 0) < .[1].after_ms and
    .[1].after_ms < (.[0].after_ms // 0) + .[0].took_ms and .[0].took_ms > 1000' "$report"
why
expect 'and so it is told' 0
check 'in its order, with time and outcome of each' same "$(sed -nE 's/([0-9]+\.[0-9]) s/N s/g; /^    tried: /p' <<<"$out")" \
    '    tried:  kms:prod, after N s, for N s: kms-unreachable
    tried:  kms:far, after N s, for N s: kms-key-disabled'
check 'with what to do about the one that decided nothing' contains "$(sed -n '/kms-key-disabled$/,$p' <<<"$out")" \
    'next: enable the root key in the KMS'
check 'and the id for its own support' same "$(sed -n '/kms:far/,$p' <<<"$out" | grep -c 'correlation id [0-9a-f]')" 1

# reports of before had one binding, and no list
jq -c 'del(.runs[].volumes[].tried)' "$report" >"$ROOM/older" && cp "$ROOM/older" "$report"
why
expect 'a report of before is told as it was' 0 'tried:  kms:prod, asked after' 'result: '
jq -c '.runs[].volumes[].tried = [range(3000) | {"binding": "kms:x", "outcome": 7}, "x", [1]] | .runs[].volumes[].tried_more = "many"' \
    "$report" >"$ROOM/planted" && cp "$ROOM/planted" "$report"
why
expect 'a list that nobody made of this length is told as far as one goes' 0 'result: '
check 'which is eight' same "$(grep -c '^    tried: ' <<<"$out")" 8
summary
