# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Source this file. Which run takes a test? A boot case's case.sh, a row file of the matrix of cards: each says so itself,
# in one line, and without it nothing runs:
#
#   # tier: check     "make check" takes it
#   # tier: ci        ".ci/run" takes it too: it represents its kind
#   # tier: all       "make check-all" takes it, and every run that is not told a tier
#
# A runner's option "--tier TIERS", or TIER=TIERS for make, picks exactly those: "ci all" is what "make check" leaves.
#
#   tier_pick TIERS FILE…         sets tier_picked and tier_left, lists of files: of these tiers, and of those after the last of them;
#                                 "check" alone leaves none, because it promises no more
#   tier_tell_left WHAT NAME…     says what is left; .ci/run says it again at its end

tier_order=(check ci all)

tier_of() {
    local found
    found="$(sed -nE 's/^# tier: //p' "$1")"
    case $found in
        check | ci | all) printf '%s\n' "$found" ;;
        *)
            printf '%s: needs one line "# tier: check", "# tier: ci" or "# tier: all", see tests/tier.sh\n' "$1" >&2
            return 1
            ;;
    esac
}

tier_pick() {
    local tiers=" $1 " file tier word left=''
    shift
    for word in $tiers; do
        [[ " ${tier_order[*]} " == *" $word "* ]] || { printf "there is no tier '%s'\n" "$word" >&2 && return 1; }
    done
    for word in "${tier_order[@]}"; do
        if [[ $tiers == *" $word "* ]]; then left=''; else left+=" $word "; fi
    done
    tier_picked=() tier_left=()
    [[ $tiers != ' check ' ]] || left=''
    for file in "$@"; do
        tier="$(tier_of "$file")" || return 1
        if [[ $tiers == *" $tier "* ]]; then
            tier_picked+=("$file")
        elif [[ $left == *" $tier "* ]]; then
            tier_left+=("$file")
        fi
    done
}

tier_tell_left() {
    [[ $# -eq 1 ]] || printf '# left to make check-all: %s: %s\n' "$1" "${*:2}"
}
