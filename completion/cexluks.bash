# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion in bash, for both names of the program. What there is to complete, the program's own tables say
# (cexluks help --table NAME) when a key is pressed, so that nothing here knows a verb or an option.

declare -gA _cexluks_tables # PROGRAM TABLE: its lines; asked for once in a shell

_cexluks_table() { # PROGRAM TABLE
    local key="$1 $2"
    [[ -n ${_cexluks_tables[$key]-} ]] || _cexluks_tables[$key]="$("$1" help --table "$2" 2>/dev/null </dev/null)"
    printf '%s\n' "${_cexluks_tables[$key]}"
}

# Names of the profiles in the configuration that the words choose.
_cexluks_profiles() { # WORD…
    local sysroot='' config=''
    while [[ $# -gt 0 ]]; do
        case $1 in
            --config) config="${2-}" ;;
            --config=*) config="${1#*=}" ;;
            --sysroot) sysroot="${2-}" ;;
            --sysroot=*) sysroot="${1#*=}" ;;
        esac
        shift
    done
    sed -nE 's/^[[:blank:]]*\[kms ([A-Za-z0-9_-]+)\].*/\1/p' "${config:-$sysroot/etc/cexluks/cexluks.conf}" 2>/dev/null
}

_cexluks_mappers() {
    local path
    for path in /dev/mapper/*; do
        [[ $path == */control || $path == *'*' ]] || printf '%s\n' "${path##*/}"
    done
}

# Candidates for an argument, one per line.
_cexluks_argument() { # KIND VERB CURRENT WORD…
    local kind="$1" verb="$2" current="$3"
    shift 3
    case $kind in
        BINDING)
            echo card
            _cexluks_profiles "$@" | sed 's/^/kms:/'
            ;;
        PROFILE) _cexluks_profiles "$@" ;;
        DIR) compgen -d -- "$current" ;;
        FILE | OUTPUT) compgen -f -- "$current" ;;
        DEVICE | 'DEVICE|MAPPER')
            if [[ -z $current ]]; then lsblk -pnlo NAME 2>/dev/null; else compgen -f -- "$current"; fi
            [[ $kind == DEVICE ]] || _cexluks_mappers
            ;;
        NAME) [[ $verb != close ]] || _cexluks_mappers ;;
    esac
}

# Candidates for the last of the words, all that come before it being complete.
_cexluks_candidates() { # PROGRAM WORD…
    local program="$1" verbs options verb='' args='' line name list word value='' current="${*: -1}"
    local -a before=("${@:2:$#-2}") kinds=()
    local -i i place=0

    verbs="$(_cexluks_table "$program" verbs)"
    options="$(_cexluks_table "$program" options)"
    while IFS=$'\t' read -r name list _; do
        if [[ "${before[*]} " == "$name "* ]]; then verb="$name" args="$list"; fi
    done <<<"$verbs"

    if [[ -z $verb ]]; then # "key" wants a second word
        list="${before[*]:+${before[*]} }"
        [[ -n $list ]] || printf '%s\n' --help --version
        while IFS=$'\t' read -r name _; do
            [[ $name != "$list"* ]] || { name="${name#"$list"}" && printf '%s\n' "${name%% *}"; }
        done <<<"$verbs"
        return
    fi
    read -ra list <<<"$verb"
    # which option waits for its argument, and which place among the arguments of the verb this is
    for ((i = ${#list[@]}; i < ${#before[@]}; i++)); do
        word="${before[i]}"
        if [[ -n $value ]]; then
            value=''
        elif [[ $word == --*=* ]]; then
            continue
        elif [[ $word == -* ]]; then
            line="$(awk -F '\t' -v verb="$verb" -v name="$word" '($1 == verb || $1 == "*") && $2 == name && $3 != "-"' <<<"$options")"
            [[ -z $line ]] || value="$line"
        else
            place+=1
        fi
    done
    if [[ -z $value && $current == --*=* ]]; then
        value="$(awk -F '\t' -v verb="$verb" -v name="${current%%=*}" '($1 == verb || $1 == "*") && $2 == name && $3 != "-"' <<<"$options")"
        current="${current#*=}"
    fi
    if [[ -n $value ]]; then
        IFS=$'\t' read -r _ _ name _ list <<<"$value"
        if [[ $list != - ]]; then tr ' ' '\n' <<<"$list"; else _cexluks_argument "$name" "$verb" "$current" "${before[@]}"; fi
    elif [[ $current == -* ]]; then
        awk -F '\t' -v verb="$verb" '$1 == verb || $1 == "*" { print $2 }' <<<"$options"
    else
        # options that a verb cannot do without stand among its arguments
        read -ra kinds <<<"$(sed -E 's/--[a-z-]+( [A-Z]+)?//g; s/[][]//g' <<<"$args")"
        case ${kinds[place]-} in
            VERB) cut -f1 <<<"$verbs" | cut -d ' ' -f1 ;;
            ?*) _cexluks_argument "${kinds[place]}" "$verb" "$current" "${before[@]}" ;;
        esac
    fi
}

_cexluks() {
    local line="${COMP_LINE:0:COMP_POINT}" current value candidate
    local -a words

    # as the shell splits, but for ":" and "=", which are part of our words
    read -ra words <<<"$line"
    [[ $line != *[[:blank:]] ]] || words+=('')
    words[0]="${words[0]/#\~\//$HOME/}"
    current="${words[-1]}" value="${words[-1]#--*=}" COMPREPLY=()
    # not "compgen -W", which expands what it is given, and among this are names of files
    while IFS= read -r candidate; do
        [[ -z $candidate || $candidate != "$value"* ]] || COMPREPLY+=("$candidate")
    done < <(_cexluks_candidates "${words[@]}" | sort -u)
    [[ ! -e ${COMPREPLY[0]-} ]] || compopt -o filenames 2>/dev/null
    # readline replaces only what comes after the last of its word breaks
    if [[ $value == *:* && $COMP_WORDBREAKS == *:* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${value%:*}:"}")
    elif [[ $current != "$value" && $COMP_WORDBREAKS != *=* ]]; then
        COMPREPLY=("${COMPREPLY[@]/#/"${current%"$value"}"}")
    fi
} && complete -F _cexluks cexluks hpcs-for-luks
