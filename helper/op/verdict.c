/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/verdict.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

enum outcome verdict_set(struct verdict *v, enum outcome outcome, const char *format, ...)
{
	va_list args;

	v->outcome = outcome;
	v->hint[0] = '\0';
	va_start(args, format);
	(void)vsnprintf(v->cause, sizeof(v->cause), format, args); /* a cut cause is still one */
	va_end(args);
	return outcome;
}

enum outcome verdict_hint(struct verdict *v, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(v->hint, sizeof(v->hint), format, args);
	va_end(args);
	return v->outcome;
}

const char *verdict_hint_text(const struct verdict *v)
{
	return v->hint[0] ? v->hint : outcome_hint(v->outcome);
}

enum outcome verdict_errno(struct verdict *v, int error, const char *what)
{
	error = error < 0 ? -error : error;
	if (error == EACCES || error == EPERM)
		return verdict_set(v, OUTCOME_NO_PERMISSION, "%s: %s", what, strerror(error));
	verdict_set(v, OUTCOME_INTERNAL, "%s: %s", what, strerror(error));
	if (error == ENOMEM || error == ENOSPC || error == EIO || error == EROFS)
		verdict_hint(v, "%s", error == ENOMEM ? "free some memory" :
			     error == ENOSPC	      ? "free some space" :
			     error == EROFS	      ? "it is read-only" :
							"see the kernel log about this device");
	return v->outcome;
}

static enum outcome kms_outcome(enum kms_condition condition)
{
	switch (condition) {
	case KMS_OK:
		return OUTCOME_OK;
	case KMS_NO_NETWORK:
		return OUTCOME_NO_NETWORK;
	case KMS_DNS_FAILED:
		return OUTCOME_DNS_FAILED;
	case KMS_UNREACHABLE:
		return OUTCOME_KMS_UNREACHABLE;
	case KMS_TLS_UNTRUSTED:
		return OUTCOME_TLS_UNTRUSTED;
	case KMS_TLS_CLOCK:
		return OUTCOME_TLS_CLOCK;
	case KMS_IAM_REFUSED:
		return OUTCOME_IAM_REFUSED;
	case KMS_CREDENTIAL_MISSING:
		return OUTCOME_CREDENTIAL_MISSING;
	case KMS_REFUSED:
		return OUTCOME_KMS_REFUSED;
	case KMS_KEY_GONE:
		return OUTCOME_KMS_KEY_GONE;
	case KMS_KEY_DISABLED:
		return OUTCOME_KMS_KEY_DISABLED;
	case KMS_BAD_CIPHERTEXT:
		return OUTCOME_KMS_BAD_CIPHERTEXT;
	case KMS_THROTTLED:
		return OUTCOME_KMS_THROTTLED;
	case KMS_TIMEOUT:
		return OUTCOME_TIMEOUT;
	}
	return OUTCOME_INTERNAL;
}

enum outcome verdict_kms(struct verdict *v, const struct kms_reply *reply)
{
	char code[80] = "", status[24] = "";

	if (strstr(reply->cause, " HTTP "))
		return verdict_set(v, kms_outcome(reply->condition), "%s", reply->cause);
	if (reply->http_status)
		(void)snprintf(status, sizeof(status), ", HTTP %ld", reply->http_status);
	if (reply->code[0])
		(void)snprintf(code, sizeof(code), " %s", reply->code);
	return verdict_set(v, kms_outcome(reply->condition), "%s%s%s", reply->cause, status, code);
}

