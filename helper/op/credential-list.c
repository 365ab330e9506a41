/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which sources a profile has: the words of "api-key", and the spares that "credential set" leaves. */
#include "op/credential.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void credential_sources_done(struct credential_sources *sources)
{
	for (size_t i = 0; i < sources->n; i++)
		free(sources->list[i].text);
	sources->n = 0;
}

const char *credential_source_path(const char *source)
{
	if (!strncmp(source, "file:", 5))
		return source + 5;
	return credential_source_is_sealed(source) ? source + 7 : NULL;
}

bool credential_source_is_sealed(const char *source)
{
	return !strncmp(source, "sealed:", 7);
}

static int add(struct credential_sources *sources, const char *text, bool spare)
{
	struct credential_source *source = &sources->list[sources->n];

	if (asprintf(&source->text, "%s%s", text, spare ? CREDENTIAL_SPARE : "") < 0)
		return -ENOMEM;
	source->spare = spare;
	sources->n++;
	return 0;
}

enum outcome credential_sources(const struct config_profile *profile, struct credential_sources *ret,
				struct verdict *v)
{
	_cleanup_free_ char *text = strdup(profile->api_key_source);
	char *rest = NULL;
	int r = text ? 0 : -ENOMEM;

	*ret = (struct credential_sources){ .n = 0 };
	for (char *p = r == 0 ? strtok_r(text, ", \t", &rest) : NULL; p && r == 0 && ret->n + 1 < ARRAY_SIZE(ret->list);
	     p = strtok_r(NULL, ", \t", &rest)) {
		r = add(ret, p, false);
		if (r == 0 && credential_source_path(p))
			r = add(ret, p, true);
	}
	return r < 0 ? verdict_errno(v, r, "api-key") : OUTCOME_OK;
}
