/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A conversation: questions until the service is reached and its root key wraps; then two files, and what follows. */
#include "op/setup.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "op/follow.h"

#define KEYS_SHOWN 20

struct talk {
	const struct verb_call *call;
	struct setup_request request;
	int fd; /* the terminal */
	char profile[65], endpoint[LIMIT_URL + 1], instance[LIMIT_URL + 1], iam_endpoint[LIMIT_URL + 1],
		ca_file[LIMIT_URL + 1], root_key[LIMIT_URL + 1];
	struct secret *api_key; /* NULL: its file was there before us */
	struct kms_key keys[KEYS_SHOWN];
	size_t n_keys; /* that the service has, active ones */
	struct verdict v;
};

/* --- one question --------------------------------------------------------------------------- */

static enum outcome gone(struct talk *t, int r)
{
	if (r == -ENODATA || r == -EINTR)
		return verdict_set(&t->v, OUTCOME_USAGE, "nothing was written");
	return verdict_errno(&t->v, r, "/dev/tty");
}

static void trim(char *text)
{
	size_t lead = strspn(text, " \t"), len;

	memmove(text, text + lead, strlen(text + lead) + 1);
	len = strlen(text);
	while (len && strchr(" \t\r", text[len - 1]))
		text[--len] = '\0';
}

/* Asks until @check has nothing to say against the answer. @value: the answer for Enter alone, and the answer. */
static enum outcome ask(struct talk *t, const char *question, char *value, size_t size,
			const char *(*check)(const struct talk *t, const char *text))
{
	_cleanup_free_ char *text = malloc(size);
	char line[LIMIT_URL * 2];

	if (!text)
		return verdict_errno(&t->v, ENOMEM, question);
	for (;;) {
		const char *wrong;
		int r;

		(void)snprintf(line, sizeof(line), *value ? "%s [%s]: " : "%s: ", question, value);
		r = terminal_ask(t->fd, line, text, size);
		if (r < 0 && r != -EFBIG)
			return gone(t, r);
		if (r == 0)
			trim(text);
		if (r == 0 && !*text && *value)
			return OUTCOME_OK;
		wrong = r < 0 ? "is too long" : check(t, text);
		if (!wrong)
			break;
		log_notice("  this %s", wrong);
	}
	memcpy(value, text, strlen(text) + 1);
	return OUTCOME_OK;
}

static const char *check_profile(const struct talk *t, const char *text)
{
	char binding[128];

	(void)t;
	(void)snprintf(binding, sizeof(binding), "kms:%s", text);
	return config_binding_profile(binding) ? NULL : "is not a name of letters, digits, - and _";
}

static const char *check_endpoint(const struct talk *t, const char *text)
{
	(void)t;
	return config_check_value("kms", "endpoint", text);
}

static const char *check_instance(const struct talk *t, const char *text)
{
	(void)t;
	return config_check_value("kms", setup_is_crn(text) ? "crn" : "instance", text);
}

static const char *check_ca(const struct talk *t, const char *text)
{
	_cleanup_free_ char *path = NULL;
	const char *wrong = config_check_value("kms", "ca-file", text);

	if (wrong)
		return wrong;
	if (asprintf(&path, "%s%s", t->request.sysroot, text) < 0)
		path = NULL;
	return path && access(path, R_OK) == 0 ? NULL : "is no file that can be read";
}

/* --- the API key ---------------------------------------------------------------------------- */

static bool is_there(const char *path)
{
	return path && access(path, F_OK) == 0;
}

/* Typed or pasted, and not shown. One that is there, from before an interruption for example, is used and not replaced. */
static enum outcome ask_api_key(struct talk *t)
{
	_cleanup_free_ char *file = setup_key_file(&t->request, t->profile);
	_cleanup_silence_ struct silence silence = SILENCE_NONE;
	_cleanup_secret_ struct secret *typed = NULL;
	int r;

