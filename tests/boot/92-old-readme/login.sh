# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What PAM makes of a login as root: a session keyring with root's user keyring in it. "steps" is one of the files beside;
# no systemd-run, because there is no D-Bus here.
cat >/run/systemd/system/login.service <<END
[Unit]
Description=Root logs in
[Service]
Type=oneshot
User=root
PAMName=login
WorkingDirectory=$PWD
ExecStart=bash ./steps
StandardOutput=file:$PWD/output
StandardError=file:$PWD/output
END
systemctl daemon-reload
systemctl start login.service
cat output
[[ ! -e reboot ]] || systemd-run --quiet --on-active=3s shutdown -r now
