/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "op/journal.h"

#define RUNS_KEPT 8

/* Names come from the command line, causes are cut: neither is sure to be UTF-8, as JSON has to be. */
static void add_cut(cJSON *to, const char *name, const char *text, size_t max)
{
	_cleanup_free_ char *ascii = text && *text ? strndup(text, max) : NULL;

	if (!ascii)
		return;
	for (char *p = ascii; *p; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
			*p = '?';
	(void)cJSON_AddStringToObject(to, name, ascii); /* a report without it is still one */
}

static void add_text(cJSON *to, const char *name, const char *text)
{
	add_cut(to, name, text, SIZE_MAX);
}

static void add_ms(cJSON *to, const char *name, uint64_t ms)
{
	if (ms)
		(void)cJSON_AddNumberToObject(to, name, (double)ms);
}

/* Words of their own, which are no outcomes: the volume is open. */
static void add_warnings(cJSON *to, const struct attempt *a)
{
	const struct {
		bool said;
		const char *word;
	} warnings[] = {
		{ a->old_master_key, REPORT_MASTER_KEY_OLD },
		{ a->unchecked_key, REPORT_UNCHECKED_KEY },
	};
	cJSON *list = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(warnings); i++) {
		cJSON *word = warnings[i].said ? cJSON_CreateString(warnings[i].word) : NULL;

		if (word && !list)
			list = cJSON_AddArrayToObject(to, "warnings");
		if (word && !cJSON_AddItemToArray(list, word))
			json_free(word);
	}
}

static cJSON *tried_json(const struct tried *t, uint64_t started_ms)
{
	cJSON *o = cJSON_CreateObject();
	char binding[BINDING_NAME_SIZE];

	if (!o)
		return NULL;
	binding_name(&t->binding, binding);
	add_text(o, "binding", binding);
	add_ms(o, "after_ms", t->began_ms - started_ms);
	add_ms(o, "took_ms", t->ended_ms - t->began_ms);
	add_text(o, "outcome", outcome_word(t->verdict.outcome));
	add_cut(o, "cause", t->verdict.cause, LIMIT_TRIED_TEXT);
	add_cut(o, "hint", verdict_hint_text(&t->verdict), LIMIT_TRIED_TEXT);
	add_ms(o, "tries", t->requests);
	add_text(o, "correlation_id", t->correlation_id);
	add_text(o, "iam_request_id", t->iam_request_id);
	return o;
}

/* As many as @room has. A report that lacks some is still one, and says how many. */
static void add_tried(cJSON *to, const struct tried_list *tried, uint64_t started_ms, size_t *room)
{
	cJSON *list = tried->n ? cJSON_AddArrayToObject(to, "tried") : NULL;
	size_t n = 0;

	for (; list && n < tried_listed(tried) && *room; n++, (*room)--) {
		cJSON *one = tried_json(&tried->list[n], started_ms);

		if (!one || !cJSON_AddItemToArray(list, one)) {
			json_free(one);
			break;
		}
	}
	add_ms(to, "tried_more", tried->n - n);
}

static cJSON *volume_json(const struct attempt *a, uint64_t started_ms, size_t *room)
{
	_cleanup_json_ cJSON *o = cJSON_CreateObject();
	char binding[BINDING_NAME_SIZE];

	if (!o)
		return NULL;
	binding_name(&a->binding, binding);
	add_text(o, "name", a->want->name);
	add_text(o, "uuid", a->want->uuid);
	add_text(o, "device", a->device ? a->device->path : a->want->source);
	add_text(o, "binding", binding);
	add_text(o, "outcome", outcome_word(a->verdict.outcome));
	add_text(o, "cause", a->verdict.cause);
	if (a->state != ATTEMPT_OPENED)
		add_text(o, "hint", verdict_hint_text(&a->verdict));
	(void)cJSON_AddBoolToObject(o, "refused", a->state == ATTEMPT_REFUSED);
	add_warnings(o, a);
	add_ms(o, "device_after_ms", a->device_ms ? a->device_ms - started_ms : 0);
	add_ms(o, "asked_after_ms", a->submitted_ms ? a->submitted_ms - started_ms : 0);
	add_ms(o, "ended_after_ms", a->ended_ms ? a->ended_ms - started_ms : 0);
	add_ms(o, "tries", a->tries);
	add_text(o, "correlation_id", a->correlation_id);
	add_text(o, "iam_request_id", a->iam_request_id);
	add_tried(o, &a->tried, started_ms, room);
	return take_ptr(o);
}

