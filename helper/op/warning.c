/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/warning.h"

static const struct {
	const char *word;
	const char *hint;
} table[WARNINGS] = {
	[WARNING_MASTER_KEY_OLD] = { "master-key-old",
				     "zkey-cryptsetup reencipher, then cexluks rebind, before it changes again" },
	[WARNING_SINGLE_QUEUE] = { "single-queue", "attach a second domain with the same master key" },
	[WARNING_SERVICE_ENDS] = { "service-ends", "bind to a service that stays" },
	[WARNING_REWRAP_DUE] = { "rewrap-due", "cexluks rotate DEVICE --rewrap-only" },
	[WARNING_KEY_UNWRAPS_ONLY] = { "key-unwraps-only",
				       "make a new root key; this one wraps nothing any more" },
	[WARNING_CLEAR_KEY] = { "clear-key", "cexluks format makes volumes that a card protects" },
	[WARNING_NO_PASSPHRASE] = { "no-passphrase", "add one for people: cryptsetup luksAddKey" },
	[WARNING_PUBLIC_PASSPHRASE] = { "public-passphrase", "remove the file if nothing needs it" },
	[WARNING_TURNED_OFF] = { "turned-off", "remove the word from the kernel command line" },
	[WARNING_NOT_AT_BOOT] = { "not-at-boot",
				  "name it in crypttab or a [volume] section, without noauto" },
	[WARNING_BOOT_ENCRYPTED] = { "boot-encrypted", "give /boot a file system of its own" },
	[WARNING_CERTIFICATE_ENDS] = { "certificate-ends",
				       "get the next one into ca-file, and rebuild the initramfs, before that day" },
	[WARNING_NETWORK_UNCONFIGURED] = { "network-unconfigured",
					   "add ip=dhcp, or ip= with addresses, to the kernel command line" },
};

const char *warning_word(enum warning warning)
{
	return table[warning].word;
}

const char *warning_hint(enum warning warning)
{
	return table[warning].hint;
}
