/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which sources a profile has: the words of "api-key", the spares that "credential set" leaves, and what headers were
 * found to carry.
 */
#include "op/credential.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op/carried.h"

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

bool credential_source_is_header(const char *source)
{
	return !strncmp(source, "header:", 7);
}

static int add(struct credential_sources *sources, const char *text, const char *rest)
{
	struct credential_source *source = &sources->list[sources->n];

	if (sources->n == ARRAY_SIZE(sources->list))
		return 0;
	if (asprintf(&source->text, "%s%s", text, rest) < 0)
		return -ENOMEM;
	sources->n++;
	return 0;
}

/* One source for each that was found. Where there is none, one that is missing. */
static int add_carried(struct credential_sources *sources, const struct carried_keys *carried)
{
	int r = 0;

	if (!carried)
		return add(sources, "header:", "");
	for (size_t i = 0; i < carried->n && r == 0; i++) {
		size_t at = sources->n;

		r = add(sources, "header:", carried->list[i].path ?: "");
		if (r == 0 && sources->n > at)
			sources->list[at].carried = &carried->list[i];
	}
	return r;
}

static int add_with_spare(struct credential_sources *sources, const char *text)
{
	int r = add(sources, text, "");
	size_t at = sources->n;

	if (r == 0 && credential_source_path(text))
		r = add(sources, text, CREDENTIAL_SPARE);
	if (r == 0 && sources->n > at)
		sources->list[at].spare = true;
	return r;
}

enum outcome credential_sources(const struct config_profile *profile, struct credential_sources *ret,
				struct verdict *v)
{
	_cleanup_free_ char *text = strdup(profile->api_key_source);
	char *rest = NULL;
	int r = text ? 0 : -ENOMEM;

	*ret = (struct credential_sources){ .n = 0 };
	for (char *p = r == 0 ? strtok_r(text, ", \t", &rest) : NULL; p && r == 0; p = strtok_r(NULL, ", \t", &rest))
		r = credential_source_is_header(p) ? add_carried(ret, profile->carried) : add_with_spare(ret, p);
	return r < 0 ? verdict_errno(v, r, "api-key") : OUTCOME_OK;
}
