#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What bash, zsh and fish offer for the same line. Each reads the tables of the program that the line names. In lists zsh is
# asked without its line editor: the function is zsh's own, and what it hands over is printed. Somebody who types has the
# line editors of zsh and bash, on a terminal of zsh's; fish has a command that asks its own.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/lib.sh"

bin="$ROOM/bin"
mkdir "$bin" "$ROOM/tree"
ln -s "$CEXLUKS" "$bin/cexluks"
ln -s "$CEXLUKS" "$bin/hpcs-for-luks"
printf '[cexluks]\ntimeout = 60s\n[kms prod]\n[kms dr-2]\n[volume root]\n' >"$CONF"
touch "$ROOM/tree/with blank" "$ROOM/tree/\$(touch trap)"
cd completion || exit 1

offered_by_bash() { # LINE
    # shellcheck disable=SC2016 # for the other shell
    PATH="$bin:$PATH" bash --norc -c '
        source ./cexluks.bash
        COMP_WORDBREAKS="${2-}" COMP_LINE="$1" COMP_POINT="${#1}"
        _cexluks
        printf "%s\n" "${COMPREPLY[@]}"' - "$@"
}

offered_by_zsh() { # LINE
    # shellcheck disable=SC2016,SC2317 # for the other shell
    PATH="$bin:$PATH" zsh -f -c '
        zmodload zsh/parameter
        show() { local word; for word; do [[ $word != $PREFIX* ]] || print -r -- $word; done }
        compadd() {
            if [[ $1 == -a ]]; then show ${(P)2}; else [[ $1 != -- ]] || shift; show $@; fi
        }
        _describe() { [[ $1 != -o ]] || shift; show ${${(P)2}%%:*}; }
        _files() { show ${~PREFIX}*(N); }
        _message() { }
        source_of_function=$(<_cexluks)
        words=(${(z)1}) PREFIX=""
        if [[ $1 == *" " ]]; then words+=(""); else PREFIX=$words[-1]; fi
        CURRENT=$#words
        eval "$source_of_function"' - "$1"
}

offered_by_fish() { # LINE
    # shellcheck disable=SC2016,SC2317 # for the other shell
    PATH="$bin:$PATH" fish --no-config -c 'source cexluks.fish; complete -C $argv[1]' "$1" | cut -f1
}

offers() { # LINE CANDIDATE…
    local shell offered
    for shell in "${shells[@]}"; do
        offered="$("offered_by_$shell" "$1" 2>&1 | sed '/^$/d' | sort -u)"
        check "$shell: '$1' is completed" same "$offered" "$(printf '%s\n' "${@:2}" | sed '/^$/d' | sort)"
    done
}

shells=(bash)
for shell in zsh fish; do
    if ! command -v "$shell" >/dev/null; then
        skip "completion in $shell: it is not installed"
        continue
    fi
    shells+=("$shell")
done
[[ " ${shells[*]} " != *' zsh '* ]] || check 'zsh reads its file' zsh -n _cexluks
[[ " ${shells[*]} " != *' fish '* ]] || check 'fish reads its file' fish -n cexluks.fish

# every verb, as the table has it
mapfile -t verbs < <("$CEXLUKS" help --table verbs | cut -f1 | cut -d ' ' -f1 | sort -u)
offers 'cexluks ' "${verbs[@]}" --help --version
offers 'cexluks unb' unbind
offers 'cexluks key ' list create rotate
offers 'cexluks key c' create
offers 'cexluks help rot' rotate
offers 'cexluks nonsense '

# options: those of the verb, and of every verb
offers 'cexluks bind --ke' --key-file
mapfile -t options < <("$CEXLUKS" help --table options | awk -F '\t' '$1 == "list" || $1 == "*" { print $2 }')
offers 'cexluks list --' "${options[@]}"
offers 'cexluks pattern verify --k' --key-file
offers 'cexluks format /dev/x --key-type ' CCA-AESCIPHER CCA-AESDATA EP11-AES
offers "cexluks key list --sysroot $ROOM/nowhere --table "

