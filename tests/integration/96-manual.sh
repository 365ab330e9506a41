#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the manual gives as an example is tried as it stands: commands of this program with a volume, a service and a
# tree in the place of the reader's; configurations; tokens; words of the kernel command line.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/manual.sh
source tests/manual.sh
need 'examples of the manual' cryptsetup jq curl xxd

pages=(docs/man/*.[578])
pages=("${pages[@]##*/}")

# --- tokens -----------------------------------------------------------------------------------------------------------

v="$ROOM/tokens"
volume_make "$v"
cryptsetup luksAddKey -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 -d "$(key_file)" "$v" <(echo another) 2>"$ROOM/said"
bare="$ROOM/bare"
cp "$v" "$bare"

lists() { # TOKEN: the volume with nothing but this token
    cp "$bare" "$v"
    # shellcheck disable=SC2016 # jq's variable
    header_edit "$v" '.tokens = {"0": $t}' --argjson t "$1"
    run list "$v" --json </dev/null
}

members='' n=0
while IFS= read -r -d '' token; do
    [[ $token == '{'* ]] || continue
    token="$(jq -c . <<<"$token")"
    kind="$(jq -r .kind <<<"$token")"
    members+="$(jq -r 'keys_unsorted[]' <<<"$token")"$'\n'
    n=$((n + 1))
    lists "$token"
    shown="\"$kind" # "kms:prod", "card"; one without keyslot is nothing that opens the volume
    [[ $kind != credential ]] || shown=''
    expect "cexluks-token(5): the example of kind $kind is a token" 0 "$shown"
    while IFS= read -r member; do
        lists "$(jq -c --arg m "$member" 'del(.[$m])' <<<"$token")"
        # without its type it is a stranger's, who may write what he likes
        [[ $member != type ]] || continue
        expect "cexluks-token(5): $kind without $member is none" 14 header-refused
    done < <(jq -r 'keys_unsorted[]' <<<"$token")
    lists "$(jq -c '. + {endpoint: "https://example.org"}' <<<"$token")"
    expect "cexluks-token(5): $kind with a member more is none" 14 header-refused
done < <(manual_blocks cexluks-token.5)
check 'cexluks-token(5) has an example of each kind' same "$n" 3
check 'cexluks-token(5) describes the members of its examples' same \
    "$(sed -nE '/^\.Sh MEMBERS/,/^\.Sh THE/s/^\.It Ic ([a-z ,]+)$/\1/p' docs/man/cexluks-token.5 | tr -d ' ' | tr , '\n' | sort -u)" \
    "$(sed '/^$/d' <<<"$members" | sort -u)"

# --- configurations ---------------------------------------------------------------------------------------------------

tree="$ROOM/tree"
mkdir -p "$tree/etc/cexluks" "$tree/run" "$tree/root"
example="$tree/etc/cexluks/cexluks.conf"
reads() { # TITLE PART…: the configuration, and what comes out of it
    run boot --crypttab --sysroot "$tree" </dev/null
    expect "$1" 0 "${@:2}"
}
manual '^root-key = fedcba98' | tee "$example" >"$ROOM/least"
reads 'cexluks.conf(5): the least that works is a configuration'
for key in endpoint instance api-key ca-file; do
    grep -v "^$key" "$ROOM/least" >"$example"
    run boot --image-files --sysroot "$tree" </dev/null
    expect "cexluks.conf(5): and nothing less, $key for instance" 11 "has no $key"
done
manual '^.kms dr.' | sed 's/<instance>/01234567/' | cat "$ROOM/least" - >"$example"
reads 'cexluks.conf(5): two services and a pinned root are a configuration' 96fa7ba7-5229-4f32-a9d3-849404febb0e discard

# --- the kernel command line ------------------------------------------------------------------------------------------

known="$("$CEXLUKS" help --table cmdline | cut -f1)"
while read -ra words; do
    for word in "${words[@]}"; do
        check "cexluks.cmdline(7): '$word' is known" grep -qxF "${word%%=*}" <<<"$known"
    done
done < <(manual_blocks cexluks.cmdline.7 | tr '\0' '\n' | sed '/^$/d')

# --- commands ---------------------------------------------------------------------------------------------------------