	if (is_there(file)) {
		log_notice("The API key is the one in %s.", file);
		secret_free(take_ptr(t->api_key));
		return OUTCOME_OK;
	}
	r = silence_begin(t->fd, &silence);
	if (r == 0)
		r = silence_ask(&silence, t->api_key ? "API key (not shown) [the one just typed]: " : "API key (not shown): ",
				LIMIT_API_KEY_MAX, &typed);
	if (r == -ENODATA && t->api_key)
		return OUTCOME_OK;
	if (r == -EFBIG)
		return verdict_set(&t->v, OUTCOME_USAGE, "an API key has %d bytes at most", LIMIT_API_KEY_MAX);
	if (r < 0)
		return gone(t, r);
	secret_free(t->api_key);
	t->api_key = take_ptr(typed);
	return OUTCOME_OK;
}

/* --- the root key --------------------------------------------------------------------------- */

static void add_key(const struct kms_key *key, void *userdata)
{
	struct talk *t = userdata;

	if (key->state != 1)
		return;
	if (t->n_keys < KEYS_SHOWN) {
		t->keys[t->n_keys] = *key;
		log_notice("  %2zu  %s  %s", t->n_keys + 1, key->id, key->name);
	}
	t->n_keys++;
}

/* "2" is the second one that was shown; what has letters is an id or an alias. */
static const struct kms_key *key_by_number(const struct talk *t, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	return *text && !*end && n >= 1 && n <= t->n_keys && n <= KEYS_SHOWN ? &t->keys[n - 1] : NULL;
}

static const char *check_root_key(const struct talk *t, const char *text)
{
	return key_by_number(t, text) ? NULL : config_check_value("kms", "root-key", text);
}

static enum outcome ask_root_key(struct talk *t, struct service *service)
{
	const struct kms_key *key;
	struct verdict nobody = { 0 };
	enum outcome o;

	t->n_keys = 0;
	log_notice("Root keys:");
	if (service_list(service, verb_timeout_ms(t->call), add_key, t, &nobody) != OUTCOME_OK)
		log_notice("  not for this API key: %s", nobody.cause);
	else if (t->n_keys > KEYS_SHOWN)
		log_notice("  and %zu more", t->n_keys - KEYS_SHOWN);
	if (t->n_keys == 1 && !t->root_key[0])
		(void)snprintf(t->root_key, sizeof(t->root_key), "%s", t->keys[0].id);
	o = ask(t, t->n_keys ? "Root key, by number, id or alias" : "Root key, by id or alias", t->root_key,
		sizeof(t->root_key), check_root_key);
	key = o == OUTCOME_OK ? key_by_number(t, t->root_key) : NULL;
	if (key)
		(void)snprintf(t->root_key, sizeof(t->root_key), "%s", key->id);
	return o;
}

/* --- the conversation ----------------------------------------------------------------------- */

static struct setup_answers answers_of(const struct talk *t)
{
	return (struct setup_answers){
		.profile = t->profile,
		.endpoint = t->endpoint,
		.instance = t->instance,
		.iam_endpoint = t->iam_endpoint,
		.ca_file = t->ca_file,
		.root_key = setup_is_crn(t->instance) ? "" : t->root_key,
		.api_key = t->api_key,
	};
}

static enum outcome ask_all(struct talk *t)
{
	enum outcome o = ask(t, "Name for this service", t->profile, sizeof(t->profile), check_profile);

	if (o == OUTCOME_OK)
		o = ask(t, "Its endpoint, https://...", t->endpoint, sizeof(t->endpoint), check_endpoint);
	if (o == OUTCOME_OK)
		o = ask(t, "Its instance id, or the CRN of the root key", t->instance, sizeof(t->instance), check_instance);
	if (o == OUTCOME_OK)
		o = ask(t, "Endpoint of IAM", t->iam_endpoint, sizeof(t->iam_endpoint), check_endpoint);
	if (o == OUTCOME_OK)
		o = ask(t, "CA certificates to trust", t->ca_file, sizeof(t->ca_file), check_ca);
	return o == OUTCOME_OK ? ask_api_key(t) : o;
}

/* *@ret_again: the service said no, and other answers may help. */
static enum outcome try_once(struct talk *t, bool *ret_again)
{
	_cleanup_service_ struct service service = { 0 };
	struct setup_answers answers;
	enum outcome o = ask_all(t);

