# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
# Which master key wraps the volume key, and which the queues have.

use aescipher
opens 'current master key'
dmsetup table v | sed 's/^/table | /'

fresh '' second/first
use aescipher
opens 'old master key'
said 'old master key: a warning' 'master-key-old'

fresh '' second/-/first
use aescipher
closed 'new master key only' master-key-unknown '(NEW|new)'
said 'new master key only: the hint is to set it' 'hint: .*set the (new )?master key'

fresh '' second
use aescipher
closed 'another master key' master-key-unknown ''

fresh
turn 'mk,00.0047,cur,second'
use aescipher
opens 'two queues, the first with another master key'

fresh '' -
use aescipher
closed 'master key not set' master-key-not-set ''

fresh
turn 'zeroise,00'
use aescipher
closed 'master key zeroised' master-key-not-set ''

# re-enciphered: another blob, the same key
fresh '' second
use rewrapped
opens 'wrapped again under a new master key'
