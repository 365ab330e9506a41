#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Verbs that change a header, at the worst moment: ended by SIGKILL at a write or sync of the volume, on a disk that is
# full, on a device that cannot be written to. Whoever could get in still can, and the verb of before completes the work.
# Some writes of some verbs here; EVERY_WRITE=yes (tests/all.sh) kills every verb at each, format at every 30th. bind,
# rotate, apply, rebind and credential are killed in tests of their own, too: 20-bind-killed.sh, 15-rotate.sh, 19-apply.sh,
# 23-rebind.sh, 89-credential-header.sh. The build with sanitizers, which is slower, kills what needs its card, and migrate --finish for
# the rest. Files that are replaced by new ones have the same to go through.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
source tests/integration/reencipher.sh
need 'interrupted verbs' cryptsetup jq curl strace

verbs=(unbind keyslot rewrap migrate finish) killed=("${verbs[@]}" all)
[[ $B != *-san ]] || verbs=(finish) killed=(finish)
[[ -z ${EVERY_WRITE-} ]] || killed=(unbind keyslot rewrap migrate finish all bind rotate apply rebind)
sim_start --instance prod=key-protect --instance next=key-protect --api-key another-key || exit 1
{
    sim_conf prod key-protect prod
    sim_conf next key-protect next
} >"$CONF"
v="$ROOM/volume" key="$(key_file)" carded="$B/tests/faults/with-card"
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
cp "$ROOM/bound" "$ROOM/reenciphered"
check 'a fourth one has a new volume key' reencipher_stage "$ROOM/reenciphered" "$key"
check 'which its binding does not open' reencipher_complete "$ROOM/reenciphered"
{ cat "$CONF" && printf '[volume v]\nuuid = %s\nbindings = kms:next, kms:prod\n' "$uuid"; } >"$ROOM/conf-both"

# migrate --finish wants a boot that used the new binding.
tree="$ROOM/tree"
mkdir -p "$tree/run/cexluks" "$tree/etc"
for file in "$SIM_CA" "$SIM_API_KEY_FILE"; do
    mkdir -p "$tree${file%/*}"
    cp -p "$file" "$tree$file"
done
jq -n --arg uuid "$uuid" '{version: 1, runs: [{mode: "boot", volumes: [{uuid: $uuid, binding: "kms:next", outcome: "ok"}]}]}' \
    >"$tree/run/cexluks/report.json"

# --- the verbs: what they run on, and what is whole afterwards --------------------------------------------------------

declare -A begins=([unbind]=bound [rewrap]=turned [migrate]=bound [finish]=moved [rotate]=bound [bind]=base [pattern]=paes [format]=blank
    [keyslot]=bound [apply]=bound [all]=bound [rebind]=reenciphered)
declare -A ends=([rewrap]=next [migrate]='next prod' [finish]=next [rotate]=prod [bind]=prod # which bindings are left
    [apply]='next prod' [all]='next prod' [rebind]=prod)
declare -A stays=([rewrap]=next [migrate]=prod [finish]=next [rotate]=prod [apply]=prod [all]=prod) # which open at any time
declare -A persons=([rebind]=2) # keyslots of people, if not one: the new volume key's, and the one of before

command_of() { # VERB: sets cmd
    case $1 in
        bind) cmd=(bind "$v" kms:prod --config "$CONF" --key-file "$key") ;;
        pattern) cmd=(pattern set "$v" --sysroot "$root" --key-file "$key") ;;
        format) cmd=(format "$v" --sysroot "$root" --key-file "$key") ;;
        unbind) cmd=(unbind "$v" kms:prod) ;;
        keyslot) cmd=(unbind "$v" --keyslot 1) ;;
        rewrap) cmd=(rotate "$v" --rewrap-only --config "$CONF") ;;
        rotate) cmd=(rotate "$v" --config "$CONF") ;;
        migrate) cmd=(migrate "$v" --to next --config "$CONF") ;;
        finish) cmd=(migrate "$v" --to next --finish --config "$CONF" --sysroot "$tree") ;;
        apply) cmd=(apply "$v" --config "$ROOM/conf-both") ;;
        rebind) cmd=(rebind "$v" --config "$CONF" --key-file "$key") ;;
        all)
            printf 'v %s none luks\n' "$v" >"$tree/etc/crypttab"
            cmd=(migrate --all --to next --config "$CONF" --sysroot "$tree")
            ;;
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
    if [[ $1 == pattern || $1 == format ]]; then
        with_card pattern verify "$v" --key-file "$key" || cat "$ROOM/err"
        return
    fi
    profiles="$(tokens "$v" 'map(select(.keyslots != []) | .profile) | sort | join(" ")' | jq -r .)"
    [[ $profiles == "${ends[$1]-}" ]] || echo "bound to: $profiles"
    [[ "$(header_json "$v" | jq '.keyslots | length')" -eq $(($(wc -w <<<"${ends[$1]-}") + ${persons[$1]-1})) ]] ||
        echo 'a keyslot too many, or too few'
    # shellcheck disable=SC2086 # a list
    lost ${ends[$1]-}
}

