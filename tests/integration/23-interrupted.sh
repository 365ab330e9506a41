#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Verbs that change a header, at the worst moment: ended by SIGKILL at a write or sync of the volume, on a disk that is
# full, on a device that cannot be written to. Whoever could get in still can, and the verb of before completes the work.
# bind is in 20-bind-killed.sh, rotate in 15-rotate.sh. Every third write here, EVERY_WRITE=yes for each. The build with
# sanitizers, which is slower, does what needs its card, and migrate --finish for the rest.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
need 'interrupted verbs' cryptsetup jq curl strace

step=3 verbs=(unbind rewrap migrate finish)
[[ $B != *-san ]] || verbs=(finish)
[[ -z ${EVERY_WRITE-} ]] || step=1
sim_start --instance prod=key-protect --instance next=key-protect || exit 1
{
    sim_conf prod key-protect prod
    sim_conf next key-protect next
} >"$CONF"
v="$ROOM/volume" key="$(key_file)"
volume_make "$ROOM/base"
cp "$ROOM/base" "$v"
bind "$v" kms:prod
expect 'a volume is bound' 0
cp "$v" "$ROOM/bound"
uuid="$(cryptsetup luksUUID "$v")"
cp "$v" "$ROOM/moved"
run migrate "$ROOM/moved" --to next --config "$CONF" </dev/null
expect 'another one is on its way to another service' 0
cp "$ROOM/base" "$v"
bind "$v" kms:next
run key rotate next --config "$CONF" </dev/null
expect 'a third one waits to be wrapped anew' 0
cp "$v" "$ROOM/turned"

# migrate --finish wants a boot that used the new binding.
tree="$ROOM/tree"
mkdir -p "$tree/run/cexluks"
for file in "$SIM_CA" "$SIM_API_KEY_FILE"; do
    mkdir -p "$tree${file%/*}"
    cp -p "$file" "$tree$file"
done
jq -n --arg uuid "$uuid" '{version: 1, runs: [{mode: "boot", volumes: [{uuid: $uuid, binding: "kms:next", outcome: "ok"}]}]}' \
    >"$tree/run/cexluks/report.json"

# --- the verbs: what they run on, and what is whole afterwards --------------------------------------------------------

declare -A begins=([unbind]=bound [rewrap]=turned [migrate]=bound [finish]=moved [rotate]=bound)
declare -A ends=([unbind]='' [rewrap]=next [migrate]='next prod' [finish]=next [rotate]=prod) # which bindings are left
declare -A stays=([unbind]='' [rewrap]=next [migrate]=prod [finish]=next [rotate]=prod)        # which open at any time

command_of() { # VERB: sets cmd
    case $1 in
        unbind) cmd=(unbind "$v" kms:prod) ;;
        rewrap) cmd=(rotate "$v" --rewrap-only --config "$CONF") ;;
        rotate) cmd=(rotate "$v" --config "$CONF") ;;
        migrate) cmd=(migrate "$v" --to next --config "$CONF") ;;
        finish) cmd=(migrate "$v" --to next --finish --config "$CONF" --sysroot "$tree") ;;
    esac
}

lost() { # PROFILE…: who of these, or the human, gets in no more
    local profile
    opens_for_human "$v" 2>/dev/null || echo 'the passphrase opens no more'
    for profile; do
        { "$CEXLUKS" pass "$v" "kms:$profile" --config "$CONF" </dev/null >"$ROOM/got" && opens "$v" "$ROOM/got"; } \
            >/dev/null 2>&1 || echo "kms:$profile opens no more"
    done
}

is_whole() { # VERB: what it says to have done is all that there is
    local profiles
    profiles="$(tokens "$v" 'map(select(.keyslots != []) | .profile) | sort | join(" ")' | jq -r .)"
    [[ $profiles == "${ends[$1]}" ]] || echo "bound to: $profiles"
    [[ "$(header_json "$v" | jq '.keyslots | length')" -eq $(($(wc -w <<<"${ends[$1]}") + 1)) ]] ||
        echo 'a keyslot too many, or too few'
    # shellcheck disable=SC2086 # a list
    lost ${ends[$1]}
}

# --- killed -----------------------------------------------------------------------------------------------------------

killed() { # VERB: at every step-th write or sync of the volume, until it lives
    local moment tried=0 wrong=''
    local -a cmd
    command_of "$1"
    for ((moment = 1; moment < 300; moment += step)); do
        cp "$ROOM/${begins[$1]}" "$v"
        ! killed_at "$moment" "$v" "$CEXLUKS" "${cmd[@]}" || break
        tried=$((tried + 1))
        # shellcheck disable=SC2086 # a list
        wrong+="$(lost ${stays[$1]} | sed "s/^/at $moment: /")"
        ((tried % 4 == 1)) || continue # repairs are like each other
        run "${cmd[@]}" </dev/null
        [[ $status -eq 0 ]] || wrong+="at $moment: another run fails: $err"
        wrong+="$(is_whole "$1" | sed "s/^/at $moment, another run: /")"
    done
    check "$1 killed at $tried writes: whoever got in gets in, and another run makes it whole" same "$wrong" ''
    check "$1: as many as there are" test "$tried" -ge "$((3 / step + 1))"
}

