# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
# Volumes that anybody can make who has the disk: a card binding, or Ignition's public passphrase, around a key that no
# card protects. None of them may ever be activated. (judge_closed() looks.)

for name in clear-512 clear-tokens plain-aes; do
    use "$name"
    closed "attack: $name" not-a-secure-key ''
    # also behind the prompt, where a refusal stays one
    run_boot --retry
    if is_open; then not_ok "attack: $name: not behind the prompt either"; else
        ok "attack: $name: not behind the prompt either"
    fi
    cexluks open "$dev" v >/run/said 2>&1
    if is_open; then not_ok "attack: $name: not by hand either"; else
        ok "attack: $name: not by hand either"
    fi
    release
done

# a protected key is this machine's own, but a card has no part in it
probe generate 2 256 0 any a >/dev/null
probe generate 2 256 0 any b >/dev/null
probe protect a pa >/dev/null
probe protect b pb >/dev/null
cat pa pb >protected
truncate -s 24M /run/protected.img
head -c 32 /host/volumes/clear.key >binding
cryptsetup luksFormat --type luks2 --batch-mode --key-file binding --volume-key-file protected --cipher paes-xts-plain64 \
    --key-size $((8 * $(stat -c %s protected))) --sector-size 4096 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \
    /run/protected.img
printf '{"type":"cexluks","keyslots":["0"],"version":1,"kind":"card","passphrase":"%s","serial":1,%s}' \
    "$(base64 -w0 binding)" '"created":"2026-11-22T10:00:00Z"' | cryptsetup token import --json-file - /run/protected.img
use protected /run/protected.img
works 'attack: protected key: the kernel alone would open it' cryptsetup open --key-file binding "$dev" w
cryptsetup close w
closed 'attack: protected-key' not-a-secure-key ''

for name in plain-aes-ignition clear-512-ignition; do
    release
    use "$name"
    conf volume 'bindings = keyfile:/etc/luks/cex.key'
    mkdir -p /etc/luks
    install -m 600 /host/volumes/cex.key /etc/luks/cex.key 2>/dev/null || cp /host/volumes/cex.key /etc/luks/cex.key
    closed "attack: $name" not-a-secure-key ''
done
