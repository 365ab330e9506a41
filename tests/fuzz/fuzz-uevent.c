/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A message on the kernel's uevent socket. What is about cards stays so with more after it, and what is
 * cut is not looked at. In the corpus '|' stands for NUL, so that the files are text.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "cex/watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char more[] = "SEQNUM=1";
	char *message = calloc(1, len + sizeof(more));
	bool concerns;

	PROMISE(message);
	for (size_t i = 0; i < len; i++)
		message[i] = data[i] == '|' ? '\0' : (char)data[i];
	concerns = cex_uevent_concerns(message, len);
	if (len && message[len - 1] != '\0')
		PROMISE(!concerns);
	if (concerns)
		PROMISE(memmem(message, len, "DEVPATH=/", 9) || memmem(message, len, "SUBSYSTEM=ap", 13));
	memcpy(message + len, more, sizeof(more));
	if (len && message[len - 1] == '\0')
		PROMISE(cex_uevent_concerns(message, len + sizeof(more)) == concerns);
	free(message);
	return 0;
}
