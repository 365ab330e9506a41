/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/reason.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"

void luks_reason_set(struct luks_reason *reason, const char *format, ...)
{
	struct luks_reason own;
	va_list args;

	if (!reason)
		reason = &own;
	va_start(args, format);
	(void)vsnprintf(reason->text, sizeof(reason->text), format, args); /* cut when too long */
	va_end(args);
	for (char *p = reason->text; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	log_debug("luks: %s", reason->text);
}
