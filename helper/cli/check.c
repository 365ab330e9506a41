/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/check.h"

#include <stdio.h>

#include "base/json.h"
#include "cli/paint.h"
#include "cli/verb.h"

static const char *level_word(enum check_level level)
{
	switch (level) {
	case CHECK_OK:
		return "ok";
	case CHECK_WARNING:
		return "warning";
	case CHECK_FAILED:
		return "failed";
	}
	return "";
}

static void print_finding(const struct check_finding *f)
{
	printf("%s%s%s%s%s: ", f->image, f->image[0] ? ": " : "", f->volume, f->volume[0] ? ": " : "", f->subject);
	if (f->level != CHECK_OK) {
		paint(f->level == CHECK_WARNING ? PAINT_WARNING : PAINT_BAD, level_word(f->level));
		printf(": %s: %s\n", f->word, f->cause);
	} else {
		paint(PAINT_GOOD, f->word);
		printf(": %s\n", f->cause);
	}
	if (f->hint[0])
		printf("  hint: %s\n", f->hint);
}

static void print_whole(const struct verdict *v)
{
	bool good = v->outcome == OUTCOME_OK || v->outcome == OUTCOME_NOTHING_TO_DO;

	printf("the next boot: ");
	paint(good ? PAINT_GOOD : PAINT_BAD, outcome_word(v->outcome));
	printf(": %s\n", v->cause);
}

static bool finding_json(cJSON *to, const struct check_finding *f)
{
	cJSON *o = cJSON_CreateObject();

	if (!o || !cJSON_AddItemToArray(to, o)) {
		json_free(o);
		return false;
	}
	if ((f->certificate_ends[0] && !cJSON_AddStringToObject(o, "certificate_ends", f->certificate_ends)) ||
	    (f->ca_ends[0] && !cJSON_AddStringToObject(o, "ca_ends", f->ca_ends)))
		return false;
	return cJSON_AddStringToObject(o, "image", f->image) && cJSON_AddStringToObject(o, "volume", f->volume) &&
	       cJSON_AddStringToObject(o, "subject", f->subject) &&
	       cJSON_AddStringToObject(o, "level", level_word(f->level)) &&
	       cJSON_AddStringToObject(o, "word", f->word) &&
	       cJSON_AddStringToObject(o, "cause", f->cause) &&
	       cJSON_AddStringToObject(o, "hint", f->hint);
}

static bool print_json(const struct check *check, const struct verdict *v)
{
	_cleanup_json_ cJSON *all = cJSON_CreateObject();
	_cleanup_json_text_ char *text = NULL;
	cJSON *findings = cJSON_AddArrayToObject(all, "findings");

	if (!findings || !cJSON_AddStringToObject(all, "outcome", outcome_word(v->outcome)) ||
	    !cJSON_AddStringToObject(all, "cause", v->cause) ||
	    !cJSON_AddStringToObject(all, "hint", verdict_hint_text(v)) ||
	    !cJSON_AddNumberToObject(all, "volumes", (double)check->n_volumes) ||
	    !cJSON_AddNumberToObject(all, "opening", (double)check->n_opening))
		return false;
	for (size_t i = 0; i < check->n; i++)
		if (!finding_json(findings, &check->findings[i]))
			return false;
	text = json_text(all);
	if (text)
		printf("%s\n", text);
	return text;
}

enum outcome cli_check(const struct verb_call *call)
{
	_cleanup_(check_done) struct check check = { 0 };
	const struct check_request request = {
		.sysroot = call->common.sysroot,
		.config_path = call->common.config,
		.device = call->n_words ? call->words[0] : NULL,
		.timeout_ms = verb_timeout_ms(call),
		.offline = call->options.offline,
		.cards = call->options.cards,
		.initramfs = call->options.initramfs,
		.next_image = call->options.next_image,
		.all_images = call->options.all_images,
	};
	struct verdict v = { 0 };

	if (request.cards && (request.offline || request.initramfs || request.next_image || request.all_images))
		return verb_usage(call->verb, "--cards goes with neither --offline nor an image");
	(void)op_check(&request, &check, &v); /* the verdict has the outcome */
	if (call->options.json)
		return print_json(&check, &v) ? v.outcome : verb_no_memory(call);
	for (size_t i = 0; i < check.n; i++)
		print_finding(&check.findings[i]);
	if (check.n && v.outcome != OUTCOME_INTERNAL)
		print_whole(&v);
	else
		verdict_print(&v, "cannot check");
	return v.outcome;
}
