# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
# What is left in the machine's memory when the helper has opened a volume and is gone. The host searches.

# The host saves the memory and types a line when it has.
memory() {
    local line
    echo "# memory $1"
    read -r line
    [[ $line == go ]] || echo "    the host said '$line'"
}

network
cp /host/veiled/* /run/kms/
chmod 0600 /run/kms/prod.api-key
veil /run/kms/control* /run/kms/ca.pem

use aescipher
opens 'for the search of memory: a volume with a card binding'
memory card
release

use kms
veil /run/kms/prod.api-key
opens 'for the search of memory: a volume with a KMS binding'
veil /run/kms/prod.api-key
memory kms
