#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# valgrind.sh [unit|verbs]… [NAME…]: memcheck over the unit tests, and over one run of each verb against the simulator,
# with a card where the verb needs one ("make valgrind"; NAME: these only). Both processes of a verb are looked at. Not in
# any "make check": it takes an hour, and the sanitizers look at the same code there; memcheck sees besides what is read
# before anything was written to it, in libraries too. What it finds is in B/tests/faults/valgrind/, one file for each.
# shellcheck source-path=SCRIPTDIR/../integration
source "$(dirname "$0")/../integration/lib.sh"
need 'valgrind' valgrind cryptsetup jq curl xxd keyctl unshare

kinds=() names=()
for word; do
    case $word in
        unit | verbs) kinds+=("$word") ;;
        *) names+=("$word") ;;
    esac
done
[[ ${#kinds[@]} -gt 0 ]] || kinds=(unit verbs)
LOGS="$B/tests/faults/valgrind"
mkdir -p "$LOGS"
memcheck=(valgrind -q --leak-check=full --show-leak-kinds="definite,indirect" --errors-for-leak-kinds="definite,indirect"
    --child-silent-after-fork=yes --error-exitcode=99)

# Where valgrind is not a machine like others.
declare -A beyond=(
    [base/test-secret]='what madvise() and fork() leave of a page'
    [kms/test-sandbox]='a sandbox around valgrind itself'
    [kms/test-scrub]='what is wiped includes the heap that valgrind keeps its own records of'
    [luks/test-mutations]='thousands of headers: hours'
)

wanted() { # NAME
    [[ ${#names[@]} -eq 0 || " ${names[*]} " == *" $1 "* ]]
}

# What was found in our code or through it. A call that valgrind does not know is none; nor is that the net process overwrites
# at its end what looks like a heap, and is valgrind's; nor what memmove() moves within itself: glibc has it and memcpy() in
# one place when lengths are checked, and valgrind tells them apart by place.
findings() { # FILE…
    cat "$@" 2>/dev/null | sed -E 's/^==[0-9]+== ?//' | awk -v RS='' -F'\n' '
        /scrub_and_exit/ { next }
        /^Source and destination overlap in memcpy_chk/ && /: memmove \(/ { next }
        match($0, /(^|\n)(Invalid|Conditional|Use of|Syscall param|Mismatched|Source and|Argument|Jump|[0-9,]+ [^\n]*(definitely|indirectly) lost)[^\n]*/) {
            print substr($0, RSTART, RLENGTH)
        }' | grep . | sort | uniq -c
}

units() {
    local source name
    for source in tests/unit/*/test-*.c; do
        name="${source#tests/unit/}"
        name="${name%.c}"
        wanted "$name" || continue
        if [[ -n ${beyond[$name]-} ]]; then
            skip "$name under valgrind: ${beyond[$name]}"
            continue
        fi
        rm -f "$LOGS/${name//\//-}".*
        timeout "${TEST_LIMIT:-900}" "${memcheck[@]}" --log-file="$LOGS/${name//\//-}.log" "$B/tests/unit/$name" \
            </dev/null >"$LOGS/${name//\//-}.out" 2>&1
        status=$?
        check "$name under valgrind: $(grep -c '^\[       OK ' "$LOGS/${name//\//-}.out") tests, no finding (status $status)" \
            same "$(findings "$LOGS/${name//\//-}.log")" ''
    done
}

verbs() {
    local case
    # what the core starts as its net process is valgrind, too; it has no environment
    for role in core net; do
        printf '#!/bin/sh\nexec %s --log-file=%s/verb-%s.%%p "%s" "$@"\n' "$(command -v valgrind) ${memcheck[*]:1}" "$LOGS" "$role" \
            "$B/tests/faults/with-card" >"$ROOM/$role"
        chmod +x "$ROOM/$role"
    done
    FAULTY="$ROOM/core"
    export FAULTS_NET="$ROOM/net"
    # shellcheck source=tests/faults/cases.sh
    source tests/faults/cases.sh
    make_world
    L="$ROOM/lane0"
    mkdir "$L"
    for case in "${CASES[@]}"; do
        ! wanted "$case" || one_verb "$case"
    done
}

one_verb() { # CASE
    local -a cmd
    local timed=() word last=''
    rm -rf "$L/root" "$L/tmp" "$L/made" "$L/v" "$LOGS/$1".* "$LOGS"/verb-*
    mkdir "$L/tmp" "$L/made"
    : | tee "$L/in" "$L/out" "$L/err" >"$L/v-before"
    "prepare_$1"
    [[ ! -e $L/v ]] || cp "$L/v" "$L/v-before"
    "command_$1"
    for word in "${cmd[@]}"; do # what takes 5 s at most takes a hundred here
        [[ $last != --timeout ]] || word=100
        timed+=("$word")
        last="$word"
    done
    TMPDIR="$L/tmp" timeout 600 "${timed[@]}" <"$L/in" >"$L/out" 2>"$L/err"
    status=$?
    cp "$L/err" "$LOGS/$1.err"
    cat "$LOGS"/verb-core.* >"$LOGS/$1.core" 2>/dev/null
    cat "$LOGS"/verb-net.* >"$LOGS/$1.net" 2>/dev/null
    check "$1 under valgrind: ends as it does without" same "$status" "${expected[$1]}"
    check "$1 under valgrind: no finding" same "$(findings "$LOGS/$1.core" "$LOGS/$1.net")" ''
}

for kind in "${kinds[@]}"; do
    case $kind in
        unit) units ;;
        verbs) verbs ;;
    esac
done
summary
