/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plugin/answer.h"

#include <errno.h>

#include "base/attributes.h"
#include "base/program.h"

/* Exit codes of outcomes that are about cards or worth another try; a test compares them with the table. */
static const unsigned char absent[] = {
	12, 13,			    /* device-missing, device-busy */
	17, 18, 24, 29,		    /* no-network, dns-failed, kms-unreachable, kms-throttled */
	30, 31, 32, 33, 34, 35, 36, /* no-ap-bus to master-key-unknown */
	37, 45,			    /* module-missing, timeout */
};

int plugin_answer(int result, int status)
{
	if (result == PROGRAM_TIMEOUT)
		return -EAGAIN;
	if (result != PROGRAM_FAILED)
		return -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
		if (absent[i] == status)
			return -EAGAIN;
	return -ENOENT;
}