static cJSON *run_json(const struct report_run *run)
{
	_cleanup_json_ cJSON *o = cJSON_CreateObject();
	size_t room = LIMIT_TRIED_RUN;
	cJSON *volumes;
	char when[32];
	time_t now = time(NULL);
	struct tm tm;

	volumes = o ? cJSON_AddArrayToObject(o, "volumes") : NULL;
	if (!volumes || !gmtime_r(&now, &tm))
		return NULL;
	(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	add_text(o, "mode", run->mode);
	add_text(o, "time", when);
	add_ms(o, "started_ms", run->started_ms);
	add_ms(o, "network_after_ms", run->network_ms ? run->network_ms - run->started_ms + 1 : 0);
	for (size_t i = 0; i < run->n_attempts; i++) {
		cJSON *vol = volume_json(&run->attempts[i], run->started_ms, &room);

		if (!vol || !cJSON_AddItemToArray(volumes, vol)) {
			json_free(vol);
			return NULL;
		}
	}
	return take_ptr(o);
}

/* The report so far; one that cannot be read is replaced. */
static cJSON *read_report(const char *path)
{
	_cleanup_json_ cJSON *o = NULL;
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (file_read(path, REPORT_SIZE, &text, &len) == 0 &&
	    json_parse(text, len, LIMIT_JSON_DEPTH, &o) == 0 &&
	    cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(o, "runs")))
		return take_ptr(o);
	json_free(o);
	o = cJSON_CreateObject();
	if (o && cJSON_AddNumberToObject(o, "version", 1) && cJSON_AddArrayToObject(o, "runs"))
		return take_ptr(o);
	return NULL;
}

static bool says(const cJSON *o, const char *name, const char *what)
{
	const char *text = json_string(o, name, 0, SIZE_MAX);

	return text && !strcmp(text, what);
}

bool report_opened_with(const char *path, const char *uuid, const char *binding)
{
	_cleanup_json_ cJSON *report = read_report(path);
	const cJSON *run, *vol;

	cJSON_ArrayForEach(run, cJSON_GetObjectItemCaseSensitive(report, "runs"))
		cJSON_ArrayForEach(vol, cJSON_GetObjectItemCaseSensitive(run, "volumes"))
			if (says(vol, "uuid", uuid) && says(vol, "binding", binding) &&
			    says(vol, "outcome", outcome_word(OUTCOME_OK)))
				return true;
	return false;
}

int report_count(const char *path, size_t *ret_opened, size_t *ret_closed)
{
	_cleanup_json_ cJSON *report = NULL;
	_cleanup_free_ char *text = NULL;
	const cJSON *run, *vol;
	size_t len;
	int r = file_read(path, REPORT_SIZE, &text, &len);

	*ret_opened = *ret_closed = 0;
	if (r == 0)
		r = json_parse(text, len, LIMIT_JSON_DEPTH, &report);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	cJSON_ArrayForEach(run, cJSON_GetObjectItemCaseSensitive(report, "runs")) {
		*ret_closed = 0; /* each run takes up what the one before left */
		cJSON_ArrayForEach(vol, cJSON_GetObjectItemCaseSensitive(run, "volumes"))
			(*(says(vol, "outcome", outcome_word(OUTCOME_OK)) ? ret_opened : ret_closed))++;
	}
	return 0;
}

static int make_folder_of(const char *path)
{
	_cleanup_free_ char *folder = strdup(path);
	char *slash = folder ? strrchr(folder, '/') : NULL;

	if (!folder)
		return -ENOMEM;
	if (!slash || slash == folder)
		return 0;
	*slash = '\0';
	return file_make_dirs(folder, 0755);
}

int report_write(const char *path, const struct report_run *run)
{
	_cleanup_json_ cJSON *report = read_report(path);
	_cleanup_json_text_ char *text = NULL;
	_cleanup_free_ char *whole = NULL;
	int line;
	cJSON *runs = cJSON_GetObjectItemCaseSensitive(report, "runs");
	cJSON *this = run_json(run);
	int r;

	if (!runs || !this || !cJSON_AddItemToArray(runs, this)) {
		json_free(this);
		return -ENOMEM;
	}
	/* The first is the boot itself; what went on behind the prompt can be many. */
	while (cJSON_GetArraySize(runs) > RUNS_KEPT)
		cJSON_DeleteItemFromArray(runs, 1);
	text = json_text(report);
	if (!text)
		return -ENOMEM;
	r = make_folder_of(path);
	if (r < 0)
		return r;
	/* A line of text, for people who cat it. */
	line = asprintf(&whole, "%s\n", text);
	return line < 0 ? -ENOMEM : file_write_atomic(path, whole, (size_t)line, 0644);
}

void report_journal(const char *sysroot, const struct report_run *run)
{
	_cleanup_json_ cJSON *o = run_json(run);
	_cleanup_json_text_ char *text = o ? json_text(o) : NULL;
	int r = text ? journal_send(sysroot, text) : -ENOMEM;

	if (r < 0)
		log_debug("no report in the journal: %s", strerror(-r));
}

void report_log(const struct report_run *run)
{
	for (size_t i = 0; i < run->n_attempts; i++) {
		const struct attempt *a = &run->attempts[i];
		const char *name = a->want->name[0] ? a->want->name : a->want->uuid;

		if (a->state == ATTEMPT_OPENED)
			log_info("volume '%s' (%s): %s", name, a->device ? a->device->path : "?",
				 a->verdict.cause);
		else
			verdict_print(&a->verdict, name);
	}
}