sim_start --instance prod=key-protect --instance new=key-protect || exit 1
{
    sim_conf prod key-protect prod
    sim_conf new key-protect new
} >"$CONF"
mkdir -p "$tree/etc/ssl/certs" "$tree/proc"
: >"$tree/proc/cmdline"
rm "$example"
for file in "$SIM_CA" "$SIM_API_KEY_FILE"; do
    mkdir -p "$tree${file%/*}"
    cp -p "$file" "$tree$file"
done
cp "$SIM_CA" "$tree/etc/ssl/certs/ca-certificates.crt"
printf '[KP]\nendpoint_url = %s\niam_endpoint_url = %s\nservice_instance_id = %s\napi_key = %s\ndefault_crk_uuid = %s\n' "$SIM_URL" \
    "$SIM_IAM_URL" "$SIM_INSTANCE" "$(<"$SIM_API_KEY_FILE")" "$SIM_ROOT_KEY" >"$tree/etc/hpcs-for-luks.ini"
chmod 600 "$tree/etc/hpcs-for-luks.ini"
ln -s "$CEXLUKS" "$ROOM/hpcs-for-luks"
ln -s "$CEXLUKS" "$ROOM/cexluks"
volume_make "$v.bound"
bind "$v.bound" kms:prod

types() { # COMMAND STATUS PART…: as it stands, but for what is the reader's; each on a volume of its own
    local command="$1"
    cp "$bare" "$v"
    [[ $command == *' bind '* ]] || cp "$v.bound" "$v"
    command="$(sed -E "s,/dev/(dasda2|vda2),$v,g; s,/root/,$tree/root/,g; s,/var/lib/,$tree/var/lib/,g; s,>/etc/,>$tree/etc/,g
        s,(cryptsetup open) (.*) root$,\1 --test-passphrase \2,
        s,hpcs-for-luks [a-z]+,& --sysroot $tree,; s,cexluks (bind|list|ping|pass|check|rotate|wrap|key [a-z]+),& --config $CONF,
        s,cexluks bind,& --key-file $(key_file),; s,cexluks (why|check|cards),& --sysroot $tree,; s,cexluks check,& $v," <<<"$command")"
    mkdir -p "$tree"/var/lib/{node_exporter,hpcs-for-luks/logon,hpcs-for-luks/user} "$tree/etc/cexluks/keys.d/logon"
    rm -f "$tree"/root/*
    PATH="$ROOM:$PATH" bash -o pipefail -c "$command" >"$ROOM/out" 2>"$ROOM/err" </dev/null
    status=$? out="$(<"$ROOM/out")" err="$(<"$ROOM/err")"
    sane "$ROOM/err" "$1"
    expect "the manual's '$1'" "${@:2}"
}

while IFS= read -r command; do
    case $command in
        'cexluks bind '*) types "$command" 0 'ok: ' dracut ;;
        'cexluks list '*) types "$command" 0 kms:prod 'lock' ;;
        'cexluks ping '*) types "$command" 0 ok ;;
        'cexluks cards') types "$command" 30 no-ap-bus ;;
        'cexluks key create '*) types "$command" 0 - ;;
        'cexluks key rotate '* | 'cexluks rotate '* | 'cexluks wrap '*) types "$command" 0 ;;
        'cexluks pass '*) types "$command" 0 ;;
        'cexluks check') types "$command" 0 'the next boot: ok' ;;
        'cexluks why') types "$command" 0 'this boot unlocked nothing' ;;
        'hpcs-for-luks create '*) types "$command" 0 'Created key' ;;
        'hpcs-for-luks list | '*) types "$command" 0 MyCRKName ;;
        'hpcs-for-luks wrap '* | *' | hpcs-for-luks wrap '*) types "$command" 0 ;;
        # others have tests of their own, with what they need: format, migrate --all, setup, ...
    esac
    # whatever it does, verb and options are there
    read -ra words <<<"${command#*cexluks }"
    [[ $command != 'cexluks '* || $command == *'|'* ]] || {
        run "${words[@]//[>&]*/--help}" --help </dev/null
        expect "the manual's '$command' is understood" 0 'The manual: man cexluks'
    }
done < <(manual_commands "${pages[@]}" | sort -u)

summary
