#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# volumes.sh (part b): many volumes of one profile, the service far away. "cexluks load" gets the passphrases of all of
# them and proves each on its keyslot, as a boot does up to where device mapper would begin; beside it "cexluks pass" for
# one volume after the other. The simulator delays each answer. Some 5 minutes; needs a kernel keyring.
# shellcheck source=tests/bench/lib.sh disable=SC2016
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need cryptsetup jq curl keyctl
read -ra counts <<<"${VOLUMES:-$(quick '1 2 4 8 16 32 64' '1 2')}"
read -ra delays <<<"${DELAYS:-$(quick '0 20 50 100' '0 20')}"
rounds="${ROUNDS:-$(quick 3 1)}"

service_start
system_root
for ((n = 1; n <= counts[-1]; n++)); do
    volume "$work/volume$n"
done

delay() { # MILLISECONDS before each answer
    sim_faults_clear
    [[ $1 -eq 0 ]] || sim_fault "{\"listener\":\"*\",\"path\":\"*\",\"delay_ms\":$1,\"action\":\"none\"}"
}

load() { # in a session of its own
    keyctl session - "$B/cexluks" load --sysroot "$work/root" >"$work/said" 2>&1 </dev/null || {
        cat "$work/said" >&2
        return 1
    }
}

one_after_the_other() { # HOW-MANY
    local n
    for ((n = 1; n <= $1; n++)); do
        "$B/cexluks" pass "$work/volume$n" kms:prod --config "$work/cexluks.conf" </dev/null >"$work/passphrase"
    done
}

happened() { # FILTER: in the simulator's log since line $seen
    tail -n "+$((seen + 1))" "$SIM_DIR/requests.jsonl" | jq -s "map(select($1)) | length"
}

fragment b
printf '| round trip | volumes | one `load` | IAM | unwraps | connections | one after the other | times |\n'
printf '|---:|---:|---:|---:|---:|---:|---:|---:|\n'
declare -A took iam
for ms in "${delays[@]}"; do
    delay "$ms"
    for n in "${counts[@]}"; do
        crypttab volume "$n"
        : >"$work/together"
        for ((round = 0; round < rounds; round++)); do
            seen="$(wc -l <"$SIM_DIR/requests.jsonl")"
            microseconds load >>"$work/together"
            keyctl session - "$B/cexluks" forget >/dev/null 2>&1 </dev/null
        done
        together="$(median "$work/together")"
        tokens="$(happened '.event == "request" and .path == "/identity/token"')"
        unwraps="$(happened '.event == "request" and (.path | endswith("/actions/unwrap"))')"
        connections="$(happened '.event == "connection"')"
        apart="$(microseconds one_after_the_other "$n")"
        took[$ms.$n]=$together
        [[ $n -ne 16 ]] || iam[$ms]=$tokens
        printf '%s %s %s %s\n' "$ms" "$n" "$(calc %.4f "$together / 1e6")" "$(calc %.4f "$apart / 1e6")" >>"$work/data"
        printf '| %d ms | %d | %s s | %d | %d | %d | %s s | %s |\n' "$ms" "$n" "$(calc %.2f "$together / 1e6")" "$tokens" \
            "$unwraps" "$connections" "$(calc %.2f "$apart / 1e6")" "$(calc %.1f "$apart / $together")"
    done
done
cp "$work/data" "$OUT/b.data"
printf '\n'
if [[ -n ${took[50.16]-} ]]; then
    target '16 volumes at 50 ms, against one' at-most 2 "$(calc %.2f "${took[50.16]} / ${took[50.1]}")" times
    target 'IAM requests for 16 volumes of one profile' at-most 1 "${iam[50]}" request
fi