	*ret_again = false;
	if (o != OUTCOME_OK)
		return o;
	answers = answers_of(t);
	log_notice("Asking %s ...", t->endpoint);
	answers.root_key = "";
	*ret_again = true;
	o = op_setup_reach(&t->request, &answers, verb_timeout_ms(t->call), &service, &t->v);
	if (o != OUTCOME_OK)
		return o;
	log_notice("  ok: TLS, IAM token and service");
	if (!setup_is_crn(t->instance)) {
		o = ask_root_key(t, &service);
		*ret_again = o == OUTCOME_OK;
	}
	answers = answers_of(t);
	if (o == OUTCOME_OK)
		o = op_setup_prove(&answers, verb_timeout_ms(t->call), &service, &t->v);
	if (o == OUTCOME_OK)
		log_notice("  ok: the root key unwraps what it wrapped");
	return o;
}

static enum outcome converse(struct talk *t)
{
	bool again;
	enum outcome o;

	log_notice("Which service opens the volumes of this machine? It is asked before anything is written.");
	log_notice("Enter alone takes what stands in brackets; Ctrl-C leaves everything as it is.");
	while ((o = try_once(t, &again)) != OUTCOME_OK && again) {
		verdict_print(&t->v, t->profile);
		log_notice("Once more; Enter keeps what was right.");
	}
	return o;
}

/* --- the end -------------------------------------------------------------------------------- */

struct joined {
	char text[512];
};

static void join(const char *command, void *userdata)
{
	struct joined *j = userdata;
	size_t len = strlen(j->text);

	(void)snprintf(j->text + len, sizeof(j->text) - len, "%s%s", len ? " && " : "", command);
}

static void print_next(const struct talk *t)
{
	struct joined follow = { "" };

	op_follow(t->request.sysroot, join, &follow);
	printf("ok: %s\nThree commands follow:\n", t->v.cause);
	printf("  cexluks bind DEVICE kms:%s\n  %s\n  cexluks check\n", t->profile, follow.text);
}

/* Ctrl-C between the two files waits for the second one. */
static enum outcome write_files(struct talk *t)
{
	const struct setup_answers answers = answers_of(t);
	sigset_t before;
	enum outcome o;

	terminal_hold_signals(&before);
	o = op_setup_write(&t->request, &answers, &t->v);
	terminal_release_signals(&before);
	return o;
}

static enum outcome begin(struct talk *t)
{
	_cleanup_free_ char *ca = config_find_ca(t->request.sysroot);
	int r = ca ? terminal_open(&t->fd) : -ENOMEM;

	if (r < 0)
		return verdict_errno(&t->v, r, "/dev/tty");
	(void)snprintf(t->profile, sizeof(t->profile), "prod");
	(void)snprintf(t->iam_endpoint, sizeof(t->iam_endpoint), "https://iam.cloud.ibm.com");
	(void)snprintf(t->ca_file, sizeof(t->ca_file), "%s", ca);
	return OUTCOME_OK;
}

static void talk_done(struct talk *t)
{
	secret_free(t->api_key);
	if (t->fd >= 0)
		(void)close(t->fd);
}

enum outcome cli_setup(const struct verb_call *call)
{
	_cleanup_(talk_done) struct talk t = {
		.call = call,
		.request = { .sysroot = call->common.sysroot, .config_path = call->common.config },
		.fd = -1,
	};
	enum outcome o;

	if (!isatty(STDIN_FILENO))
		return verb_usage(call->verb, "asks a person at a terminal; programs write cexluks.conf themselves");
	o = op_setup_begin(&t.request, &t.v);
	if (o == OUTCOME_NOTHING_TO_DO) {
		printf("%s: %s\n  hint: %s\n", outcome_word(o), t.v.cause, t.v.hint);
		return o;
	}
	if (o == OUTCOME_OK)
		o = begin(&t);
	if (o == OUTCOME_OK)
		o = converse(&t);
	if (o == OUTCOME_OK)
		o = write_files(&t);
	if (o == OUTCOME_OK)
		print_next(&t);
	else
		verdict_print(&t.v, "cannot set up");
	return o;
}
