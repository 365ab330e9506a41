# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
# Every kind of secure key, sound and damaged.

for name in sectors-512 aesdata aescipher-hidden ep11 ep11-old with-pattern; do
    use "$name"
    opens "$name"
    release
done

# Nobody prepared what these hold: written under paes, it must read the same under aes with the clear key.
clear="$(head -c 32 /host/volumes/clear.key | od -An -tx1 | tr -d ' \n')"
for name in cbc-aescipher cbc-aesdata cbc-ep11 cbc-ep11-old; do
    use "$name"
    run_boot
    if is_open; then
        printf 'the witness of the volume' | dd of=/dev/mapper/v conv=notrunc,fsync bs=4096 status=none
        payload="$(cryptsetup luksDump "$dev" | awk '$1 == "offset:" { print $2 / 512 }')"
        cexluks close v >/dev/null
        dmsetup create v --table "0 2048 crypt aes-cbc-plain64 $clear 0 $dev $payload 1 sector_size:4096"
    fi
    judge_open "$name"
    release
done

for name in truncated mixed-master-keys mixed-sizes mixed-kinds bad-tvv no-export noise; do
    use "$name"
    closed "$name" not-a-secure-key ''
    release
done

# sound as far as anybody but the card can tell
use damaged
closed damaged device-mapper 'refuses the key'
