#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cleanup and both emergency hooks: before the real root or a shell takes over nothing of ours runs, and no key of
# ours is left.

command -v _cexluks_kill_helper > /dev/null || . /lib/cexluks-lib.sh

# What runs the helper goes first: it would take the helper's end for a crash, or go on in the real root.
if [ -e "$_cexluks_state/attempt.pid" ]; then
    read -r _pid < "$_cexluks_state/attempt.pid" && kill -TERM "$_pid" 2> /dev/null
    rm -f "$_cexluks_state/attempt.pid"
    # of a helper that was ended here there is no verdict, and a shell may go back to the queue
    : > "$_cexluks_state/verdict"
fi
_cexluks_kill_helper
_cexluks_forget
