# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0-or-later
#
# To be sourced after lib.sh: somebody at a terminal, by script(1). A conversation is terminal_begin COMMAND…, then
# terminal_see QUESTION and terminal_type ANSWER in turns, and terminal_end, which sets status, screen (all that was
# shown), and echo_after: whether the terminal shows what is typed once the program is gone. Both wait TERMINAL_PATIENCE
# twentieths of a second, 20 s unless that is set.

terminal_begin() { # COMMAND…
    rm -f "$ROOM/screen" "$ROOM/keys" "$ROOM/status" "$ROOM/modes"
    mkfifo "$ROOM/keys"
    : >"$ROOM/screen"
    {
        echo "trap : INT" # as a shell that people use: Ctrl-C ends what it runs, not itself
        printf '%q ' env --default-signal=INT,QUIT "$@" # which are ignored in what this script does beside itself
        printf '\necho $? >%q; stty -a >%q\n' "$ROOM/status" "$ROOM/modes"
    } >"$ROOM/session"
    exec 7<>"$ROOM/keys"
    script -qfc "bash $ROOM/session" "$ROOM/screen" <"$ROOM/keys" >/dev/null 2>&1 &
    TERMINAL_PID=$!
    seen=0
}

terminal_see() { # TEXT: waits until it is shown, after what was seen before
    local shown left="${TERMINAL_PATIENCE:-400}"
    while :; do
        shown="$(tr -d '\0\r' <"$ROOM/screen")"
        [[ ${shown:seen} != *"$1"* ]] || break
        if [[ $((left -= 1)) -eq 0 || -e $ROOM/modes ]]; then
            shown="$(tr -d '\0\r' <"$ROOM/screen")"
            [[ ${shown:seen} != *"$1"* ]] || break
            not_ok "the terminal shows: $1" "$shown"
            return 1
        fi
        sleep 0.05
    done
    shown="${shown:seen}"
    shown="${shown%%"$1"*}" # what was shown before it
    seen=$((seen + ${#shown} + ${#1}))
}

terminal_type() { # TEXT, then Enter
    printf '%s\n' "$1" >&7
}

terminal_interrupt() { # Ctrl-C
    printf '\003' >&7
}

terminal_end() {
    local left="${TERMINAL_PATIENCE:-400}"
    until [[ -s $ROOM/modes || $((left -= 1)) -eq 0 ]]; do
        sleep 0.05
    done
    [[ -s $ROOM/modes ]] || kill "$TERMINAL_PID"
    wait "$TERMINAL_PID"
    exec 7>&-
    status="$(cat "$ROOM/status" 2>/dev/null || echo none)"
    screen="$(tr -d '\0\r' <"$ROOM/screen")"
    out="$screen" err=''
    grep -qw -e '-echo' "$ROOM/modes" && echo_after=off || echo_after=on
    sane "$ROOM/screen" "${screen%%$'\n'*}"
}
