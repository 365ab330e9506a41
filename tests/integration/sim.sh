# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# To be sourced: a simulated IAM and KMS for one test (tests/kms-sim/README.md). Needs curl and jq.
# SIM names the program; its folder is made below TMPDIR. Call sim_start in the test's own shell,
# not in $(…): the simulator ends together with the process that started it.

sim_start() { # [kms-sim's arguments…]
    SIM="${SIM:-build/kms-sim}"
    SIM_DIR="$(mktemp -d "${TMPDIR:-/tmp}/kms-sim.XXXXXX")" || return 1
    "$SIM" --dir "$SIM_DIR" --die-with-parent "$@" 2>"$SIM_DIR/stderr" &
    SIM_PID=$!
    _sim_left=400
    until [ -s "$SIM_DIR/sim.json" ]; do
        _sim_left=$((_sim_left - 1))
        if [ "$_sim_left" -eq 0 ] || ! kill -0 "$SIM_PID" 2>/dev/null; then
            echo "sim.sh: $SIM does not start: $(cat "$SIM_DIR/stderr")" >&2
            sim_stop
            return 1
        fi
        sleep 0.05
    done
    SIM_CA="$(sim_info .ca)"
    SIM_API_KEY_FILE="$(sim_info .api_key_file)"
    SIM_CONTROL="$(sim_info .control)"
    SIM_IAM_URL="$(sim_info .iam.url)"
    SIM_URL="$(sim_info '.instances[0].url')"
    SIM_INSTANCE="$(sim_info '.instances[0].uuid')"
    SIM_ROOT_KEY="$(sim_info '.instances[0].root_key')"
    export SIM_DIR SIM_PID SIM_CA SIM_API_KEY_FILE SIM_CONTROL SIM_IAM_URL SIM_URL SIM_INSTANCE \
        SIM_ROOT_KEY
}

sim_stop() { # end it, and remove its folder unless SIM_KEEP is set; returns its exit status
    _sim_status=0
    if [ -n "${SIM_PID:-}" ]; then
        kill "$SIM_PID" 2>/dev/null
        wait "$SIM_PID" 2>/dev/null || _sim_status=$?
        SIM_PID=
    fi
    [ -n "${SIM_KEEP:-}" ] || rm -rf "${SIM_DIR:?}"
    return "$_sim_status"
}

sim_info() { # FILTER: something from sim.json
    jq -r "$1" "$SIM_DIR/sim.json"
}

sim_control() { # METHOD PATH [JSON]: the answer's body; fails when the simulator refuses
    if [ $# -ge 3 ]; then
        curl -sS --fail-with-body --noproxy '*' -X "$1" --data-binary "$3" "$SIM_CONTROL$2"
    else
        curl -sS --fail-with-body --noproxy '*' -X "$1" "$SIM_CONTROL$2"
    fi
}

sim_fault() { # JSON: one rule, or an array of rules
    case $1 in
        \[*) sim_control POST /faults "$1" >/dev/null ;;
        *) sim_control POST /faults "[$1]" >/dev/null ;;
    esac
}

sim_faults_clear() {
    sim_control DELETE /faults >/dev/null
}

sim_key_state() { # ID-or-alias 1|2|3|5
    sim_control POST "/keys/$1/state" "{\"state\":$2}" >/dev/null
}

sim_clock() { # SECONDS ahead of the real time
    sim_control POST /clock "{\"offset\":$1}" >/dev/null
}

sim_listener() { # NAME up|down|hang
    sim_control POST "/listener/$1" "{\"state\":\"$2\"}" >/dev/null
}

sim_log() { # [FILTER]: over the array of all lines, connections included
    sim_control GET /requests | jq -r "${1:-.}"
}

sim_requests() { # [FILTER]: over the array of requests
    sim_control GET /requests | jq -r "map(select(.event == \"request\")) | ${1:-.}"
}

sim_tokens_issued() {
    sim_control GET /tokens-issued | jq -r .count
}

sim_conf() { # PROFILE SERVICE [INSTANCE-NAME]: a section for cexluks.conf
    _sim_instance='.instances[0]'
    [ -z "${3:-}" ] || _sim_instance=".instances[] | select(.name == \"$3\")"
    cat <<END
[kms $1]
service      = $2
endpoint     = $(sim_info "$_sim_instance | .url")
iam-endpoint = $SIM_IAM_URL
instance     = $(sim_info "$_sim_instance | .uuid")
root-key     = $(sim_info "$_sim_instance | .root_key")
api-key      = file:$SIM_API_KEY_FILE
ca-file      = $SIM_CA
END
}