enum outcome verdict_luks(struct verdict *v, int condition, const char *object,
			  const struct luks_reason *reason)
{
	const char *why = reason && reason->text[0] ? reason->text : NULL;

	if (condition < 0)
		return verdict_errno(v, condition, object);
	switch ((enum luks_condition)condition) {
	case LUKS_OK:
		return verdict_set(v, OUTCOME_OK, "%s", object);
	case LUKS_NO_DEVICE:
		return verdict_set(v, OUTCOME_DEVICE_MISSING, "%s is not there", object);
	case LUKS_BUSY:
		return verdict_set(v, OUTCOME_DEVICE_BUSY, "%s: %s", object, why ? why : "in use");
	case LUKS_NOT_LUKS2:
		verdict_set(v, OUTCOME_HEADER_REFUSED, "%s has no valid LUKS2 header", object);
		return verdict_hint(v, "name a LUKS2 device (LUKS1: cryptsetup convert)");
	case LUKS_REFUSED:
		return verdict_set(v, OUTCOME_HEADER_REFUSED, "%s: %s", object,
				   why ? why : "the header breaks a rule");
	case LUKS_NOT_BOUND:
		return verdict_set(v, OUTCOME_NOT_BOUND, "%s: %s", object,
				   why ? why : "no such binding");
	case LUKS_WRONG_PASSPHRASE:
		return verdict_set(v, OUTCOME_WRONG_PASSPHRASE,
				   "%s: the passphrase does not open the keyslot", object);
	case LUKS_ACTIVE:
		return verdict_set(v, OUTCOME_DEVICE_BUSY, "%s: the mapper name is taken", object);
	case LUKS_LAST_WAY_IN:
		return verdict_set(v, OUTCOME_LAST_WAY_IN, "%s: no other keyslot would be left",
				   object);
	case LUKS_NO_SPACE:
		verdict_set(v, OUTCOME_HEADER_REFUSED, "%s: %s", object,
			    why ? why : "no free keyslot, token or key area");
		return verdict_hint(v, "remove a binding or keyslot that nobody needs");
	case LUKS_NO_MAPPER:
		return verdict_set(v, OUTCOME_DEVICE_MAPPER, "%s: %s", object,
				   why ? why : "device mapper does not work here");
	case LUKS_TABLE_MISMATCH:
		return verdict_set(v, OUTCOME_HEADER_REFUSED,
				   "%s: the live mapping is not what was checked: %s", object,
				   why ? why : "unknown difference");
	case LUKS_CHANGED:
		verdict_set(v, OUTCOME_DEVICE_BUSY, "%s: somebody else changed the header", object);
		return verdict_hint(v, "run the command again");
	case LUKS_KERNEL_REFUSED:
		return verdict_set(v, OUTCOME_DEVICE_MAPPER, "%s: %s", object,
				   why ? why : "the kernel takes cipher or key not");
	case LUKS_OCCUPIED:
		return verdict_set(v, OUTCOME_DEVICE_BUSY, "%s: %s", object,
				   why ? why : "something is on it");
	case LUKS_NO_ENTROPY:
		verdict_set(v, OUTCOME_IMAGE_INCOMPLETE,
			    "%s: LUKS2 needs /dev/random and /dev/urandom", object);
		return verdict_hint(v, "mount devtmpfs on /dev first");
	}
	return verdict_set(v, OUTCOME_INTERNAL, "%s: condition %d", object, condition);
}

enum outcome verdict_cex(struct verdict *v, enum cex_condition condition,
			   const struct cex_reason *reason)
{
	static const struct {
		enum cex_condition condition;
		enum outcome outcome;
	} rows[] = {
		{ CEX_OK, OUTCOME_OK },
		{ CEX_MASTER_KEY_OLD, OUTCOME_OK },
		{ CEX_NO_AP_BUS, OUTCOME_NO_AP_BUS },
		{ CEX_MODULE_MISSING, OUTCOME_MODULE_MISSING },
		{ CEX_NO_CARD, OUTCOME_NO_CARD },
		{ CEX_CARD_WRONG_MODE, OUTCOME_CARD_WRONG_MODE },
		{ CEX_QUEUE_IN_USE, OUTCOME_QUEUE_IN_USE },
		{ CEX_CARD_OFFLINE, OUTCOME_CARD_OFFLINE },
		{ CEX_MASTER_KEY_NOT_SET, OUTCOME_MASTER_KEY_NOT_SET },
		{ CEX_MASTER_KEY_UNKNOWN, OUTCOME_MASTER_KEY_UNKNOWN },
		{ CEX_KEY_MALFORMED, OUTCOME_NOT_A_SECURE_KEY },
		{ CEX_KEY_NOT_SECURE, OUTCOME_NOT_A_SECURE_KEY },
		{ CEX_NO_QUEUE, OUTCOME_NO_CARD },
		{ CEX_NOT_SUPPORTED, OUTCOME_MODULE_MISSING },
		{ CEX_BUSY, OUTCOME_CARD_OFFLINE },
		{ CEX_REFUSED, OUTCOME_NOT_A_SECURE_KEY },
		{ CEX_CARD_ERROR, OUTCOME_CARD_OFFLINE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].condition == condition)
			return verdict_set(v, rows[i].outcome, "%s", reason->text);
	return verdict_set(v, OUTCOME_INTERNAL, "%s: %s", cex_condition_text(condition), reason->text);
}

void verdict_print(const struct verdict *v, const char *what)
{
	const char *hint = verdict_hint_text(v);

	if (v->outcome == OUTCOME_OK || v->outcome == OUTCOME_NOTHING_TO_DO) {
		log_info("%s: %s: %s", what, outcome_word(v->outcome), v->cause);
		return;
	}
	log_err("%s: %s: %s", what, outcome_word(v->outcome), v->cause);
	if (hint[0])
		log_line(LOG_LEVEL_NOTICE, "hint: %s", hint);
}
