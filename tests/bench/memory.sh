#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# memory.sh (part c): peak memory. First of core and net child while one passphrase is fetched, without any KDF: the
# simulator delays its answer, and /proc/PID/status is read meanwhile. Then of "load" with 1 and 8 volumes: as bind makes
# their keyslots (PBKDF2), and with Argon2id instead; beside as many cryptsetup at once with Argon2id. Two minutes; needs
# a kernel keyring, and root.
# shellcheck source=tests/bench/lib.sh disable=SC2016
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need cryptsetup jq curl keyctl
read -ra counts <<<"$(quick '1 8' '1 2')"
argon_kb="$(quick 131072 16384)"
own=()

service_start
volume "$work/volume"

# --- without KDF -----------------------------------------------------------------------------------------

peak_of() { # PID
    sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}

# sets core_kb and net_kb
before_kdf() { # PROGRAM
    local core child seen
    seen="$(grep -c '"path":"[^"]*/actions/unwrap"' "$SIM_DIR/requests.jsonl")"
    sim_fault '{"listener":"*","method":"POST","path":"*/actions/unwrap","times":1,"delay_ms":1500,"action":"none"}'
    "$1" pass "$work/volume" kms:prod --config "$work/cexluks.conf" >"$work/out" </dev/null &
    core=$!
    until [[ $(grep -c '"path":"[^"]*/actions/unwrap"' "$SIM_DIR/requests.jsonl") -gt $seen ]]; do
        sleep 0.05
    done
    child="$(cat "/proc/$core/task/$core/children")"
    core_kb="$(peak_of "$core")" net_kb="$(peak_of "${child%% *}")"
    wait "$core"
}

fragment c
printf 'Peak resident memory of one `pass`, just before the KDF of the keyslot:\n\n'
printf '| | core | net child | together |\n|---|---:|---:|---:|\n'
while read -r name folder; do
    before_kdf "$folder/cexluks"
    own[${#own[@]}]="$name $((core_kb + net_kb))"
    printf '| %s | %d kB | %d kB | %d kB |\n' "$name" "$core_kb" "$net_kb" $((core_kb + net_kb))
done < <(builds)

# --- many volumes at once --------------------------------------------------------------------------------

system_root
for ((n = 1; n <= counts[-1]; n++)); do
    volume "$work/volume$n"
    "$B/cexluks" pass "$work/volume$n" kms:prod --config "$work/cexluks.conf" </dev/null >"$work/passphrase$n"
    cp --sparse=always "$work/volume$n" "$work/argon$n"
    cryptsetup luksConvertKey -q --key-slot 1 --key-file "$work/passphrase$n" --pbkdf argon2id --pbkdf-memory "$argon_kb" \
        --pbkdf-parallel 1 --pbkdf-force-iterations 4 "$work/argon$n"
done

peak() { # COMMAND…: "RESIDENT PROPORTIONAL", in MB
    "$B/tests/bench/peak" "$@" >"$work/said" 2>&1 </dev/null || {
        cat "$work/said" >&2
        return 1
    }
    awk '$1 == "peak" { printf "%.0f %.0f\n", $2 / 1024, $3 / 1024 }' "$work/said"
}

load() { # KIND HOW-MANY PROGRAM
    crypttab "$1" "$2"
    peak keyctl session - "$3" load --sysroot "$work/root"
    keyctl session - "$3" forget >/dev/null 2>&1 </dev/null
}

at_once() { # HOW-MANY
    # shellcheck disable=SC2016 # for the inner shell
    peak bash -c 'for ((n = 1; n <= $1; n++)); do
        cryptsetup open --test-passphrase --key-slot 1 --key-file "$0/passphrase$n" "$0/argon$n" &
    done; wait' "$work" "$1"
}

printf '\nPeak memory with volumes whose Argon2id costs %d MiB; resident, and in brackets proportional:\n\n' $((argon_kb / 1024))
printf '| |%s\n' "$(printf ' %d volumes |' "${counts[@]}" | sed 's/ 1 volumes/ 1 volume/')"
printf '|---|%s\n' "$(printf -- '---:|%.0s' "${counts[@]}")"
row() { # TITLE COMMAND…: with the number of volumes as last argument
    local cells='' rss pss n
    for n in "${counts[@]}"; do
        read -r rss pss <<<"$("${@:2}" "$n")"
        cells+=" $rss MB ($pss) |"
    done
    printf '| %s |%s\n' "$1" "$cells"
}
bound() { # KIND PROGRAM HOW-MANY
    load "$1" "$3" "$2"
}
while read -r name folder; do
    row "\`cexluks load\`, $name, keyslots as \`bind\` makes them" bound volume "$folder/cexluks"
    row "\`cexluks load\`, $name, keyslots with Argon2id" bound argon "$folder/cexluks"
done < <(builds)
row 'as many `cryptsetup` at once, Argon2id' at_once
printf '\n'
for each in "${own[@]}"; do
    case ${each% *} in
        dynamic) wanted=24 ;;
        static) wanted=4 ;;
    esac
    target "own peak memory, core and net child, ${each% *}" at-most "$wanted" "$(calc %.1f "${each#* } / 1024")" MiB
done
