# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tier: ci
# Everything that can keep a card from working, and what the operator reads.

fresh none
use aescipher
closed 'no card' no-card ''

fresh
turn 'offline,00'
use aescipher
closed 'card offline' card-offline 'offline'

fresh
turn 'offline,00.0047;offline,00.0048'
use aescipher
closed 'both queues offline' card-offline 'offline'

fresh
turn 'offline,00.0047'
use aescipher
opens 'one of two queues offline'

fresh
turn 'deconfig,00'
use aescipher
closed 'card deconfigured' card-offline 'deconfig'

fresh
turn 'chkstop,00'
use aescipher
closed 'card checkstopped' card-offline '(chkstop|checkstop)'

fresh 00:CEX8P:0047
use aescipher
closed 'CCA key, EP11 card' card-wrong-mode 'EP11'

fresh 00:CEX8C:0047
use ep11
closed 'EP11 key, CCA card' card-wrong-mode 'CCA'

fresh 00:CEX8A:0047
use aescipher
closed 'CCA key, accelerator' card-wrong-mode ''

fresh 00:CEX5C:0047
use aescipher
closed 'AESCIPHER key, CEX5 card' card-wrong-mode 'CEX'

fresh
turn 'driver,00.0047,vfio;driver,00.0048,vfio'
use aescipher
closed 'queues passed through to a guest' queue-in-use ''

fresh
turn 'driver,00.0047,vfio'
use aescipher
opens 'one of two queues passed through to a guest'

fresh
turn 'driver,00.0047,none;driver,00.0048,none'
use aescipher
# as far as anybody can tell: reserved for guests by apmask and aqmask
closed 'queues without a driver' queue-in-use ''

# --- with the modules loaded afresh -------------------------------------------------------------------------

again bindings_wait=3 'control=driver,00.0048,none'
use aescipher
opens 'an unbound queue beside a good one'

# --- a module is missing ------------------------------------------------------------------------------------

again split=1
rmmod pkey_cca
# nor may paes load it: its file is not there, as in an image that lacks it
updates="/usr/lib/modules/$(</proc/sys/kernel/osrelease)/updates"
mv "$updates/pkey_cca.ko" /run/
use aescipher
closed 'pkey_cca missing' module-missing 'pkey_cca'
mv /run/pkey_cca.ko "$updates/"

again
rmmod pkey_cca pkey_ep11 pkey_pckmo paes_s390 pkey
mv "$updates/pkey.ko" /run/
use aescipher
closed 'pkey missing' module-missing 'pkey'
mv /run/pkey.ko "$updates/"

again
rmmod paes_s390
mv "$updates/paes_s390.ko" /run/
use aescipher
closed 'paes_s390 missing' module-missing 'paes'
mv /run/paes_s390.ko "$updates/"

again
rmmod zcrypt_cex4
use aescipher
closed 'zcrypt_cex4 missing' module-missing 'zcrypt_cex4'

release
unplug
plug bus=0 2>/dev/null
modprobe pkey
modprobe pkey_cca
use aescipher
closed 'no AP bus' no-ap-bus ''
