# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the real root: what the manual says about systemd's credentials.
# shellcheck source=tests/boot/95-credentials/service.sh
source ./service.sh
begin
configure 'api-key = credential:prod'
load nothing

bash -e ./encrypt
{
    ls -l /etc/cexluks/prod.cred
    ! grep -qF "$(cat api-key.txt)" /etc/cexluks/prod.cred && echo 'the key is nowhere in it'
} | say disk
install -D -m 644 api-key.conf /etc/systemd/system/cexluks-load.service.d/api-key.conf
systemctl daemon-reload
load drop-in
# without --wait and --pipe, for which there is no bus here
systemd-run -q --unit typed --service-type oneshot --property="$(grep LoadCredential api-key.conf)" \
    /usr/sbin/cexluks ping
journalctl -q -o cat -u typed | say run
rm -r /etc/systemd/system/cexluks-load.service.d
systemctl daemon-reload
