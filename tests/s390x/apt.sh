# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Source this file.
#
#   apt_of DIR TYPE SITE SUITE   apt-get, from now on, has lists of its own in DIR: of another suite, for s390x and this machine, of TYPE
#                                "deb" or "deb-src"; nothing of this machine's is touched

apt_of() {
    local own="$1"
    mkdir -p "$own"/{state/lists/partial,cache/archives/partial}
    : >"$own/status"
    printf '%s [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$2" "$3" "$4" >"$own/sources.list"
    cat >"$own/apt.conf" <<END
APT::Architecture "s390x";
APT::Architectures { "s390x"; "$(dpkg --print-architecture)"; };
APT::Sandbox::User "root";
Dir::State "$own/state";
Dir::State::status "$own/status";
Dir::Cache "$own/cache";
Dir::Etc::sourcelist "$own/sources.list";
Dir::Etc::sourceparts "/dev/null";
END
    export APT_CONFIG="$own/apt.conf"
    apt-get -qq update
}
