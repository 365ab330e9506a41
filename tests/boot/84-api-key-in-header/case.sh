# shellcheck shell=bash disable=SC2034 # read by run and by the case below
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: all
# limit: 1800
#
# As 85-sealed-api-key, where the volume carries the API key in its header: the image has no file with it, sealed or not.
# shellcheck source=tests/boot/85-sealed-api-key/case.sh
source "$here/85-sealed-api-key/case.sh"
title="an API key that a card sealed into the volume's header: the image knows nothing of it (systemd image)"
seal_script=84-api-key-in-header/seal.sh key_source=header:
wants='the API key of prod in the header of /dev/'
first_options=(--write)
take_sealed() {
    : # it is where the next boot looks for it
}

expect_the_header_carries_it() {
    cryptsetup luksDump --dump-json-metadata "$case_dir/root.disk" \
        | jq -e '[.tokens[] | select(.kind == "credential") | .profile] == ["prod"]'
}

expect_nothing_in_the_image_is_sealed() {
    [[ $(cd "$case_dir/sealed" && echo *) == 'ca.pem cexluks.conf' ]] \
        && grep -qx 'api-key = header:' "$case_dir/sealed/cexluks.conf"
}
