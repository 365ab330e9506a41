# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the real root: what the manual says about a TPM 1.2.
# shellcheck source=tests/boot/95-credentials/service.sh
source ./service.sh

groupadd --system tss
useradd --system --gid tss --no-create-home tss
cp programs/tcsd programs/tpm_takeownership /usr/sbin/
cp programs/tpm_sealdata programs/tpm_unsealdata /usr/bin/
cp libraries/* /usr/lib/x86_64-linux-gnu/
ldconfig
mkdir -p /var/lib/tpm /var/lib/hpcs-for-luks
printf 'system_ps_file = /var/lib/tpm/system.data\n' >/etc/tcsd.conf
chown root:tss /etc/tcsd.conf
chown tss:tss /var/lib/tpm /dev/tpm0
chmod 640 /etc/tcsd.conf
# as TrouSerS' package has it
printf '[Service]\nType=forking\nExecStart=/usr/sbin/tcsd\n' >/etc/systemd/system/tcsd.service
systemctl daemon-reload

{
    cat /sys/class/tpm/tpm0/tpm_version_major
    systemctl start tcsd
    tpm_takeownership -y -z
    bash -e ./seal
} 2>&1 | say setup
configure "$(cat tpm-line)"
load sealed

# TPM_Extend of PCR 4, as another boot loader would cause it; one program at a time has the TPM
systemctl stop tcsd
exec 3<>/dev/tpm0
printf '\x00\xc1\x00\x00\x00\x22\x00\x00\x00\x14\x00\x00\x00\x04another boot loader!' >&3
head -c 30 <&3 | od -An -tx1 -N 10 | say extend
exec 3>&-
systemctl start tcsd
load changed
