# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the configuration says, and what it must not say.

row no-config 'no configuration: not included, nothing said' ci
cell_no_config() {
    fresh full
    image none "${generic[@]}"
    nothing_of_ours "$cell/none.d"
    quiet "$cell/none.log"
    image hostonly --hostonly "${quick[@]}"
    nothing_of_ours "$cell/hostonly.d"
    quiet "$cell/hostonly.log"
}

row no-config-asked 'no configuration, asked for: included, for cards' ci
cell_no_config_asked() {
    fresh full
    image asked "${generic[@]}" "${no_backend[@]}" --add cexluks
    ours "$cell/asked.d"
    units_are_enabled "$cell/asked.d"
    not grep '^[^#]' "$cell/asked.d/etc/cexluks/cexluks.conf"
    no_network "$cell/asked.d"
}

row config 'configuration: two profiles, three volumes' all
cell_config() {
    fresh full
    config_kms
    cat >>"$conf" <<CONF
bindings = kms:prod, kms:dr
options = discard

[kms dr]
service = key-protect-dedicated
endpoint = https://dr.example
iam-endpoint = https://iam.example
instance = 11234567-89ab-cdef-0123-456789abcdef
root-key = fedcba98-7654-3210-fedc-ba9876543211
api-key = file:/etc/cexluks/dr.api-key
ca-file = /etc/cexluks/dr-ca.pem

[volume data]
uuid = $uuid_data
nofail = yes

[volume ignition]
uuid = 1b1e2d3c-4a5b-4c6d-8e7f-001122334455
bindings = keyfile:/etc/luks/cex.key
CONF
    printf 'DR-%s\n' "$secret" >"$tree/etc/cexluks/dr.api-key"
    chmod 600 "$tree/etc/cexluks/dr.api-key"
    cp "$work/ca.pem" "$tree/etc/cexluks/dr-ca.pem"
    mkdir "$tree/etc/luks"
    echo public >"$tree/etc/luks/cex.key"
    chmod 600 "$tree/etc/luks/cex.key"
    image config "${generic[@]}"
    ours "$cell/config.d"
    mode_is 600 "$cell/config.d/etc/cexluks/dr.api-key"
    grep -qx "DR-$secret" "$cell/config.d/etc/cexluks/dr.api-key"
    cmp "$cell/config.d/etc/cexluks/dr-ca.pem" "$work/ca.pem"
    grep -qx public "$cell/config.d/etc/luks/cex.key"
    diff - "$cell/config.d/etc/crypttab" <<CRYPTTAB
luks-$uuid_root UUID=$uuid_root none luks,discard
luks-$uuid_data UUID=$uuid_data none luks,nofail
luks-1b1e2d3c-4a5b-4c6d-8e7f-001122334455 UUID=1b1e2d3c-4a5b-4c6d-8e7f-001122334455 none luks
CRYPTTAB
    cmp "$conf" "$cell/config.d/etc/cexluks/cexluks.conf"
    none "$cell/config.d/etc/cexluks/cexluks.conf.example"
}

row old-config '/etc/hpcs-for-luks.ini: included when asked for' all
cell_old_config() {
    local image="$cell/old.d"
    fresh full
    cat "$work/ca.pem" >"$tree/etc/ssl/certs/ca-certificates.crt"
    cat >"$tree/etc/hpcs-for-luks.ini" <<INI
[KP]
region = us-south
endpoint_url = https://us-south.broker.hs-crypto.cloud.ibm.com:9999
service_instance_id = 01234567-89ab-cdef-0123-456789abcdef
api_key = $secret
default_crk_uuid = fedcba98-7654-3210-fedc-ba9876543210
INI
    chmod 640 "$tree/etc/hpcs-for-luks.ini"
    image without "${generic[@]}"
    nothing_of_ours "$cell/without.d"
    image old "${generic[@]}" --add cexluks
    ours_without_config "$image"
    with_units "$image"
    network_hooks_are_there "$image"
    mode_is 600 "$image/etc/hpcs-for-luks.ini"
    cmp "$tree/etc/hpcs-for-luks.ini" "$image/etc/hpcs-for-luks.ini"
    none "$image/etc/cexluks/cexluks.conf"
    cmp "$image/etc/ssl/certs/ca-certificates.crt" "$work/ca.pem"
    sed -i 's/^api_key.*/api_key = TPM/' "$tree/etc/hpcs-for-luks.ini"
    fails_saying 'omit_dracutmodules+=" cexluks "' "${generic[@]}" --add cexluks
}

row card 'configuration: cards only, no network in the image' all
cell_card() {
    fresh full
    config_card
    image card "${generic[@]}" "${no_backend[@]}"
    ours "$cell/card.d"
    with_units_of_cards "$cell/card.d"
    no_network "$cell/card.d"
    image plain "${generic[@]}" "${plain[@]}" "${no_backend[@]}"
    ours "$cell/plain.d"
    without_units "$cell/plain.d"
    no_network "$cell/plain.d"
}

with_units_of_cards() { # IMAGE: units, and no drop-in for a network that is not there
    units_are_enabled "$1"
    finds_none "$1/" -path '*wait-online*cexluks*'
}

row no-ca 'configuration without a CA: no image' ci
cell_no_ca() {
    fresh full
    config_kms
    sed -i /^ca-file/d "$conf"
    fails_saying 'ca-file' "${generic[@]}"
    config_kms
    rm "$tree/etc/cexluks/prod-ca.pem"
    fails_saying '/etc/cexluks/prod-ca.pem' "${generic[@]}"
    echo 'not a certificate' >"$tree/etc/cexluks/prod-ca.pem"
    fails_saying '/etc/cexluks/prod-ca.pem' "${generic[@]}"
}

row tpm 'API key in a TPM, which no initramfs can reach: no image' all
cell_tpm() {
    fresh full
    config_kms
    set_key api-key 'tpm:/var/lib/cexluks/prod.blob'
    fails_saying 'tpm:' "${generic[@]}"
}

row no-key 'API key missing, or for everybody to read: no image' all
cell_no_key() {
    fresh full
    config_kms
    chmod 644 "$tree/etc/cexluks/prod.api-key"
    fails_saying 'chmod 0600' "${generic[@]}"
    rm "$tree/etc/cexluks/prod.api-key"
    fails_saying '/etc/cexluks/prod.api-key' "${generic[@]}"
}

row credential 'API key as a systemd credential: comes with the boot' all
cell_credential() {
    fresh full
    config_kms
    set_key api-key 'credential:prod.api-key'
    rm "$tree/etc/cexluks/prod.api-key"
    image credential "${generic[@]}"
    ours "$cell/credential.d"
    none "$cell/credential.d/etc/cexluks/prod.api-key"
}

row no-helper 'helper missing: no image' ci
cell_no_helper() {
    fresh full
    config_kms
    rm "$tree/usr/sbin/cexluks"
    fails_saying "program 'cexluks' is not installed" "${generic[@]}"
}

row mistake 'a mistake in the configuration: no image' all
cell_mistake() {
    fresh full
    config_kms
    sed -i 's/^endpoint/endpiont/' "$conf"
    fails_saying 'endpiont' "${generic[@]}"
}
