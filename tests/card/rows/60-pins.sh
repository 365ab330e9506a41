# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
# What the administrator demands: patterns, require, Ignition's key file.

pattern="$(</host/volumes/pattern)"
wrong="${pattern/[0-4]/9}"

use aescipher
conf volume "verification-pattern = $pattern"
opens 'pinned pattern, volume without a token'
release

use aescipher
conf volume "verification-pattern = $wrong"
closed 'another pinned pattern' pattern-mismatch ''
release

use with-pattern
conf volume "verification-pattern = $pattern"
opens 'pinned pattern, volume with its token'
release

# The pin is compared with what the card makes of the key; a token is but a claim of the disk.
use wrong-pattern
conf volume "verification-pattern = $pattern"
opens 'pinned pattern, a token that says another'
release

use wrong-pattern
conf volume "verification-pattern = $wrong"
closed 'another pinned pattern, and a token that agrees with it' pattern-mismatch ''
release

use with-pattern
mkdir -p /etc/cmdline.d
echo "rd.cexluks.pattern=$uuid=$pattern" >/etc/cmdline.d/card.conf
opens 'rd.cexluks.pattern'
release

use with-pattern
echo "rd.cexluks.pattern=$uuid=$wrong" >/etc/cmdline.d/card.conf
closed 'rd.cexluks.pattern of another volume' pattern-mismatch ''
release

use with-pattern
conf volume "verification-pattern = $pattern"
echo "rd.cexluks.pattern=$uuid=$wrong" >/etc/cmdline.d/card.conf
closed 'the command line narrows a pin, never widens it' pattern-mismatch ''
release

use aescipher
conf 'require = secure-key'
opens 'require = secure-key'
release

use clear-512
conf 'require = secure-key'
closed 'require = secure-key, clear key' not-a-secure-key ''
release

use wrong-passphrase
closed 'another passphrase in the keyslot' wrong-passphrase ''
release

use unbound
closed 'not bound' not-bound ''
release

use ignition
mkdir -p /etc/luks
cp /host/volumes/cex.key /etc/luks/cex.key
chmod 0600 /etc/luks/cex.key
conf volume 'bindings = keyfile:/etc/luks/cex.key'
opens 'a volume of Ignition'
release
fresh none
use ignition
conf volume 'bindings = keyfile:/etc/luks/cex.key'
closed 'a volume of Ignition, no card' no-card ''
