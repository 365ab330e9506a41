# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Source this file. A run of several stages that closes with their sum.
#
#   stage TITLE COMMAND…          runs it; its closing line "N passed, N failed, N skipped" joins the sum. A command without one
#                                 is one result; one that fails in spite of its line is one failure more. Its status
#   stage_beside TITLE COMMAND…   starts it, one at a time, beside the stages that follow
#   stage_join                    waits for that one and shows what it said
#   stage_finish                  joins, says how long each took, what was left out and what was skipped and why, closes with the
#                                 sum, and ends the script
#
# STAGE_CLOSES=yes: a command without a closing line is a failure. A stage's closing line is shown indented: alone on its line it
# is the sum of all. Times are seconds by the clock, and of all processors: on a machine with other things to do only these
# can be compared.

stage_passed=0 stage_failed=0 stage_skipped=0 stage_times=() stage_notes=()
stage_pid='' stage_dir="$(mktemp -d)"
# the whole group: what runs beside is not at the terminal, which would tell it to end
trap '[[ -z $stage_pid ]] || kill -- "-$stage_pid" 2>/dev/null; rm -rf "$stage_dir"' EXIT

# stage_command ROOM COMMAND…: leaves its status and both times in ROOM; what it said is for the caller
stage_command() {
    local room="$1" started=$SECONDS TIMEFORMAT='%U %S' status=0
    { time "${@:2}" </dev/null 2>&1; } 2>"$room/processor" || status=$?
    echo "$status $((SECONDS - started)) $(awk '{ printf "%d", $1 + $2 }' <(tail -n 1 "$room/processor"))" >"$room/end"
}

stage_show() {
    sed -E 's/^([0-9]+ passed, [0-9]+ failed, [0-9]+ skipped)$/   \1/'
}

# What a reader of the last lines should know: "left to make check-all: …" and "skipped: …, because …", of all kinds of tests.
stage_notes_of() {
    sed -nE 's/^# (left to make check-all|skipped): /# \1: /p; t
        s/^ok [0-9]+ - (.*) # SKIP (.*)/# skipped: \1: \2/p; t
        s/^(skipped - |[Ss](kip|KIP)(ped)?: )/# skipped: /p' "$1"
}

# stage_count TITLE ROOM: adds what the stage closed with
stage_count() {
    local title="$1" said="$2/said" status clock processor closing line
    read -r status clock processor <"$2/end"
    closing="$(grep -aoE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$said" | tail -n 1)"
    if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
        stage_passed=$((stage_passed + BASH_REMATCH[1]))
        stage_skipped=$((stage_skipped + BASH_REMATCH[3]))
        stage_failed=$((stage_failed + (BASH_REMATCH[2] == 0 && status != 0 ? 1 : BASH_REMATCH[2])))
    elif [[ $status -ne 0 || ${STAGE_CLOSES-} == yes ]]; then
        printf 'not ok - %s: status %d, and no closing line\n' "$title" "$status"
        stage_failed=$((stage_failed + 1))
    else
        stage_passed=$((stage_passed + 1))
    fi
    while IFS= read -r line; do
        [[ $'\n'"$(printf '%s\n' "${stage_notes[@]}")"$'\n' == *$'\n'"$line"$'\n'* ]] || stage_notes+=("$line")
    done < <(stage_notes_of "$said")
    stage_times+=("$(printf '%-52s %4d s, processors %4d s' "$title" "$clock" "$processor")")
    return "$status"
}

stage() {
    local room="$stage_dir/now"
    mkdir -p "$room"
    printf '\n== %s\n' "$1"
    stage_command "$room" "${@:2}" | tee "$room/said" | stage_show
    stage_count "$1" "$room"
}

stage_beside() {
    stage_title="$1"
    mkdir -p "$stage_dir/beside"
    set -m
    stage_command "$stage_dir/beside" "${@:2}" >"$stage_dir/beside/said" &
    stage_pid=$!
    set +m
}

stage_join() {
    [[ -n $stage_pid ]] || return 0
    wait "$stage_pid"
    stage_pid=''
    printf '\n== %s (beside the others)\n' "$stage_title"
    stage_show <"$stage_dir/beside/said"
    stage_count "$stage_title" "$stage_dir/beside"
}

stage_finish() {
    stage_join
    printf '\n== how long it took\n'
    printf '   %s\n' "${stage_times[@]}"
    [[ ${#stage_notes[@]} -eq 0 ]] || printf '%s\n' "${stage_notes[@]}"
    printf '%d passed, %d failed, %d skipped\n' "$stage_passed" "$stage_failed" "$stage_skipped"
    [[ $stage_failed -eq 0 ]]
    exit
}