# bindings and profiles: those of the configuration
offers "cexluks bind --config $CONF /dev/x " card kms:prod kms:dr-2
offers "cexluks bind /dev/x --config $CONF kms:p" kms:prod
offers "cexluks format /dev/x --config $CONF --bind k" kms:prod kms:dr-2
offers "cexluks ping --config $CONF " prod dr-2
offers "cexluks credential seal prod $CONF" "$CONF"
offers "cexluks migrate --config $CONF /dev/x --to " prod dr-2
offers "cexluks bind --dry-run /dev/x --sysroot $ROOM/nowhere " card
offers "cexluks bind /dev/x card "

# the other name has other verbs
offers 'hpcs-for-luks wra' wrap
offers 'hpcs-for-luks create --' --crk --gen --name --config --sysroot --timeout --debug --help

# --- somebody types, and presses Tab ---------------------------------------------------------------------------------

# Ctrl-X shows the line, between < and >.
cat >"$ROOM/.zshrc" <<'END'
PS1= PS2=
fpath=("$PWD" $fpath)
autoload -Uz compinit
compinit -u -d "$ZDOTDIR/dump"
show() { print -r -- "<$BUFFER>"; exit }
zle -N show
bindkey '^I' complete-word '^X' show
print ready
END
cat >"$ROOM/.bashrc" <<'END'
PS1= PS2=
source ./cexluks.bash
bind -x '"\C-x": printf "<%s>\n" "$READLINE_LINE"; exit'
echo ready
END

typed_in() { # SHELL LINE: what is on the line after Tab
    local begin='zsh -i'
    [[ $1 == zsh ]] || begin="bash --rcfile $ROOM/.bashrc -i"
    # shellcheck disable=SC2016 # for the other shell
    PATH="$bin:$PATH" TERM=vt100 ZDOTDIR="$ROOM" timeout 60 zsh -f -c '
        zmodload zsh/zpty
        zpty typist "$1"
        zpty -r typist said "*ready*"
        zpty -w -n typist "$2"$'\''\t\x18'\''
        zpty -r typist said "*<*>*"
        said=${said##*<}
        print -r -- "${said%%>*}."' - "$begin" "$2"
}

becomes() { # LINE LINE SHELL…
    local shell
    for shell in "${@:3}"; do
        check "$shell: somebody types '$1' and Tab" same "$(typed_in "$shell" "$1")" "$2."
    done
}

if command -v zsh >/dev/null; then
    becomes 'cexluks unb' 'cexluks unbind ' zsh bash
    becomes 'cexluks bind --ke' 'cexluks bind --key-file ' zsh bash
    becomes 'cexluks key c' 'cexluks key create ' zsh bash
    becomes "cexluks ping --config $CONF d" "cexluks ping --config $CONF dr-2 " zsh bash
    becomes "cexluks bind /dev/x --config $CONF kms:p" "cexluks bind /dev/x --config $CONF kms:prod " zsh bash
    becomes "cexluks bind --config $CONF /dev/x k" "cexluks bind --config $CONF /dev/x kms:" zsh bash
    becomes "cexluks keygen $ROOM/tree/w" "cexluks keygen $ROOM/tree/with\\ blank " zsh bash
    becomes "cexluks keygen $ROOM/tree/\\$" "cexluks keygen $ROOM/tree/\\\$\\(touch\\ trap\\) " zsh
    check 'zsh: a trap is not sprung' not test -e trap
    becomes 'cexluks nonsense x' 'cexluks nonsense x' zsh bash
    becomes 'hpcs-for-luks wra' 'hpcs-for-luks wrap ' zsh bash
fi

# what is particular to bash
check 'bash: only what follows a word break is replaced' same \
    "$(offered_by_bash "cexluks bind /dev/x --config $CONF kms:p" ' :=')" prod
check 'bash: an argument may follow "="' same "$(offered_by_bash 'cexluks keygen --keybits=1')" \
    $'--keybits=128\n--keybits=192'
check 'bash: names of files are not evaluated' same "$(offered_by_bash "cexluks keygen $ROOM/tree/")" \
    "$ROOM/tree/\$(touch trap)"$'\n'"$ROOM/tree/with blank"
check 'bash: a trap is not sprung' not test -e trap
check 'bash: both names are completed' contains "$(bash --norc -c 'source ./cexluks.bash; complete -p')" \
    '_cexluks cexluks' '_cexluks hpcs-for-luks'

summary
