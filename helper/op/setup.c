/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/setup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

bool setup_is_crn(const char *text)
{
	return !strncmp(text, "crn:", 4);
}

char *setup_config_file(const struct setup_request *request)
{
	char *path;

	if (request->config_path)
		return strdup(request->config_path);
	return asprintf(&path, "%s%s", request->sysroot, CONFIG_PATH) < 0 ? NULL : path;
}

/* The folder of the configuration, as the configuration spells it: without sysroot. */
static char *key_path(const struct setup_request *request, const char *profile)
{
	const char *conf = request->config_path ? request->config_path : CONFIG_PATH;
	const char *slash = strrchr(conf, '/');
	char *path;

	return asprintf(&path, "%.*s/%s.api-key", (int)(slash ? slash - conf : 0), conf, profile) < 0 ? NULL : path;
}

char *setup_key_file(const struct setup_request *request, const char *profile)
{
	_cleanup_free_ char *path = key_path(request, profile);
	char *file;

	return !path || asprintf(&file, "%s%s", request->sysroot, path) < 0 ? NULL : file;
}

/* --- may it be made? ------------------------------------------------------------------------ */

static enum outcome may_write(const char *config, struct verdict *v)
{
	_cleanup_free_ char *folder = strndup(config, (size_t)(strrchr(config, '/') - config));
	int r = folder ? file_make_dirs(folder, 0755) : -ENOMEM;

	if (r == 0 && access(folder, W_OK) < 0)
		r = -errno;
	return r < 0 ? verdict_errno(v, r, config) : OUTCOME_OK;
}

enum outcome op_setup_begin(const struct setup_request *request, struct verdict *v)
{
	_cleanup_free_ char *file = setup_config_file(request);
	_cleanup_config_ struct config *old = NULL;
	enum outcome o;

	if (!file)
		return verdict_errno(v, ENOMEM, "configuration");
	if (*file != '/' || (request->config_path && *request->sysroot))
		return verdict_set(v, OUTCOME_USAGE, "--config wants an absolute path here, and no --sysroot");
	if (access(file, F_OK) == 0) {
		verdict_set(v, OUTCOME_NOTHING_TO_DO, "%s is there already, and stays as it is", file);
		return verdict_hint(v, "another service is another [kms NAME] section, see cexluks.conf(5)");
	}
	o = request->config_path ? OUTCOME_NOTHING_TO_DO : config_load_old(request->sysroot, &old, v);
	if (o == OUTCOME_NOTHING_TO_DO)
		return may_write(file, v);
	if (o == OUTCOME_INTERNAL)
		return o; /* which says nothing about whether there is one */
	verdict_set(v, OUTCOME_NOTHING_TO_DO, "%s%s counts as long as there is no %s", request->sysroot,
		    CONFIG_OLD_PATH, file);
	return verdict_hint(v, "hpcs-for-luks convert prints a configuration that says the same");
}

/* --- the text ------------------------------------------------------------------------------- */

/* A CRN tells Key Protect from HPCS by itself; its dedicated kind shows in the address alone. */
static const char *service_word(const struct setup_answers *answers)
{
	if (strstr(answers->endpoint, ".kms.appdomain.cloud"))
		return "key-protect-dedicated";
	if (setup_is_crn(answers->instance))
		return NULL;
	return strstr(answers->endpoint, ".hs-crypto.") ? "hpcs" : "key-protect";
}

/* Owned by the caller; NULL: no memory. */
static char *compose(const struct setup_request *request, const struct setup_answers *answers)
{
	_cleanup_free_ char *key = key_path(request, answers->profile);
	const char *service = service_word(answers);
	bool crn = setup_is_crn(answers->instance);
	char *text;
	int r = !key ? -1 :
		       asprintf(&text,
				"# Made by cexluks setup; see cexluks.conf(5).\n"
				"[kms %s]\n%s%s%sendpoint     = %s\niam-endpoint = %s\n%s = %s\n%s%s%s"
				"api-key      = file:%s\nca-file      = %s\n",
				answers->profile, service ? "service      = " : "", service ? service : "",
				service ? "\n" : "", answers->endpoint, answers->iam_endpoint,
				crn ? "crn         " : "instance    ", answers->instance,
				*answers->root_key ? "root-key     = " : "", answers->root_key,
				*answers->root_key ? "\n" : "", key, answers->ca_file);

	return r < 0 ? NULL : text;
}

/* --- the service ---------------------------------------------------------------------------- */

enum outcome op_setup_reach(const struct setup_request *request, const struct setup_answers *answers,
			    uint64_t timeout_ms, struct service *ret, struct verdict *v)
{
	_cleanup_free_ char *text = compose(request, answers), *file = setup_config_file(request);
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	struct kms_request ping = { .verb = KMS_PING };
	struct kms_profile *kms;
	enum outcome o;
	int r;

	if (!text || !file)
		return verdict_errno(v, ENOMEM, "configuration");
	o = config_parse(request->sysroot, file, text, &ret->config, v);
	if (o != OUTCOME_OK)
		return o;
	kms = &ret->config->profiles[0].kms;
	ret->profile = kms->name;
	r = op_session_new(ret->config, request->sysroot, &ret->session);
	if (r < 0)
		return verdict_errno(v, r, "session");
	ping.deadline = deadline_after(timeout_ms);
	kms->api_keys[0] = answers->api_key; /* lent: with the first call the net child has its own */
	kms->n_api_keys = answers->api_key != NULL;
	o = op_session_call(ret->session, ret->profile, &ping, &reply, v);
	if (answers->api_key)
		(void)take_ptr(kms->api_keys[0]);
	return o;
}

enum outcome op_setup_prove(const struct setup_answers *answers, uint64_t timeout_ms, struct service *service,
			    struct verdict *v)
{
	_cleanup_secret_ struct secret *plain = NULL;
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	int r = secret_random_passphrase(LIMIT_PASSPHRASE_LEN, &plain);

	if (r < 0)
		return verdict_errno(v, r, "random bytes");
	return service_wrap(service, *answers->root_key ? answers->root_key : NULL, plain, deadline_after(timeout_ms),
			    &reply, v);
}

/* --- the files ------------------------------------------------------------------------------ */

static enum outcome taken(const char *path, struct verdict *v)
{
	verdict_set(v, OUTCOME_CONFIG_ERROR, "%s has come into being meanwhile, and stays as it is", path);
	return verdict_hint(v, "look at it, and begin again");
}

enum outcome op_setup_write(const struct setup_request *request, const struct setup_answers *answers,
			    struct verdict *v)
{
	_cleanup_free_ char *text = compose(request, answers), *file = setup_config_file(request),
			    *key = setup_key_file(request, answers->profile);
	int r;

	if (!text || !file || !key)
		return verdict_errno(v, ENOMEM, "configuration");
	r = !answers->api_key ? 0 :
				file_write_new(key, secret_bytes(answers->api_key), secret_len(answers->api_key), 0600);
	if (r == -EEXIST)
		return taken(key, v);
	if (r < 0)
		return verdict_errno(v, r, key);
	r = file_write_new(file, text, strlen(text), 0644);
	if (r == 0)
		return verdict_set(v, OUTCOME_OK, "%s and %s", file, key);
	if (answers->api_key)
		(void)unlink(key); /* nothing names it */
	return r == -EEXIST ? taken(file, v) : verdict_errno(v, r, file);
}
