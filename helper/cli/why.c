/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells the last boots from their reports, in words: this one from /run, those before from the journal. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "cli/paint.h"
#include "cli/verb.h"
#include "op/journal.h"
#include "op/report.h"

static double seconds(const cJSON *o, const char *name)
{
	int64_t ms;

	return json_integer(o, name, 0, INT64_MAX / 2, &ms) ? (double)ms / 1000.0 : 0;
}

static const char *text(const cJSON *o, const char *name)
{
	const char *s = json_string(o, name, 0, 1024);

	return s ? s : "";
}

static bool is_ok(const cJSON *o)
{
	return !strcmp(text(o, "outcome"), outcome_word(OUTCOME_OK));
}

static void tell_outcome(const cJSON *o)
{
	paint(is_ok(o) ? PAINT_GOOD : PAINT_BAD, text(o, "outcome"));
	printf("\n");
}

/* Who was refused by IAM never came as far as the other service. */
static void tell_support(const cJSON *o, const char *indent)
{
	const char *correlation = text(o, "correlation_id"), *iam = text(o, "iam_request_id");

	if (*correlation || *iam)
		printf("%sfor the provider's support: %s%s%s%s%s\n", indent,
		       *correlation ? "correlation id " : "", correlation, *correlation && *iam ? ", " : "",
		       *iam ? "IAM request " : "", iam);
}

/* What the volume's own lines say is not said twice. */
static void tell_why(const cJSON *t, const cJSON *v)
{
	if (!is_ok(t) && strcmp(text(t, "cause"), text(v, "cause")) != 0) {
		printf("              %s\n", text(t, "cause"));
		if (*text(t, "hint"))
			printf("              next: %s\n", text(t, "hint"));
	}
	tell_support(t, "              ");
}

static void tell_tried(const cJSON *list, const cJSON *v)
{
	bool alone = cJSON_GetArraySize(list) == 1;
	const cJSON *t;
	size_t n = 0;

	cJSON_ArrayForEach(t, list) {
		if (n++ == LIMIT_TRIED)
			break;
		printf("    tried:  %s, after %.1f s, for %.1f s: ", text(t, "binding"), seconds(t, "after_ms"),
		       seconds(t, "took_ms"));
		tell_outcome(t);
		if (!alone)
			tell_why(t, v);
	}
}

static void tell_volume(const cJSON *v)
{
	const cJSON *tried = cJSON_GetObjectItemCaseSensitive(v, "tried");
	int64_t more;

	printf("  %s (%s): ", text(v, "name"), text(v, "device"));
	tell_outcome(v);
	if (cJSON_IsArray(tried) && cJSON_GetArraySize(tried) > 0)
		tell_tried(tried, v);
	else if (*text(v, "binding")) /* older reports tell of one */
		printf("    tried:  %s, asked after %.1f s\n", text(v, "binding"),
		       seconds(v, "asked_after_ms"));
	if (json_integer(v, "tried_more", 1, INT64_MAX / 2, &more))
		printf("    tried:  %lld more\n", (long long)more);
	printf("    result: %s, after %.1f s\n", text(v, "cause"), seconds(v, "ended_after_ms"));
	if (*text(v, "hint"))
		printf("    next:   %s\n", text(v, "hint"));
	if (cJSON_GetArraySize(tried) <= 1)
		tell_support(v, "    ");
}

static void tell_run(const cJSON *run)
{
	const cJSON *v;

	printf("%s at %s", strcmp(text(run, "mode"), "retry") ? "boot" : "behind the prompt",
	       text(run, "time"));
	if (seconds(run, "network_after_ms") > 0)
		printf(", network up after %.1f s", seconds(run, "network_after_ms"));
	printf("\n");
	cJSON_ArrayForEach(v, cJSON_GetObjectItemCaseSensitive(run, "volumes"))
		tell_volume(v);
}

static void tell_runs(const cJSON *of)
{
	const cJSON *run;

	cJSON_ArrayForEach(run, cJSON_GetObjectItemCaseSensitive(of, "runs"))
		tell_run(run);
}

/* What is not known of earlier boots is no reason to be silent on this one. */
static cJSON *earlier_boots(const struct verb_call *call)
{
	cJSON *boots = NULL;
	int r = journal_read(call->common.sysroot, deadline_after(verb_timeout_ms(call)), &boots);

	if (r == -ENOENT)
		log_debug("there is no journalctl to ask for earlier boots");
	else if (r < 0)
		log_warning("the journal does not tell of earlier boots: %s", strerror(-r));
	return boots ? boots : cJSON_CreateArray();
}

static enum outcome print_json(const struct verb_call *call, cJSON *report, cJSON *boots)
{
	_cleanup_json_ cJSON *nothing = report ? NULL : cJSON_Parse("{\"version\":1,\"runs\":[]}");
	_cleanup_json_text_ char *raw = NULL;
	cJSON *all = report ? report : nothing;

	if (!all || !cJSON_AddItemReferenceToObject(all, "earlier", boots))
		return verb_no_memory(call);
	raw = json_text(all);
	if (!raw)
		return verb_no_memory(call);
	printf("%s\n", raw);
	return OUTCOME_OK;
}

/* @ret: NULL when this boot left none. */
static enum outcome read_report(const char *path, cJSON **ret)
{
	_cleanup_free_ char *raw = NULL;
	struct verdict v = { 0 };
	size_t len;
	int r = file_read(path, REPORT_SIZE, &raw, &len);

	*ret = NULL;
	if (r == -ENOENT)
		return OUTCOME_OK;
	if (r == 0)
		r = json_parse(raw, len, LIMIT_JSON_DEPTH, ret);
	if (r == 0)
		return OUTCOME_OK;
	(void)verdict_errno(&v, r, path);
	verdict_print(&v, "cannot read the report");
	return v.outcome;
}

enum outcome cli_why(const struct verb_call *call)
{
	_cleanup_json_ cJSON *report = NULL, *boots = NULL;
	_cleanup_free_ char *path = NULL;
	const cJSON *boot;
	enum outcome o;

	if (asprintf(&path, "%s%s", call->common.sysroot, REPORT_PATH) < 0) {
		path = NULL;
		return verb_no_memory(call);
	}
	o = read_report(path, &report);
	if (o != OUTCOME_OK)
		return o;
	boots = earlier_boots(call);
	if (call->options.json && (report || cJSON_GetArraySize(boots)))
		return print_json(call, report, boots);
	cJSON_ArrayForEach(boot, boots)
		tell_runs(boot);
	tell_runs(report);
	if (report)
		return OUTCOME_OK;
	printf("nothing-to-do: %s does not exist: this boot unlocked nothing\n", path);
	return OUTCOME_NOTHING_TO_DO;
}
