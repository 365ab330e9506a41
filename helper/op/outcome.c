/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/outcome.h"

#define RETRY	true
#define FINAL	false
#define REFUSAL true
#define FAILURE false

static const struct {
	const char *word;
	int exit_code;
	bool retry;
	bool refusal;
	const char *hint;
} table[OUTCOMES] = {
	[OUTCOME_OK] = { "ok", 0, FINAL, FAILURE, "" },
	[OUTCOME_NOTHING_TO_DO] = { "nothing-to-do", 0, FINAL, FAILURE, "" },
	[OUTCOME_USAGE] = { "usage", 2, FINAL, FAILURE, "" },
	[OUTCOME_NO_PERMISSION] = { "no-permission", 10, FINAL, FAILURE, "run it as root" },
	[OUTCOME_CONFIG_ERROR] = { "config-error", 11, FINAL, FAILURE,
				   "correct the configuration and rebuild the initramfs" },
	[OUTCOME_DEVICE_MISSING] = { "device-missing", 12, RETRY, FAILURE,
				     "is the disk attached, and the UUID right?" },
	[OUTCOME_DEVICE_BUSY] = { "device-busy", 13, RETRY, FAILURE,
				  "close what uses the device" },
	[OUTCOME_HEADER_REFUSED] = { "header-refused", 14, FINAL, REFUSAL,
				     "the LUKS2 header was changed; compare it with a backup" },
	[OUTCOME_NOT_BOUND] = { "not-bound", 15, FINAL, FAILURE,
				"bind the volume: cexluks bind DEVICE kms:PROFILE" },
	[OUTCOME_LAST_WAY_IN] = { "last-way-in", 16, FINAL, FAILURE,
				  "add another way in first" },
	[OUTCOME_NO_NETWORK] = { "no-network", 17, RETRY, FAILURE,
				 "look at cable, VLAN, ip= and rd.znet= on the command line" },
	[OUTCOME_DNS_FAILED] = { "dns-failed", 18, RETRY, FAILURE,
				 "look at nameserver= or set \"address\" in the profile" },
	[OUTCOME_TLS_UNTRUSTED] = { "tls-untrusted", 19, FINAL, FAILURE,
				    "compare the service's certificate with ca-file" },
	[OUTCOME_TLS_CLOCK] = { "tls-clock", 20, FINAL, FAILURE,
				"compare this machine's clock with the certificate's dates" },
	[OUTCOME_CREDENTIAL_MISSING] = { "credential-missing", 21, FINAL, FAILURE,
					 "put the API key where api-key says; rebuild the image" },
	[OUTCOME_CREDENTIAL_UNUSABLE] = { "credential-unusable", 22, FINAL, FAILURE,
					  "use a source that works here: file: or credential:" },
	[OUTCOME_IAM_REFUSED] = { "iam-refused", 23, FINAL, FAILURE,
				  "make a new API key for the service ID; rebuild the image" },
	[OUTCOME_KMS_UNREACHABLE] = { "kms-unreachable", 24, RETRY, FAILURE,
				      "look at the network and the service's status" },
	[OUTCOME_KMS_REFUSED] = { "kms-refused", 25, FINAL, FAILURE,
				  "the service ID needs Reader on this instance and key" },
	[OUTCOME_KMS_KEY_GONE] = { "kms-key-gone", 26, FINAL, FAILURE,
				   "restore the root key within 30 days of its deletion" },
	[OUTCOME_KMS_KEY_DISABLED] = { "kms-key-disabled", 27, FINAL, FAILURE,
				       "enable the root key in the KMS" },
	[OUTCOME_KMS_BAD_CIPHERTEXT] = { "kms-bad-ciphertext", 28, FINAL, FAILURE,
					 "the binding does not fit this volume or key: bind again" },
	[OUTCOME_KMS_THROTTLED] = { "kms-throttled", 29, RETRY, FAILURE,
				    "the service asks for fewer requests; wait" },
	[OUTCOME_NO_AP_BUS] = { "no-ap-bus", 30, FINAL, FAILURE,
				"is this an LPAR or guest with crypto adapters?" },
	[OUTCOME_NO_CARD] = { "no-card", 31, RETRY, FAILURE, "attach a crypto adapter and domain" },
	[OUTCOME_CARD_OFFLINE] = { "card-offline", 32, RETRY, FAILURE, "set the card online" },
	[OUTCOME_CARD_WRONG_MODE] = { "card-wrong-mode", 33, RETRY, FAILURE,
				      "the volume needs another card mode" },
	[OUTCOME_QUEUE_IN_USE] = { "queue-in-use", 34, RETRY, FAILURE,
				   "the domain is passed through to a guest" },
	[OUTCOME_MASTER_KEY_NOT_SET] = { "master-key-not-set", 35, RETRY, FAILURE,
					 "set the master key of the domain (TKE)" },
	[OUTCOME_MASTER_KEY_UNKNOWN] = { "master-key-unknown", 36, RETRY, FAILURE,
					 "no domain holds the master key of this volume" },
	[OUTCOME_MODULE_MISSING] = { "module-missing", 37, FINAL, FAILURE,
				     "rebuild the initramfs with the missing kernel module" },
	[OUTCOME_NOT_A_SECURE_KEY] = { "not-a-secure-key", 38, FINAL, REFUSAL,
				       "a card must protect this volume, and none does" },
	[OUTCOME_PATTERN_MISMATCH] = { "pattern-mismatch", 39, FINAL, REFUSAL,
				       "this is not the volume that was pinned" },
	[OUTCOME_WRONG_PASSPHRASE] = { "wrong-passphrase", 40, FINAL, FAILURE,
				       "bind again with a passphrase that opens the volume" },
	[OUTCOME_DEVICE_MAPPER] = { "device-mapper", 41, FINAL, FAILURE,
				    "are dm_mod and dm_crypt there? see the kernel log" },
	[OUTCOME_IMAGE_STALE] = { "image-stale", 42, FINAL, FAILURE, "rebuild the initramfs" },
	[OUTCOME_IMAGE_INCOMPLETE] = { "image-incomplete", 43, FINAL, FAILURE,
				       "rebuild the initramfs with the cexluks module" },
	[OUTCOME_BOOTLOADER_STALE] = { "bootloader-stale", 44, FINAL, FAILURE, "run zipl" },
	[OUTCOME_TIMEOUT] = { "timeout", 45, RETRY, FAILURE, "raise timeout, or see what is slow" },
	[OUTCOME_INTERNAL] = { "internal", 46, FINAL, FAILURE,
			       "this should not happen; run with --debug and report it" },
};

const char *outcome_word(enum outcome outcome)
{
	return table[outcome].word;
}

int outcome_exit_code(enum outcome outcome)
{
	return table[outcome].exit_code;
}

bool outcome_is_worth_another_try(enum outcome outcome)
{
	return table[outcome].retry;
}

bool outcome_is_refusal(enum outcome outcome)
{
	return table[outcome].refusal;
}

bool outcome_is_about_cards(enum outcome outcome)
{
	return outcome >= OUTCOME_NO_AP_BUS && outcome <= OUTCOME_MODULE_MISSING;
}

const char *outcome_hint(enum outcome outcome)
{
	return table[outcome].hint;
}
