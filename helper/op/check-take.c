/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings of the helper in an image, which may be of another version, or anybody's. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "op/check-find.h"

/* A terminal obeys control characters, so none is kept. */
static void keep(char *to, size_t size, const cJSON *object, const char *name)
{
	const char *text = json_string(object, name, 0, LIMIT_JSON_TEXT);

	(void)snprintf(to, size, "%s", text ? text : "");
	for (char *p = to; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
}

static bool find_outcome(const char *word, enum outcome *ret)
{
	for (unsigned i = 0; word && i < OUTCOMES; i++)
		if (!strcmp(outcome_word((enum outcome)i), word)) {
			*ret = (enum outcome)i;
			return true;
		}
	return false;
}

static const char *find_warning(const char *word)
{
	for (unsigned i = 0; word && i < WARNINGS; i++)
		if (!strcmp(warning_word((enum warning)i), word))
			return warning_word((enum warning)i);
	return NULL;
}

static bool find_level(const char *word, enum check_level *ret)
{
	static const char *const levels[] = { [CHECK_OK] = "ok", [CHECK_WARNING] = "warning", [CHECK_FAILED] = "failed" };

	for (unsigned i = 0; word && i < ARRAY_SIZE(levels); i++)
		if (!strcmp(levels[i], word)) {
			*ret = (enum check_level)i;
			return true;
		}
	return false;
}

static int take_finding(struct checker *c, const cJSON *from)
{
	const char *word = json_string(from, "word", 1, 64);
	struct check_finding *f;
	enum check_level level;
	enum outcome o = OUTCOME_OK;
	bool known = find_outcome(word, &o);

	if (!word || !find_level(json_string(from, "level", 1, 16), &level))
		return -EBADMSG;
	if (!known && !(level == CHECK_WARNING && find_warning(word)))
		return -EBADMSG;
	f = check_add(c, "", "");
	if (!f)
		return -ENOMEM;
	f->level = level;
	f->word = known ? outcome_word(o) : find_warning(word);
	keep(f->volume, sizeof(f->volume), from, "volume");
	keep(f->subject, sizeof(f->subject), from, "subject");
	keep(f->cause, sizeof(f->cause), from, "cause");
	keep(f->hint, sizeof(f->hint), from, "hint");
	keep(f->certificate_ends, sizeof(f->certificate_ends), from, "certificate_ends");
	keep(f->ca_ends, sizeof(f->ca_ends), from, "ca_ends");
	if (level == CHECK_FAILED && c->first == OUTCOME_OK)
		c->first = outcome_exit_code(o) ? o : OUTCOME_INTERNAL;
	return 0;
}

/* Without findings there is only what the whole of it failed with. */
static void take_whole(struct checker *c, const cJSON *whole, enum outcome o)
{
	struct verdict v = { .outcome = o };

	keep(v.cause, sizeof(v.cause), whole, "cause");
	keep(v.hint, sizeof(v.hint), whole, "hint");
	check_found(c, "", "check", &v);
}

int check_take(struct checker *c, const char *text, size_t len, enum outcome *ret)
{
	_cleanup_json_ cJSON *whole = NULL;
	int64_t volumes = 0, opening = 0;
	const cJSON *list, *one;
	size_t n = 0;
	int r = json_parse(text, len, LIMIT_JSON_DEPTH, &whole);

	if (r < 0)
		return r;
	list = cJSON_GetObjectItemCaseSensitive(whole, "findings");
	if (!cJSON_IsArray(list) || !find_outcome(json_string(whole, "outcome", 1, 64), ret) ||
	    !json_integer(whole, "volumes", 0, LIMIT_VOLUMES, &volumes) ||
	    !json_integer(whole, "opening", 0, volumes, &opening))
		return -EBADMSG;
	cJSON_ArrayForEach(one, list) {
		r = ++n > LIMIT_IMAGE_FINDINGS ? -EBADMSG : take_finding(c, one);
		if (r < 0)
			return r;
	}
	if (!n)
		take_whole(c, whole, *ret);
	c->found->n_volumes += (size_t)volumes;
	c->found->n_opening += (size_t)opening;
	return 0;
}
