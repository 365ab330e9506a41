# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For cases: a KMS simulator on this machine's loop-back that the guest reaches at 10.0.2.100 under the same ports,
# and configurations for both sides.
#
#   kms_start [kms-sim's arguments]   then SIM_* of tests/integration/sim.sh, and kms_forward: options for vm_start
#   kms_conf DIR [LINES]              DIR: what goes to the guest's /etc/cexluks; LINES: a [cexluks] section's lines
#   kms_profile DIR NAME [INSTANCE [ADDRESS]]  one more [kms NAME] in it; the address is the guest's way to it
#   kms_bind DISK [BINDING]           bind on this machine, with the human's passphrase
#   kms_host VERB …                   the helper on this machine, with the same profiles
#   kms_ready [LINES]                 all of these for one root volume: sets "disk", leaves $case_dir/conf for the image
#   kms_vm NAME [vm_start's options]  start "disk" with "image"
#   kms_mark                          requests so far are the host's own and do not count (kms_ready does it as well)
#   kms_requests [FILTER]             jq over the array of requests since then; kms_events: connections as well
#   kms_count PATH                    how many requests since then had this path (a glob)

# What the two kinds of image ask.
# shellcheck disable=SC2034 # read by cases
kms_prompt='Please enter passphrase for disk|Enter passphrase for /dev/'

# The kernel command line in the README of hpcs-for-luks, word for word, and a name for its interface, which was some udev
# rule's there. A machine that is started with kms_old_subnet finds its router.
# shellcheck disable=SC2034 # read by cases
kms_old_words="ip=9.114.227.82::9.114.224.1:22:jelly.pok.stglabs.ibm.com:net0:none:9.12.18.2 rd.neednet=1 rd.shell rd.debug \
log_buf_len=1M ifname=net0:52:54:00:12:34:56"
# shellcheck disable=SC2034 # read by cases
kms_old_subnet=9.114.224.0/22:9.114.224.1

kms_start() {
    # shellcheck source=tests/integration/sim.sh
    source "$here/../integration/sim.sh"
    export SIM="$B/kms-sim"
    if [[ ! -x $SIM || ! -x $B/cexluks ]]; then
        make -s -C "$top" "B=$B" "$B/kms-sim" "$B/cexluks"
    fi
    TMPDIR="$case_dir" SIM_KEEP=1 sim_start "$@"
    ln -sfn "$SIM_DIR" "$case_dir/sim"
    kms_forward=()
    local port
    for port in $(sim_info '.iam.port, .instances[].port'); do
        kms_forward+=(--forward "$port:$port")
    done
}

# kms_section NAME INSTANCE KEYFILE CAFILE ADDRESS
kms_section() {
    local filter=".instances[] | select(.name == \"$2\")"
    cat <<END
[kms $1]
service      = $(sim_info "$filter | .service")
endpoint     = https://kms.example.test:$(sim_info "$filter | .port")
iam-endpoint = https://iam.example.test:$(sim_info .iam.port)
instance     = $(sim_info "$filter | .uuid")
root-key     = $(sim_info "$filter | .root_key")
api-key      = file:$3
ca-file      = $4
address      = kms.example.test=$5, iam.example.test=$5
END
}

kms_conf() {
    local dir="$1"
    shift
    mkdir -p "$dir" "$case_dir/host"
    cp "$SIM_API_KEY_FILE" "$dir/prod.api-key"
    cp "$SIM_CA" "$dir/ca.pem"
    chmod 0600 "$dir/prod.api-key"
    {
        printf '[cexluks]\n'
        [[ $# -eq 0 ]] || printf '%s\n' "$@"
    } >"$dir/cexluks.conf"
    : >"$case_dir/host/cexluks.conf"
    chmod 0600 "$dir/cexluks.conf" "$case_dir/host/cexluks.conf"
    kms_profile "$dir" prod "$(sim_info '.instances[0].name')"
}

kms_profile() {
    local dir="$1" name="$2" instance="${3:-$2}"
    kms_section "$name" "$instance" /etc/cexluks/prod.api-key /etc/cexluks/ca.pem "${4:-10.0.2.100}" >>"$dir/cexluks.conf"
    kms_section "$name" "$instance" "$SIM_API_KEY_FILE" "$SIM_CA" 127.0.0.1 >>"$case_dir/host/cexluks.conf"
}

# The program under test, for this machine (HELPER: see run).
helper() {
    case ${HELPER-} in
        static) printf '%s\n' "$B/static/cexluks" ;;
        *) printf '%s\n' "$B/cexluks" ;;
    esac
}

kms_host() {
    "$(helper)" "$@" --config "$case_dir/host/cexluks.conf"
}

kms_bind() {
    printf '%s' "$passphrase" | kms_host bind "$1" "${2:-kms:prod}" --key-file -
}

kms_ready() {
    kms_start
    kms_conf "$case_dir/conf" "$@"
    disk="$(make_disk root)"
    kms_bind "$disk"
    kms_mark
}

kms_mark() {
    wc -l <"$SIM_DIR/requests.jsonl" >"$case_dir/requests-before"
}

kms_vm() {
    local name="$1"
    shift
    vm_start "$name" --image "$image" --disk "$disk" "${kms_forward[@]}" --append "$root_append" "$@"
}

kms_events() {
    tail -n "+$(($(cat "$case_dir/requests-before") + 1))" "$case_dir/sim/requests.jsonl" | jq -s -r "${1:-.}"
}

kms_requests() {
    kms_events "map(select(.event == \"request\")) | ${1:-.}"
}

kms_count() {
    local path count=0
    while IFS= read -r path; do
        # shellcheck disable=SC2053 # a glob
        [[ $path != $1 ]] || count=$((count + 1))
    done < <(kms_requests '.[].path')
    printf '%s\n' "$count"
}
