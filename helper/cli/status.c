/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is set up on this machine, as far as files and headers tell, and the one next step. Asks no service. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/verb.h"
#include "op/config.h"
#include "op/list.h"
#include "op/report.h"

struct status {
	const struct verb_call *call;
	struct config *config; /* NULL: there is none, or it is wrong */
	struct list list;
	size_t n_bound;
	const char *unbound; /* the only volume without a binding; NULL: there are none, or several */
	size_t opened, closed; /* by the last boot */
	int unreadable;	       /* its report: -errno */
	struct verdict wrong; /* with the configuration */
};

static void print_config(const struct status *s)
{
	if (!s->config) {
		printf("configuration  %s: %s\n",
		       s->wrong.outcome == OUTCOME_NOTHING_TO_DO ? "none" : outcome_word(s->wrong.outcome),
		       s->wrong.cause);
		return;
	}
	printf("configuration  %s:", s->config->path);
	for (size_t i = 0; i < s->config->n_profiles; i++)
		printf(" kms:%s", s->config->profiles[i].kms.name);
	printf("%s\n", s->config->n_profiles ? "" : " no key management service");
}

/* How many bindings; with @print, their names. */
static size_t bindings(const struct list_entry *e, bool print)
{
	const struct luks_token *const *tokens;
	size_t n = e->header ? luks_header_tokens(e->header, &tokens) : 0, bound = 0;

	for (size_t i = 0; i < n; i++) {
		if (tokens[i]->keyslot < 0)
			continue;
		bound++;
		if (print && tokens[i]->kind == LUKS_TOKEN_KMS)
			printf(" kms:%s", tokens[i]->profile);
		else if (print)
			printf(" card");
	}
	return bound;
}

static void count(struct status *s)
{
	size_t without = 0;

	for (size_t i = 0; i < s->list.n; i++) {
		const struct list_entry *e = &s->list.entries[i];

		if (bindings(e, false)) {
			s->n_bound++;
		} else if (e->header) {
			s->unbound = without ? NULL : e->device->path;
			without++;
		}
	}
}

static void print_volumes(const struct status *s)
{
	if (!s->list.n)
		printf("volumes        no LUKS2 volume is there%s\n", geteuid() ? ", or not for this user" : "");
	for (size_t i = 0; i < s->list.n; i++) {
		const struct list_entry *e = &s->list.entries[i];

		printf("%-14s %s:", i ? "" : "volumes", e->device->path);
		if (!e->header)
			printf(" %s: %s", outcome_word(e->verdict.outcome), e->verdict.cause);
		else if (!bindings(e, true))
			printf(" opens by hand only");
		printf("\n");
	}
}

static void print_boot(const struct status *s)
{
	if (s->unreadable)
		printf("last boot      unknown: its report: %s\n", strerror(-s->unreadable));
	else if (s->opened || s->closed)
		printf("last boot      opened %zu volumes, and left %zu closed\n", s->opened, s->closed);
	else
		printf("last boot      unlocked nothing\n");
}

static void print_bind(const struct status *s)
{
	const char *device = s->unbound ? s->unbound : "DEVICE";

	if (s->config->n_profiles)
		printf("next: cexluks bind %s kms:%s\n", device, s->config->profiles[0].kms.name);
	else
		printf("next: cexluks bind %s card\n", device);
}

static void print_next(const struct status *s)
{
	if (!s->config && s->wrong.outcome != OUTCOME_NOTHING_TO_DO)
		printf("next: %s\n", verdict_hint_text(&s->wrong));
	else if (!s->config && !s->n_bound)
		printf("next: cexluks setup\n");
	else if (!s->n_bound)
		print_bind(s);
	else
		printf("next: cexluks %s\n", s->closed ? "why" : "check");
}

static void status_done(struct status *s)
{
	config_free(s->config);
	list_done(&s->list);
}

enum outcome cli_status(const struct verb_call *call)
{
	_cleanup_(status_done) struct status s = { .call = call };
	_cleanup_free_ char *report = NULL;
	struct verdict v = { 0 };
	enum outcome o = config_load(call->common.sysroot, call->common.config, &s.config, &s.wrong);

	if (asprintf(&report, "%s%s", call->common.sysroot, REPORT_PATH) < 0) {
		report = NULL;
		return verb_no_memory(call);
	}
	if (op_list(NULL, &s.list, &v) != OUTCOME_OK) {
		verdict_print(&v, "cannot list volumes");
		return v.outcome;
	}
	count(&s);
	s.unreadable = report_count(report, &s.opened, &s.closed);
	print_config(&s);
	print_volumes(&s);
	print_boot(&s);
	print_next(&s);
	return o == OUTCOME_NOTHING_TO_DO ? OUTCOME_OK : o;
}
