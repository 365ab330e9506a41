#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Includes point downward: cli → op → {kms, luks, cex, keyring} → base, and the four don't know each other. A library
# is known in one room (two for cJSON: whoever reads JSON of strangers). The plug-in stands on base alone.
source "$(dirname "$0")/lib.sh"

declare -A may_include=(
    [main]='cli op kms base'
    [cli]='cli op base'
    [op]='op kms luks cex keyring base'
    [kms]='kms base'
    [luks]='luks base'
    [cex]='cex base'
    [keyring]='keyring base'
    [base]='base'
    [plugin]='plugin base'
)

# header pattern, then where it may be included (patterns of paths below helper/)
foreign=(
    '^curl/            kms/*'
    '^cjson/           kms/* luks/* base/json*'
    '^libcryptsetup    luks/* plugin/*'
    '^blkid/           luks/*'
    '^libdevmapper     luks/*'
    '^keyutils         keyring/*'
    '^ini\.h           op/*'
    '^mbedtls/         base/*'
    '^psa/             base/*'
    '^openssl/         -'
    '^asm/(pkey|zcrypt) cex/*'
)

up='' bare='' absent='' library='' rooms=''
while IFS=: read -r file line text; do
    path=${file#helper/}
    room=${path%%/*}
    [[ $room == "$path" ]] && room=${path%.*}
    if [[ -z ${may_include[$room]-} ]]; then
        rooms+="$file: room '$room' is not one of ${!may_include[*]}"$'\n'
        continue
    fi
    if [[ $text =~ \#[[:space:]]*include[[:space:]]*\"([^\"]+)\" ]]; then
        target=${BASH_REMATCH[1]}
        if [[ $target != */* ]]; then
            bare+="$file:$line: \"$target\" does not name its room"$'\n'
        elif [[ ! -f helper/$target ]]; then
            absent+="$file:$line: there is no helper/$target"$'\n'
        elif [[ " ${may_include[$room]} " != *" ${target%%/*} "* ]]; then
            up+="$file:$line: $room may not include \"$target\" (only: ${may_include[$room]})"$'\n'
        fi
    elif [[ $text =~ \#[[:space:]]*include[[:space:]]*\<([^\>]+)\> ]]; then
        target=${BASH_REMATCH[1]}
        for rule in "${foreign[@]}"; do
            read -r pattern homes <<<"$rule"
            [[ $target =~ $pattern ]] || continue
            allowed=no
            set -f
            for home in $homes; do
                # shellcheck disable=SC2053 # the right side is a pattern
                [[ $path == $home ]] && allowed=yes
            done
            set +f
            [[ $allowed == yes ]] || library+="$file:$line: <$target> belongs to $homes"$'\n'
        done
    fi
done < <(lint_files 'helper/*.[ch]' | tr '\n' '\0' | xargs -0 -r grep -HnE '^[[:space:]]*#[[:space:]]*include' || true)

verdict 'includes point downward' "${up%$'\n'}"
verdict 'includes name their room' "${bare%$'\n'}"
verdict 'included files exist' "${absent%$'\n'}"
verdict 'each library stays in its room' "${library%$'\n'}"
verdict 'every file is in a known room' "$(sort -u <<<"${rooms%$'\n'}")"

drawers="$(lint_files 'helper/*.[ch]' | grep -E '/(utils?|misc|common|helpers)\.[ch]$' || true)"
verdict 'no drawer files' "$drawers"
lint_end
