# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
#
# The real root's own cexluks-load.service gets its API key from systemd, encrypted with the host's key, and then from a
# TPM 1.2. Commands and drop-in are those of cexluks.conf(5), as they stand there.
# shellcheck disable=SC2034 # read by run
title="credentials: encrypted by systemd, and sealed to a TPM 1.2, as the service gets them"

# programs PATTERN…: TrouSerS of this machine, with its own libraries, for a root that has neither
programs() {
    local program
    for program in tcsd tpm_takeownership tpm_sealdata tpm_unsealdata; do
        cp "$(command -v "$program")" "$hooks/programs/"
    done
    ldd "$hooks"/programs/* | awk '$1 ~ /^lib(tspi|tpm_)/ { print $3 }' | sort -u | xargs -r cp -L -t "$hooks/libraries"
}

boot() {
    local image disk hooks="$case_dir/hooks" tool
    for tool in swtpm swtpm_setup tcsd tpm_sealdata; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done
    [[ $VM_ARCH == x86_64 ]] || skip "no TPM on $VM_ARCH"
    # shellcheck source=tests/manual.sh
    source "$top/tests/manual.sh"
    kms_ready
    image="$(make_image initrd --conf-dir "$case_dir/conf")"

    mkdir -p "$hooks"/{programs,libraries}
    programs
    cp "$here/95-credentials/"{10-systemd,20-tpm,service}.sh "$B/cexluks" "$top/units/cexluks-load.service" "$SIM_CA" "$hooks/"
    cp "$SIM_API_KEY_FILE" "$hooks/api-key.txt"
    sed 's,^api-key.*,@api-key@,' "$case_dir/conf/cexluks.conf" >"$hooks/cexluks.conf"
    printf 'a key of the keys directory' | kms_host wrap prod >"$hooks/key"
    manual LoadCredentialEncrypted= >"$hooks/api-key.conf"
    manual 'systemd-creds encrypt' >"$hooks/encrypt"
    # its first line asks for a password of the owner
    manual 'tpm_sealdata ' | sed 1d >"$hooks/seal"
    manual 'api-key.*tpm:' >"$hooks/tpm-line"

    mkdir "$case_dir/tpm"
    swtpm_setup --tpmstate "$case_dir/tpm" --createek
    kms_mark
    kms_vm vm --limit 700 --tpm "$case_dir/tpm" --hooks "$hooks" --append "rd.luks.uuid=$root_uuid"
    vm_wait vm 'MARK done' 600
    vm_ended vm 20
}

# says HOOK WHAT REGEX: that step's lines begin with WHAT
says() {
    vm_mark vm "$1" | grep "^$2: " || true
    vm_mark vm "$1" | grep "^$2: " | grep -q -E -- "$3"
}

expect_without_the_drop_in_the_service_says_what_to_write() {
    says 10-systemd nothing 'credential-missing: .*credential:prod' \
        && says 10-systemd nothing 'hint: .*LoadCredentialEncrypted=prod:' && says 10-systemd nothing 'status 21'
}

expect_the_credential_on_the_disk_is_encrypted() {
    says 10-systemd disk 'the key is nowhere in it'
}

expect_with_it_the_service_loads_the_key() {
    says 10-systemd drop-in 'ok: 1 keys? of the keys directory loaded' && says 10-systemd drop-in 'status 0' \
        && says 10-systemd drop-in 'key test:key'
}

expect_a_typed_verb_gets_it_from_systemd_run() {
    says 10-systemd run 'prod: ok'
}

expect_a_key_sealed_to_the_TPM_loads_keys() {
    says 20-tpm sealed 'ok: 1 keys? of the keys directory loaded' && says 20-tpm sealed 'status 0' \
        && says 20-tpm sealed 'key test:key'
}

expect_a_PCR_that_changed_is_refused_with_the_next_step() {
    says 20-tpm changed 'credential-unusable: .*PCRs that it is sealed to have changed' \
        && says 20-tpm changed 'hint: .*tpm_sealdata -p 4 -p 5 -z' && says 20-tpm changed 'status 22' \
        && ! vm_mark vm 20-tpm | grep -q '^changed: key'
}
