/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Started as "hpcs-for-luks": the verbs and options of the Python tool of that name, and what it printed.
 * Source: parse_args() and the op_… methods of hpcs-for-luks 2.7.
 */
#include "cli/hpcs-for-luks.h"

#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/verb.h"
#include "op/convert.h"
#include "op/keys.h"
#include "op/load.h"
#include "op/service.h"

#define O(id) OPTION_BIT(OPTION_##id)

static enum outcome begin(const struct verb_call *call, struct service *ret, struct verdict *v)
{
	const struct service_request request = {
		.sysroot = call->common.sysroot,
		.config_path = call->common.config,
	};

	return service_open(&request, ret, v);
}

static enum outcome failed(const struct verdict *v, const char *what)
{
	verdict_print(v, what);
	return v->outcome;
}

static enum outcome old_create(const struct verb_call *call)
{
	_cleanup_service_ struct service s = { 0 };
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	struct kms_request request = { .verb = KMS_CREATE, .name = call->options.name };
	struct verdict v = { 0 };
	enum outcome o;

	if (!call->options.name || !*call->options.name)
		return verb_usage(call->verb, "wants --name NAME");
	if (!call->options.crk || !call->options.gen)
		return verb_usage(call->verb, "wants --crk --gen: the service makes the key, and keeps it");
	o = begin(call, &s, &v);
	request.deadline = deadline_after(verb_timeout_ms(call));
	if (o == OUTCOME_OK)
		o = op_session_call(s.session, s.profile, &request, &reply, &v);
	if (o != OUTCOME_OK)
		return failed(&v, "cannot create the key");
	log_info("Created key %s", reply->key.id);
	return OUTCOME_OK;
}

static void print_key(const struct kms_key *key, void *userdata)
{
	(void)userdata;
	printf("%s\t%s\n", key->id, key->name);
}

static enum outcome old_list(const struct verb_call *call)
{
	_cleanup_service_ struct service s = { 0 };
	struct verdict v = { 0 };
	enum outcome o = begin(call, &s, &v);

	if (o == OUTCOME_OK)
		o = service_list(&s, verb_timeout_ms(call), print_key, NULL, &v);
	return o == OUTCOME_OK ? o : failed(&v, "cannot list keys");
}

/* "add logon dmcrypt:key1", and what keyctl says: the key's serial number. */
static void print_loaded(const struct key_file *file, long id, void *userdata)
{
	(void)userdata;
	printf("add %s %s\n%ld\n", keys_directory_type(file->type), file->name, id);
}

static enum outcome old_process(const struct verb_call *call)
{
	_cleanup_service_ struct service s = { 0 };
	struct keys_request request = {
		.sysroot = call->common.sysroot,
		.key = call->options.key,
		.loaded = print_loaded,
	};
	struct verdict v = { 0 };
	enum outcome o = begin(call, &s, &v);

	if (o != OUTCOME_OK)
		return failed(&v, "cannot load keys");
	request.config = s.config;
	request.session = s.session;
	request.expiry_s = s.config->keys_expiry_s;
	request.deadline = deadline_after(verb_timeout_ms(call));
	o = op_keys_load(&request, &v);
	return outcome_exit_code(o) ? failed(&v, "not all keys") : o;
}

static enum outcome old_wipe(const struct verb_call *call)
{
	struct verdict v = { 0 };
	enum outcome o = op_forget(call->common.sysroot, &v);

	return outcome_exit_code(o) ? failed(&v, "not all keys are gone") : o;
}

static enum outcome old_convert(const struct verb_call *call)
{
	_cleanup_free_ char *text = NULL;
	const char *path = call->n_words ? call->words[0] : NULL;
	struct verdict v = { 0 };
	enum outcome o = op_convert(call->common.sysroot, &text, &v);

	if (o == OUTCOME_OK && path)
		o = op_convert_write(path, text, &v);
	if (o != OUTCOME_OK)
		return failed(&v, "cannot convert");
	if (!path)
		printf("%s", text);
	return o;
}

const struct verb old_verbs[] = {
	{ "create", "--crk --gen --name NAME", "make a root key", 0, 0, O(CRK) | O(GEN) | O(KEY_NAME), old_create },
	{ "list", "", "list the root keys, with id and name", 0, 0, 0, old_list },
	{ "wrap", "", "wrap standard input with the root key", 0, 0, O(GEN) | O(KEY), cli_wrap },
	{ "unwrap", "", "unwrap a ciphertext from standard input", 0, 0, O(KEY), cli_unwrap },
	{ "process", "", "load the keys directory into the kernel keyring", 0, 0, O(KEY), old_process },
	{ "wipe", "", "take the keys out of the kernel keyring again", 0, 0, 0, old_wipe },
	{ "convert", "[FILE]", "write a cexluks.conf that says the same", 0, 1, 0, old_convert },
	{ "help", "[VERB]", "show verbs and their options", 0, 1, O(TABLE), cli_help },
	{ 0 },
};
