/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/text.h"

static bool printable(char c)
{
	return c >= 0x20 && c < 0x7f;
}

void kms_text_clean(char *dst, size_t size, const char *src, size_t len)
{
	size_t i;

	for (i = 0; i < len && i + 1 < size; i++)
		dst[i] = printable(src[i]) ? src[i] : '?';
	dst[i] = '\0';
}

bool kms_text_is_clean(const char *text)
{
	for (; *text; text++)
		if (!printable(*text))
			return false;
	return true;
}
