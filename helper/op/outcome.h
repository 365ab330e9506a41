/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How operations end. The words are stable and documented (cexluks-outcomes(7)); verbs, units and
 * hooks rely on this table and on nothing else.
 */
#ifndef CEXLUKS_OP_OUTCOME_H
#define CEXLUKS_OP_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

enum outcome {
	OUTCOME_OK,
	OUTCOME_NOTHING_TO_DO,
	OUTCOME_USAGE,
	OUTCOME_NO_PERMISSION,
	OUTCOME_CONFIG_ERROR,
	OUTCOME_DEVICE_MISSING,
	OUTCOME_DEVICE_BUSY,
	OUTCOME_HEADER_REFUSED,
	OUTCOME_NOT_BOUND,
	OUTCOME_LAST_WAY_IN,
	OUTCOME_NO_NETWORK,
	OUTCOME_DNS_FAILED,
	OUTCOME_TLS_UNTRUSTED,
	OUTCOME_TLS_CLOCK,
	OUTCOME_CREDENTIAL_MISSING,
	OUTCOME_CREDENTIAL_UNUSABLE,
	OUTCOME_IAM_REFUSED,
	OUTCOME_KMS_UNREACHABLE,
	OUTCOME_KMS_REFUSED,
	OUTCOME_KMS_KEY_GONE,
	OUTCOME_KMS_KEY_DISABLED,
	OUTCOME_KMS_BAD_CIPHERTEXT,
	OUTCOME_KMS_THROTTLED,
	OUTCOME_NO_AP_BUS,
	OUTCOME_NO_CARD,
	OUTCOME_CARD_OFFLINE,
	OUTCOME_CARD_WRONG_MODE,
	OUTCOME_QUEUE_IN_USE,
	OUTCOME_MASTER_KEY_NOT_SET,
	OUTCOME_MASTER_KEY_UNKNOWN,
	OUTCOME_MODULE_MISSING,
	OUTCOME_NOT_A_SECURE_KEY,
	OUTCOME_PATTERN_MISMATCH,
	OUTCOME_WRONG_PASSPHRASE,
	OUTCOME_DEVICE_MAPPER,
	OUTCOME_IMAGE_STALE,
	OUTCOME_IMAGE_INCOMPLETE,
	OUTCOME_BOOTLOADER_STALE,
	OUTCOME_TIMEOUT,
	OUTCOME_INTERNAL,
};

#define OUTCOMES (OUTCOME_INTERNAL + 1)

/* The stable word, e.g. "kms-unreachable". Static. */
const char *outcome_word(enum outcome outcome);

/* Exit code of the program: 0 for ok and nothing-to-do, 2 for usage, one number each otherwise. */
int outcome_exit_code(enum outcome outcome);

/* Whether the same attempt may succeed a little later without anybody changing the machine. */
bool outcome_is_worth_another_try(enum outcome outcome);

/* A refusal breaks a rule: it follows on-refusal, and a typed passphrase does not override it. */
bool outcome_is_refusal(enum outcome outcome);

/* Whether a card, its domain or what the kernel needs to use it stands in the way. */
bool outcome_is_about_cards(enum outcome outcome);

/* The next step where somebody can act; "" when there is none. Static. */
const char *outcome_hint(enum outcome outcome);

#endif
