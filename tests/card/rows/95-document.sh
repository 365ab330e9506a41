# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
# The commands of docs/guides/laptop.md, in its order and in one shell; the host has taken them apart (document.sh).

release
unplug
mkdir -p /var/tmp
trap 'broken=1' ERR
for block in /host/document/*.sh; do
    name="docs/guides/laptop.md, block $(basename "$block" .sh)"
    broken=0
    # shellcheck source=/dev/null
    source "$block" >/run/said 2>&1
    status=$((broken))
    if [[ -e ${block%.sh}.fails ]]; then
        if [[ $status -ne 0 ]]; then ok "$name fails, as it says"; else not_ok "$name fails, as it says"; fi
    elif [[ $status -eq 0 ]]; then ok "$name works"; else
        sed 's/^/    /' /run/said
        not_ok "$name works"
    fi
    [[ -e ${block%.sh}.text ]] || continue
    while IFS= read -r line; do
        if tr -s ' ' </run/said | grep -qF -- "$(tr -s ' ' <<<"$line")"; then ok "$name prints '$line'"; else
            sed 's/^/    /' /run/said
            not_ok "$name prints '$line'"
        fi
    done <"${block%.sh}.text"
done
trap - ERR