# --- killed -----------------------------------------------------------------------------------------------------------

program_of() { # VERB: sets program
    program="$CEXLUKS"
    [[ $1 != pattern && $1 != format ]] || program="$carded"
}

repaired() { # VERB: by another run
    local -a again=("${cmd[@]}")
    [[ $1 != format ]] || again+=(--force)
    CEXLUKS="$program" run "${again[@]}" </dev/null
    # where the keyslot is gone and the token is not, the number leads nowhere
    [[ $1 != keyslot || $status -ne 15 ]] || run unbind "$v" kms:prod </dev/null
    [[ $status -eq 0 ]] || echo "another run fails: $err"
    is_whole "$1" | sed 's/^/another run: /'
}

killed_everywhere() { # VERB STEP: at every STEP-th write or sync of the volume
    local moment tried=0 wrong='' program
    local -a cmd writes
    command_of "$1"
    program_of "$1"
    cp --sparse=always "$ROOM/${begins[$1]}" "$v"
    writes_of "$(kill_step "$2")" "$v" "$program" "${cmd[@]}"
    for moment in "${writes[@]}"; do
        cp --sparse=always "$ROOM/${begins[$1]}" "$v"
        ! killed_at "$moment" "$v" "$program" "${cmd[@]}" || wrong+="it lived at $moment"$'\n'
        tried=$((tried + 1))
        # shellcheck disable=SC2086 # a list
        [[ $1 == format ]] || wrong+="$(lost ${stays[$1]-} | sed "s/^/at $moment: /")"
        ((tried % 4 == 1)) || continue # repairs are like each other
        wrong+="$(repaired "$1" | sed "s/^/at $moment, /")"
    done
    check "$1 killed at $tried of $n_writes writes: whoever got in gets in, and another run makes it whole" same "$wrong" ''
    check "$1: and there are as many as a header takes" test "$n_writes" -ge 8
}

for verb in "${killed[@]}"; do
    killed_everywhere "$verb" "$([[ $verb == all ]] && echo 7 || echo 3)"
done

# --- with a card ------------------------------------------------------------------------------------------------------

root="$ROOM/cards"
mkdir "$root"
cp -r tests/fixtures/sysfs/two-cards-one-offline/{sys,dev,proc} "$root/"
export FAULTS_CARD=1 # what the program with a card in it looks for
with_card() { # VERB ARGUMENT…
    ASAN_OPTIONS=detect_leaks=0 "$carded" "$@" --sysroot "$root" </dev/null >"$ROOM/out" 2>"$ROOM/err"
}
if [[ -x $carded ]]; then
    truncate -s 24M "$ROOM/paes" "$ROOM/blank"
    check 'a volume around a secure key' with_card format "$ROOM/paes" --key-file "$key"
    header_edit "$ROOM/paes" 'del(.tokens[] | select(.type == "paes-verification-pattern"))'
    on_disks=(pattern format)
    killed_everywhere pattern 3
    # ten seconds each, and most of some 270 writes are of the area that it wipes
    [[ -z ${EVERY_WRITE-} ]] || EVERY_WRITE='' killed_everywhere format 30
else
    printf '# no program with a card in it is built: pattern set, format and keygen are left out\n'
    on_disks=()
fi

# --- full, read-only --------------------------------------------------------------------------------------------------

if [[ $EUID -ne 0 ]] || ! unshare -m true 2>/dev/null; then
    skip 'a full disk, a read-only device: needs root and mount namespaces'
    summary
fi

