/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/new-token.h"

#include <errno.h>
#include <time.h>

int new_token(enum luks_token_kind kind, int64_t serial, struct luks_token **ret)
{
	_cleanup_luks_token_ struct luks_token *token = calloc(1, sizeof(*token));
	time_t now = time(NULL);
	struct tm tm;

	if (!token)
		return -ENOMEM;
	if (!gmtime_r(&now, &tm))
		return -EOVERFLOW;
	*token = (struct luks_token){ .kind = kind, .id = -1, .keyslot = -1, .serial = serial };
	(void)strftime(token->created, sizeof(token->created), "%Y-%m-%dT%H:%M:%SZ", &tm);
	*ret = take_ptr(token);
	return 0;
}
