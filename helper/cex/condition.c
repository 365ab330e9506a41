/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/condition.h"

#include <stdarg.h>
#include <stdio.h>

int cex_because(struct cex_reason *reason, enum cex_condition condition, const char *format, ...)
{
	va_list args;

	if (!reason)
		return (int)condition;
	va_start(args, format);
	(void)vsnprintf(reason->text, sizeof(reason->text), format, args); /* a cut reason is still one */
	va_end(args);
	return (int)condition;
}

const char *cex_condition_text(enum cex_condition condition)
{
	switch (condition) {
	case CEX_OK:
		return "usable";
	case CEX_NO_AP_BUS:
		return "no AP bus";
	case CEX_MODULE_MISSING:
		return "kernel module missing";
	case CEX_NO_CARD:
		return "no card";
	case CEX_CARD_WRONG_MODE:
		return "wrong mode";
	case CEX_QUEUE_IN_USE:
		return "in use";
	case CEX_CARD_OFFLINE:
		return "offline";
	case CEX_MASTER_KEY_NOT_SET:
		return "master key not set";
	case CEX_MASTER_KEY_UNKNOWN:
		return "another master key";
	case CEX_MASTER_KEY_OLD:
		return "usable, old master key";
	case CEX_KEY_MALFORMED:
		return "malformed key";
	case CEX_KEY_NOT_SECURE:
		return "clear key";
	case CEX_NO_QUEUE:
		return "no domain fits";
	case CEX_NOT_SUPPORTED:
		return "not known to this kernel";
	case CEX_BUSY:
		return "busy";
	case CEX_REFUSED:
		return "refused by the kernel";
	case CEX_CARD_ERROR:
		return "error of the card";
	}
	return "unknown";
}