# A disk that has no room for what was a hole before: thin volumes end so. It is the program's alone; where others come
# in afterwards is a copy.
cat >"$ROOM/on-disk" <<'END'
kind=$1 disk=$2 from=$3 to=$4
shift 4
mount -t tmpfs -o mode=755 none "$disk" && cp --sparse=always "$from" "$disk/${from##*/}" || exit 99
if [[ $kind == read-only ]]; then
    mount -o remount,ro "$disk" || exit 99
else # full: no page is left, or one
    used=$(df --output=used -B1 "$disk" | tail -n 1)
    mount -o "remount,size=$((used + (${#kind} > 4 ? 4096 : 0)))" "$disk" || exit 99
fi
"$@"
status=$?
[[ ! -e $disk/${from##*/} ]] || cp --sparse=always "$disk/${from##*/}" "$to"
ls -A "$disk" >"$to.list"
exit $status
END

on_disk() { # full|full+page|read-only FROM TO COMMAND…: FROM is on a disk of its own, below the same name; sets status, out, err
    local disk="${DISK-$ROOM/disk}"
    mkdir -p "$disk"
    unshare -m bash "$ROOM/on-disk" "$1" "$disk" "${@:2}" >"$ROOM/out" 2>"$ROOM/err" </dev/null
    status=$? out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
    sane "$ROOM/err" "$*"
}

verb_on_disk() { # VERB full+page|read-only [ARGUMENT…]: the volume as it is then in $v
    local -a cmd
    local program
    cp --sparse=always "$ROOM/${begins[$1]}" "$ROOM/volume"
    v="$ROOM/disk/volume"
    command_of "$1"
    program_of "$1"
    v="$ROOM/after"
    on_disk "$2" "$ROOM/volume" "$v" "$program" "${cmd[@]}" "${@:3}"
}

for verb in "${verbs[@]}" rotate bind apply all rebind "${on_disks[@]}"; do
    verb_on_disk "$verb" full+page
    if [[ $status -eq 0 ]]; then
        check "$verb on a full disk: it did what it says" same "$(is_whole "$verb")" ''
    else
        # shellcheck disable=SC2086 # a list
        [[ $verb == format ]] || check "$verb on a full disk: whoever got in gets in" same "$(lost ${stays[$verb]-})" ''
        command_of "$verb"
        program_of "$verb"
        CEXLUKS="$program" run "${cmd[@]}" </dev/null
        check "$verb on a full disk: with room it is made whole" same "$status $(is_whole "$verb")" '0 '
    fi
    verb_on_disk "$verb" read-only
    check "$verb on a read-only device fails, and says on what" contains "$([[ $status -ne 0 ]] && echo "failed: $out$err")" \
        'failed: ' volume
    unchanged "$verb on a read-only device: no byte changes" "$v" "$(digest "$ROOM/${begins[$verb]}")"
done
if [[ -x $carded ]]; then
    verb_on_disk format full+page
    expect 'format on a full disk says so' 2 'no room'
    unchanged 'and changes no byte' "$v" "$(digest "$ROOM/blank")"
fi
verb_on_disk rotate full+page --header-backup "$ROOM/disk/backup"
check 'a rotation without room for its header backup fails, by that' contains \
    "$([[ $status -ne 0 ]] && echo "failed: $out$err")" 'failed: ' "$ROOM/disk/backup"
unchanged 'and the volume stays as it is' "$v" "$(digest "$ROOM/bound")"
check 'and no half backup stays' same "$(<"$v.list")" volume

# What only reads needs no room.
for kind in full read-only; do
    on_disk "$kind" "$ROOM/bound" "$ROOM/after" "$CEXLUKS" inventory "$ROOM/disk/bound" --config "$CONF"
    expect "inventory of a volume on a disk that is $kind" 0 "$ROOM/disk/bound" 'binding kms:prod: key-protect'
    unchanged 'changes no byte' "$ROOM/after" "$(digest "$ROOM/bound")"
done

# --- files that are replaced, or made ---------------------------------------------------------------------------------

key_on_disk="$ROOM/api-key"
install -m 600 "$SIM_API_KEY_FILE" "$key_on_disk"
sed "s,^api-key .*,api-key = file:$ROOM/disk/api-key," "$CONF" >"$ROOM/conf-disk"
sed "s,^api-key .*,api-key = file:$key_on_disk," "$CONF" >"$ROOM/conf-here"
echo another-key >"$ROOM/another-key"
# shellcheck disable=SC2016 # the inner shell's
set_key=(sh -c 'exec "$1" credential set prod --config "$2" <"$3"' - "$CEXLUKS")
on_disk full "$key_on_disk" "$ROOM/after" cp "$key_on_disk" "$ROOM/disk/more"
check 'a disk is full' contains "$err" 'No space left'

for kind in full read-only; do
    on_disk "$kind" "$key_on_disk" "$ROOM/after" "${set_key[@]}" "$ROOM/conf-disk" "$ROOM/another-key"
    check "credential set on a disk that is $kind fails, and says on what" contains \
        "$([[ $status -ne 0 ]] && echo "failed: $out$err")" 'failed: ' "$ROOM/disk/api-key"
    unchanged "and the API key stays" "$ROOM/after" "$(digest "$SIM_API_KEY_FILE")"
    check 'and nothing is beside it' same "$(<"$ROOM/after.list")" api-key
    [[ -x $carded ]] || continue
    on_disk "$kind" "$key_on_disk" "$ROOM/after" "$carded" keygen "$ROOM/disk/new" --xts --sysroot "$root"
    check "keygen on a disk that is $kind fails, and leaves no part of a key" same \
        "$([[ $status -ne 0 ]] && cat "$ROOM/after.list")" api-key
done

# A key file may be all that there is.
"$CEXLUKS" wrap prod --gen --config "$CONF" </dev/null >"$ROOM/dm:key"
for kind in full read-only; do
    DISK="$tree/etc/cexluks/keys.d/logon" on_disk "$kind" "$ROOM/dm:key" "$ROOM/after" \
        "$CEXLUKS" migrate --keys --from prod --to next --config "$CONF" --sysroot "$tree"
    check "migrate --keys on a disk that is $kind fails, and says on what" contains \
        "$([[ $status -ne 0 ]] && echo "failed: $out$err")" 'failed: ' logon/dm:key
    unchanged 'and the key file stays' "$ROOM/after" "$(digest "$ROOM/dm:key")"
    check 'and nothing is beside it' same "$(<"$ROOM/after.list")" dm:key
done

# A name that is not on the disk goes with the power, though the file is: the folder is synced after the last rename.
# shellcheck disable=SC2317 # called by check
traced() { # COMMAND…: what it syncs and renames, in $ROOM/trace
    ASAN_OPTIONS=detect_leaks=0 strace -f -qq -y -o "$ROOM/trace" -e trace=fsync,rename,renameat2 "$@" </dev/null
}

ends_with_folder() { # FOLDER: does it?
    grep -E 'fsync|rename' "$ROOM/trace" | tail -n 1 | grep -q "fsync([0-9]*<$1>) *= 0" || cat "$ROOM/trace"
}

without_folder() { # COMMAND…: the same, when that sync says EIO
    ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e "inject=fsync:error=EIO:when=$(grep -c 'fsync(' "$ROOM/trace")" \
        "$@" </dev/null >"$ROOM/out" 2>"$ROOM/err"
    status=$? out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
}

set_key+=("$ROOM/conf-here" "$ROOM/another-key")
cp -p "$key_on_disk" "$ROOM/kept"
check 'credential set, watched' traced "${set_key[@]}"
check 'the last that it does is to sync the folder' same "$(ends_with_folder "$ROOM")" ''
cp -p "$ROOM/kept" "$key_on_disk"
rm -f "$key_on_disk.old"
without_folder "${set_key[@]}"
check 'a folder that cannot be synced is told of' grep -qE "$key_on_disk: (Input/output|I/O) error" <<<"$err"
check 'and that is no success' not test "$status" -eq 0
if [[ -x $carded ]]; then
    mkdir "$ROOM/new"
    check 'keygen, watched' traced "$carded" keygen "$ROOM/new/key" --xts --sysroot "$root"
    check 'the last that it does is to sync the folder, too' same "$(ends_with_folder "$ROOM/new")" ''
    rm "$ROOM/new/key"
    without_folder "$carded" keygen "$ROOM/new/key" --xts --sysroot "$root"
    check 'a new key that is perhaps not on the disk is not there at all' same "$status $(ls -A "$ROOM/new")" '46 '
fi

summary