for verb in "${verbs[@]}"; do
    killed "$verb"
done

# The program with a card in it is linked with sanitizers.
if [[ -x $B/tests/faults/cexluks ]]; then
    root="$ROOM/cards"
    mkdir "$root"
    cp -r tests/fixtures/sysfs/two-cards-one-offline/{sys,dev,proc} "$root/"
    export ASAN_OPTIONS=detect_leaks=0
    with_card() {
        FAULTS_CARD=1 "$B/tests/faults/cexluks" "$@" --sysroot "$root" --key-file "$key" </dev/null >"$ROOM/out" 2>"$ROOM/err"
    }
    truncate -s 24M "$ROOM/paes"
    check 'a volume around a secure key' with_card format "$ROOM/paes"
    header_edit "$ROOM/paes" 'del(.tokens[] | select(.type == "paes-verification-pattern"))'
    wrong='' tried=0
    for ((moment = 1; moment < 100; moment += step)); do
        cp "$ROOM/paes" "$v"
        ! FAULTS_CARD=1 killed_at "$moment" "$v" "$B/tests/faults/cexluks" pattern set "$v" --sysroot "$root" \
            --key-file "$key" || break
        tried=$((tried + 1))
        opens_for_human "$v" || wrong+="at $moment: the passphrase opens no more"$'\n'
        with_card pattern set "$v" || wrong+="at $moment: another run fails: $(<"$ROOM/err")"$'\n'
        with_card pattern verify "$v" || wrong+="at $moment: and the pattern does not fit"$'\n'
    done
    check "pattern set killed at $tried writes: the volume opens, and another run makes it whole" same "$wrong" ''
    check 'pattern set: as many as there are' test "$tried" -ge 1
    unset ASAN_OPTIONS
else
    printf '# pattern set is killed in the build with sanitizers\n'
fi

# --- full, read-only --------------------------------------------------------------------------------------------------

if [[ $EUID -ne 0 ]] || ! unshare -m true 2>/dev/null; then
    skip 'a full disk, a read-only device: needs root and mount namespaces'
    summary
fi

# A disk that has no room for what was a hole before: thin volumes end so.
on_disk() { # VERB full|read-only [ARGUMENT…]: on a copy on a disk of its own; sets status, out, err; the volume as it is then in $v
    local -a cmd
    mkdir -p "$ROOM/disk"
    v="$ROOM/disk/volume"
    command_of "$1"
    cat >"$ROOM/on-disk" <<'END'
kind=$1 from=$2 disk=$3 to=$4
shift 4
mount -t tmpfs none "$disk" && cp --sparse=always "$from" "$disk/volume" || exit 99
if [[ $kind == full ]]; then
    used=$(df --output=used -B1 "$disk" | tail -n 1)
    mount -o "remount,size=$((used + 4096))" "$disk" || exit 99
else
    mount -o remount,ro "$disk" || exit 99
fi
"$@"
status=$?
cp --sparse=always "$disk/volume" "$to"
ls -A "$disk" >"$to.list"
exit $status
END
    unshare -m bash "$ROOM/on-disk" "$2" "$ROOM/${begins[$1]}" "$ROOM/disk" "$ROOM/volume" "$CEXLUKS" "${cmd[@]}" "${@:3}" \
        >"$ROOM/out" 2>"$ROOM/err" </dev/null
    status=$? out="$(<"$ROOM/out")" err="$(<"$ROOM/err")" v="$ROOM/volume"
}

for verb in "${verbs[@]}" rotate; do
    on_disk "$verb" full
    # shellcheck disable=SC2086 # a list
    if [[ $status -eq 0 ]]; then
        check "$verb on a full disk: it did what it says" same "$(is_whole "$verb")" ''
    else
        check "$verb on a full disk: whoever got in gets in" same "$(lost ${stays[$verb]})" ''
        command_of "$verb"
        run "${cmd[@]}" </dev/null
        check "$verb on a full disk: with room it is made whole" same "$status $(is_whole "$verb")" '0 '
    fi
    on_disk "$verb" read-only
    check "$verb on a read-only device fails, and says on what" contains "$([[ $status -ne 0 ]] && echo "failed: $out$err")" \
        'failed: ' volume
    unchanged "$verb on a read-only device: no byte changes" "$v" "$(digest "$ROOM/${begins[$verb]}")"
done
on_disk rotate full --header-backup "$ROOM/disk/backup"
check 'a rotation without room for its header backup fails' not test "$status" -eq 0
unchanged 'and the volume stays as it is' "$v" "$(digest "$ROOM/bound")"
check 'and no half backup stays' same "$(<"$ROOM/volume.list")" volume

summary
