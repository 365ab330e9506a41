#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# document.sh HEADERS KERNEL-VERSION OUT-DIR: the commands of docs/guides/laptop.md. Runs those that build, here, as if this
# were a machine with that kernel; puts those that use the card into OUT-DIR (NN.sh, what they must print in NN.text,
# "fails" in NN.fails if they have to), for the virtual machine. Commands marked "not-run" install packages.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
headers="$1" out="$3"
export KVER="$2"
rm -rf "$out"
mkdir -p "$out"

awk -v out="$out" '
    /^```sh/ { n++; kind = $2; file = sprintf("%s/%02d.%s", out, n, kind == "" || kind == "fails" ? "sh" : kind)
               if (kind == "fails") printf "" >(sprintf("%s/%02d.fails", out, n))
               next }
    /^```text/ { file = sprintf("%s/%02d.text", out, n); next }
    /^```/ { file = ""; next }
    file != "" { print >file }' "$top/docs/guides/laptop.md"

build=("$out"/*.build)
[[ ${#build[@]} -eq 1 && -s ${build[0]} ]]
cd "$top"
# shellcheck disable=SC2016 # for the inner shell
unshare -m bash -euo pipefail -c '
    mount -t tmpfs none /var/tmp
    mkdir /var/tmp/{upper,work}
    mount -t overlay overlay -o lowerdir=/usr/lib,upperdir=/var/tmp/upper,workdir=/var/tmp/work /usr/lib
    mkdir -p "/lib/modules/$KVER"
    ln -s "$1" "/lib/modules/$KVER/build"
    touch "/lib/modules/$KVER"/modules.{order,builtin}
    uname() { echo "$KVER"; }
    depmod() { command depmod "$KVER"; }
    source "$2"
    for module in softcex zcrypt_cex4 pkey pkey_cca pkey_ep11 pkey_pckmo paes_s390; do
        modinfo -k "$KVER" "$module" >/dev/null
    done' - "$headers" "${build[0]}"
