#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For images without systemd. The queue of jobs is one loop, and a console prompt holds it; so the helper runs
# beside it, prompts wait aside until it has decided, and all that hooks know is in files:
#
#   attempt.pid  the shell that runs the helper  started   seconds of uptime when it began
#   helper.pid   the helper, while it runs       parked/   jobs of cryptroot-ask that wait for the verdict
#   verdict      it has decided

_cexluks_state=/run/cexluks/hook
# the helper ends after 100 s at most; this is for one that hangs
_cexluks_limit=130

_cexluks_uptime() {
    local _seconds
    read -r _seconds _ < /proc/uptime
    echo "${_seconds%%.*}"
}

# The helper's log, for dmesg, below what the console shows: what belongs there the helper writes there itself.
_cexluks_log() {
    local _line
    while read -r _line || [ -n "$_line" ]; do
        echo "<31>cexluks: ${_line#<[0-7]>}" > /dev/kmsg
    done
}

_cexluks_forget() {
    /usr/sbin/cexluks forget 2>&1 | _cexluks_log
}

# _cexluks_run VERB…: runs the helper, its output to _cexluks_log; leaves its status in $_cexluks_state/status.
# In a session of its own, because it has a child that must end with it.
_cexluks_run() {
    {
        setsid /usr/sbin/cexluks "$@" 2>&1 &
        echo "$!" > "$_cexluks_state/helper.pid"
        wait "$!"
        echo "$?" > "$_cexluks_state/status"
        # bash would say on the console that the helper was killed
    } 2> /dev/null | _cexluks_log
    rm -f "$_cexluks_state/helper.pid"
}

# After an outcome of cexluks-outcomes(7) loaded keys stay, for volumes that go on with them; after a crash nothing stays.
_cexluks_forget_after_crash() {
    local _status
    read -r _status < "$_cexluks_state/status"
    case $_status in
        0 | 2 | [1-3][0-9] | 4[0-5]) ;;
        *)
            _cexluks_forget
            warn "cexluks: the helper failed (status $_status), see dmesg"
            ;;
    esac
}

# _cexluks_is_open DEVICE: whether a crypt mapping is on it, by whatever name
_cexluks_is_open() {
    local _kname _uuid
    _kname=$(readlink -f "$1")
    for _uuid in /sys/class/block/"${_kname##*/}"/holders/*/dm/uuid; do
        [ -e "$_uuid" ] && read -r _uuid < "$_uuid" && [ "${_uuid#CRYPT-}" != "$_uuid" ] && return 0
    done
    return 1
}

# Ends the console prompts of volumes that are open by now. cryptsetup restores the terminal on SIGTERM. The
# last two arguments are device and name, also in plymouth's --command.
_cexluks_end_prompts() {
    local _proc _args
    for _proc in /proc/[0-9]*; do
        _args=$({ tr '\0' ' ' < "$_proc/cmdline"; } 2> /dev/null)
        case $_args in
            *" luksOpen "*) ;;
            *) continue ;;
        esac
        # shellcheck disable=SC2086 # split into words
        set -- $_args
        while [ $# -gt 2 ]; do shift; done
        _cexluks_is_open "$1" && kill -TERM "${_proc#/proc/}"
    done
}

# Tries on behind the prompt. The three rounds are for a prompt that is just being made.
_cexluks_retry() {
    local _status
    _cexluks_run boot --retry
    _cexluks_forget_after_crash
    read -r _status < "$_cexluks_state/status"
    [ "$_status" = 0 ] || return 0
    _cexluks_end_prompts
    sleep 1
    _cexluks_end_prompts
    sleep 2
    _cexluks_end_prompts
}

_cexluks_attempt() {
    _cexluks_run boot
    _cexluks_forget_after_crash
    : > "$_cexluks_state/verdict"
    [ -e /run/cexluks/retry ] && _cexluks_retry
}

_cexluks_kill_helper() {
    local _pid
    [ -e "$_cexluks_state/helper.pid" ] || return 0
    read -r _pid < "$_cexluks_state/helper.pid"
    kill -KILL "-$_pid" 2> /dev/null
}

# Whether the helper has decided, or was ended because it never would. What runs it sees that as a crash; the
# ten seconds are for the case that this is gone as well.
_cexluks_decided() {
    local _started _late
    [ -e "$_cexluks_state/verdict" ] && return 0
    [ -e "$_cexluks_state/started" ] || return 1
    read -r _started < "$_cexluks_state/started"
    _late=$(($(_cexluks_uptime) - _started - _cexluks_limit))
    [ "$_late" -gt 0 ] || return 1
    _cexluks_kill_helper
    [ "$_late" -gt 10 ] || return 1
    _cexluks_forget
    : > "$_cexluks_state/verdict"
}

# _cexluks_is_refused DEVICE NAME: whether the volume must stay shut, under the name of the job, of its UUID or of
# crypttab
_cexluks_is_refused() {
    local _link _uuid='' _name _source _device
    [ -d /run/cexluks/refused ] || return 1
    [ -e "/run/cexluks/refused/$2" ] && return 0
    _device=$(readlink -f "$1")
    for _link in /dev/disk/by-uuid/*; do
        [ "$(readlink -f "$_link")" = "$_device" ] && _uuid=${_link##*/}
    done
    [ -n "$_uuid" ] || return 1
    [ -e "/run/cexluks/refused/luks-$_uuid" ] && return 0
    [ -e /etc/crypttab ] || return 1
    while read -r _name _source _ || [ -n "$_name" ]; do
        case $_source in
            "UUID=$_uuid" | "/dev/disk/by-uuid/$_uuid") ;;
            *) continue ;;
        esac
        [ -e "/run/cexluks/refused/$_name" ] && return 0
    done < /etc/crypttab
    return 1
}

# _cexluks_job_is_void JOB: a prompt for a volume that is open already, or that must stay shut
_cexluks_job_is_void() {
    local _exe _device _name
    while read -r _exe _device _name _; do
        case $_exe in
            *cryptroot-ask) ;;
            *) continue ;;
        esac
        _cexluks_is_open "$_device" && return 0
        _cexluks_is_refused "$_device" "$_name" && return 0
    done < "$1"
    return 1
}
