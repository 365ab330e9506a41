# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For cases that source this file: what of a boot's secrets is left in the machine's memory.
#
#   memory_secrets                the secrets of a boot with kms:prod of "disk", and the word "planted", to $case_dir/secrets
#   memory_planted                words of the kernel command line that hold "planted", as it is and in hexadecimal
#   memory_token VM               once a boot is through: its token belongs to the secrets, in pieces
#   memory_search VM WHEN         what is found now, to $case_dir/VM/found-WHEN: "NAME FORM OFFSET SURROUNDINGS"
#   memory_holds VM WHEN NAME FORM
#   memory_table                  of all that was searched: NAME, machine, moment, forms found or "-"

memory_secrets() {
    local secrets="$case_dir/secrets"
    gcc -std=gnu17 -Wall -Wextra -O2 -o "$case_dir/memsearch" "$here/../card/memsearch.c"
    mkdir "$secrets"
    kms_host pass "$disk" kms:prod >"$secrets/unwrapped"
    printf '%s' "$(cat "$SIM_API_KEY_FILE")" >"$secrets/api-key"
    # as it is sent
    jq -j -R -s 'rtrimstr("\n") | @uri' "$SIM_API_KEY_FILE" >"$secrets/api-key-sent"
    memory_word planted
    kms_mark
}

memory_word() { # NAME: a new one
    head -c 24 /dev/urandom | base64 | tr -d '\n' >"$case_dir/secrets/$1"
}

memory_planted() {
    printf 'planted=%s planted-hex=%s\n' "$(cat "$case_dir/secrets/planted")" "$(xxd -p -c 0 "$case_dir/secrets/planted")"
}

# Pieces of it, because what lies in one run in a process need not do so in memory.
memory_token() {
    local token
    token="$(kms_requests '[.[].headers.authorization // empty][-1][7:]')"
    printf '%s' "${token: -48}" >"$case_dir/secrets/$1-token-end"
    printf '%s' "${token:400:48}" >"$case_dir/secrets/$1-token-middle"
}

memory_search() {
    vm_memory "$1" "$case_dir/memory"
    "$case_dir/memsearch" "$case_dir/memory" "$case_dir"/secrets/* >"$case_dir/$1/found-$2" || [[ $? -eq 1 ]]
    rm "$case_dir/memory"
}

memory_holds() {
    grep "^$3 $4 " "$case_dir/$1/found-$2"
}

memory_table() {
    local file name forms vm
    for file in "$case_dir"/*/found-*; do
        vm="$(basename "$(dirname "$file")")"
        for name in "$case_dir"/secrets/*; do
            name="${name##*/}"
            forms="$({ grep "^$name " "$file" || true; } | cut -d ' ' -f 2 | sort | uniq -c | awk '{ printf "%s%s x%s", n++ ? ", " : "", $2, $1 }')"
            printf '%s\t%s\t%s\t%s\n' "$name" "$vm" "${file##*/found-}" "${forms:--}"
        done
    done | sort
}
