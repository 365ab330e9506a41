# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
#
# A data volume on a disk that changes between two reads of its header (baddisk.c): at the first read, the second, and so
# on. The real root opens it, and says what came of each.
# shellcheck source=tests/boot/baddisk.sh
source "$here/baddisk.sh"
# shellcheck disable=SC2034 # read by run
title="a disk that changes between two reads gets nothing opened that was not checked"
# shellcheck disable=SC2034 # of baddisk.sh
hook="$here/86-disk-that-changes/changes.sh"

changes() { # REGEX: the lines about it that match
    vm_mark vm changes | grep -E -- "$1"
}

# "given" counts reads that were answered with the other header, whether or not somebody asked for it.
expect_what_changes_after_the_check_is_never_used() {
    local good bad
    changes .
    good="status 0 cipher aes-xts-plain64 given [0-9]+: ok: opened"
    bad="status 14 cipher  given [1-9][0-9]*: .*header-refused: .*unexpected cipher 'cipher_null-ecb'"
    ! changes . | grep -v -E "$good|$bad" && changes "$bad" && [[ $(changes "${good/\[0-9\]+/[1-9][0-9]*}" | wc -l) -ge 3 ]]
}

expect_every_read_of_the_header_was_changed_once() {
    changes 'given 0: ok'
}
