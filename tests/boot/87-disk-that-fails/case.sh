# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
# limit: 2000
#
# A disk that cannot read what is asked for, and one that does not write: list, open, bind and rotate say so, and whoever
# got in before gets in again.
# shellcheck source=tests/boot/baddisk.sh
source "$here/baddisk.sh"
# shellcheck disable=SC2034 # read by run
title="a disk that fails to read or to write is called so, and nothing is lost"
# shellcheck disable=SC2034 # of baddisk.sh
seconds=1800 hook="$here/87-disk-that-fails/fails.sh"

fails() { # REGEX: the lines about it that match
    vm_mark vm fails | grep -E -- "$1"
}

expect_a_header_that_cannot_be_read_is_called_so() {
    local what verb
    for what in primary primary-json header; do
        for verb in list open; do
            fails "^no $what: $verb: status 46: .*internal: .*Input/output error" || return 1
        done
    done
}

expect_the_second_copy_is_not_needed() {
    fails '^no secondary: list: status 0' && fails '^no secondary: open: status 0: ok'
}

expect_a_keyslot_that_cannot_be_read_is_called_so() {
    fails '^no keyslot: list: status 0' && fails '^no keyslot: open: status 46: .*internal: .*Input/output error'
}

expect_whoever_got_in_gets_in_when_it_can_be_read_again() {
    [[ $(fails '^no [a-z-]+: afterwards: human prod$' | wc -l) -eq 5 ]]
}

# VERB: what it said while writes failed, who got in then, and what another run made of it
writes() {
    local what
    fails "^$1: [1-9][0-9]* writes: human prod$" || return 1
    for what in "$1: status 46: .*Input/output error" 'ways in: human prod$' "again: $1: status 0: " 'whole: human prod$'; do
        [[ $(fails "^$1 without [0-9]+ [0-9]+: $what" | wc -l) -eq 2 ]] || return 1
    done
}

expect_bind_on_a_disk_that_does_not_write_loses_nothing() {
    writes bind
}

expect_rotate_on_a_disk_that_does_not_write_loses_nothing() {
    writes rotate
}
