/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells the last boot from its report, in words. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "cli/paint.h"
#include "cli/verb.h"
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

static void tell_volume(const cJSON *v)
{
	const char *outcome = text(v, "outcome");

	printf("  %s (%s): ", text(v, "name"), text(v, "device"));
	paint(strcmp(outcome, outcome_word(OUTCOME_OK)) ? PAINT_BAD : PAINT_GOOD, outcome);
	printf("\n");
	if (*text(v, "binding"))
		printf("    tried:  %s, asked after %.1f s\n", text(v, "binding"),
		       seconds(v, "asked_after_ms"));
	printf("    result: %s, after %.1f s\n", text(v, "cause"), seconds(v, "ended_after_ms"));
	if (*text(v, "hint"))
		printf("    next:   %s\n", text(v, "hint"));
	if (*text(v, "correlation_id"))
		printf("    for the provider's support: correlation id %s%s%s\n",
		       text(v, "correlation_id"), *text(v, "iam_request_id") ? ", IAM request " : "",
		       text(v, "iam_request_id"));
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

enum outcome cli_why(const struct verb_call *call)
{
	_cleanup_json_ cJSON *report = NULL;
	_cleanup_free_ char *path = NULL, *raw = NULL;
	struct verdict v = { 0 };
	const cJSON *run;
	size_t len;
	int r;

	if (asprintf(&path, "%s%s", call->common.sysroot, REPORT_PATH) < 0)
		return verb_no_memory(call);
	r = file_read(path, REPORT_SIZE, &raw, &len);
	if (r == -ENOENT) {
		printf("nothing-to-do: %s does not exist: this boot unlocked nothing\n", path);
		return OUTCOME_NOTHING_TO_DO;
	}
	if (r == 0)
		r = json_parse(raw, len, LIMIT_JSON_DEPTH, &report);
	if (r < 0) {
		(void)verdict_errno(&v, r, path);
		verdict_print(&v, "cannot read the report");
		return v.outcome;
	}
	if (call->options.json) {
		printf("%s\n", raw);
		return OUTCOME_OK;
	}
	cJSON_ArrayForEach(run, cJSON_GetObjectItemCaseSensitive(report, "runs"))
		tell_run(run);
	return OUTCOME_OK;
}
