/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/verb.h"

enum outcome cli_keygen(const struct verb_call *call)
{
	return verb_usage(call->verb, "not there yet");
}
