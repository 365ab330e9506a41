/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/inventory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/list.h"
#include "cli/verb.h"
#include "op/warning.h"

/* --- text ------------------------------------------------------------------------------------ */

static void print_end(const struct inventory_service *service)
{
	if (service->ends)
		printf(", %s: %" PRId64 " days left", warning_word(WARNING_SERVICE_ENDS),
		       service->days_left);
}

static bool print_bindings(const struct inventory *inventory, const struct list_entry *e)
{
	const struct luks_token *token;
	size_t i = 0;

	while ((token = inventory_binding(e, &i))) {
		_cleanup_free_ char *name = luks_token_binding(token);
		struct inventory_service service;

		if (!name)
			return false;
		printf("  binding %s", name);
		if (token->kind == LUKS_TOKEN_KMS) {
			inventory_service(inventory, token->profile, &service);
			printf(": %s", service.word);
			print_end(&service);
		}
		printf("\n");
	}
	return true;
}

static void print_key_file(const struct inventory *inventory, const struct key_file *file)
{
	struct inventory_service service;

	inventory_service(inventory, inventory->keys_profile, &service);
	printf("%s", file->path);
	if (service.profile)
		printf(": kms:%s", service.profile);
	printf(": %s", service.word);
	print_end(&service);
	if (file->moved_to)
		printf(", on its way to kms:%s", file->moved_to);
	if (!file->ciphertext)
		printf(": %s: %s", outcome_word(file->verdict.outcome), file->verdict.cause);
	printf("\n");
}

bool inventory_print_text(const struct inventory *inventory)
{
	const struct config *config = inventory->volumes.config;
	const struct volumes *volumes = &inventory->volumes;

	for (size_t i = 0; config && i < config->n_profiles; i++) {
		struct inventory_service service;

		inventory_service(inventory, config->profiles[i].kms.name, &service);
		printf("kms:%s: %s at %s", service.profile, service.word,
		       config->profiles[i].kms.endpoint);
		print_end(&service);
		printf("\n");
	}
	for (size_t i = 0; i < volumes->list.n; i++)
		if (!list_print_entry(&volumes->list.entries[i]) ||
		    !print_bindings(inventory, &volumes->list.entries[i]))
			return false;
	for (size_t i = 0; i < volumes->n_missing; i++)
		printf("%s: %s: %s\n", volumes->missing[i].name,
		       outcome_word(volumes->missing[i].verdict.outcome), volumes->missing[i].verdict.cause);
	for (size_t i = 0; i < inventory->keys.n; i++)
		print_key_file(inventory, &inventory->keys.files[i]);
	return true;
}

/* --- JSON ------------------------------------------------------------------------------------ */

/* A new object at the end of @array, or NULL. */
static cJSON *append(cJSON *array)
{
	cJSON *o = cJSON_CreateObject();

	if (o && cJSON_AddItemToArray(array, o))
		return o;
	json_free(o);
	return NULL;
}

static bool service_json(cJSON *o, const struct inventory_service *service)
{
	return (!service->profile || cJSON_AddStringToObject(o, "profile", service->profile)) &&
	       cJSON_AddStringToObject(o, "service", service->word) &&
	       (!service->ends || cJSON_AddNumberToObject(o, "days_left", (double)service->days_left));
}

static bool services_json(cJSON *array, const struct inventory *inventory)
{
	const struct config *config = inventory->volumes.config;

	for (size_t i = 0; config && i < config->n_profiles; i++) {
		struct inventory_service service;
		cJSON *o = append(array);

		inventory_service(inventory, config->profiles[i].kms.name, &service);
		if (!o || !service_json(o, &service) ||
		    !cJSON_AddStringToObject(o, "endpoint", config->profiles[i].kms.endpoint))
			return false;
	}
	return array;
}

static bool bindings_json(cJSON *array, const struct inventory *inventory, const struct list_entry *e)
{
	const struct luks_token *token;
	size_t i = 0;

	while ((token = inventory_binding(e, &i))) {
		_cleanup_free_ char *name = luks_token_binding(token);
		struct inventory_service service;
		cJSON *o = append(array);

		if (!o || !name || !cJSON_AddStringToObject(o, "binding", name))
			return false;
		inventory_service(inventory, token->profile, &service);
		if (token->kind == LUKS_TOKEN_KMS && !service_json(o, &service))
			return false;
	}
	return array;
}

static bool volumes_json(cJSON *array, const struct inventory *inventory)
{
	const struct volumes *volumes = &inventory->volumes;

	for (size_t i = 0; i < volumes->list.n; i++) {
		const struct list_entry *e = &volumes->list.entries[i];

		if (!list_entry_json(array, e) ||
		    !bindings_json(cJSON_AddArrayToObject(cJSON_GetArrayItem(array, (int)i), "bindings"),
				   inventory, e))
			return false;
	}
	for (size_t i = 0; i < volumes->n_missing; i++) {
		const struct verdict *v = &volumes->missing[i].verdict;
		cJSON *o = append(array);

		if (!o || !cJSON_AddStringToObject(o, "device", volumes->missing[i].name) ||
		    !cJSON_AddStringToObject(o, "outcome", outcome_word(v->outcome)) ||
		    !cJSON_AddStringToObject(o, "cause", v->cause))
			return false;
	}
	return array;
}

static bool keys_json(cJSON *array, const struct inventory *inventory)
{
	struct inventory_service service;

	inventory_service(inventory, inventory->keys_profile, &service);
	for (size_t i = 0; i < inventory->keys.n; i++) {
		const struct key_file *file = &inventory->keys.files[i];
		cJSON *o = append(array);

		if (!o || !cJSON_AddStringToObject(o, "path", file->path) ||
		    !cJSON_AddStringToObject(o, "type", keys_directory_type(file->type)) ||
		    !cJSON_AddStringToObject(o, "outcome", outcome_word(file->verdict.outcome)) ||
		    !service_json(o, &service) ||
		    (file->moved_to && !cJSON_AddStringToObject(o, "moved_to", file->moved_to)))
			return false;
	}
	return array;
}

bool inventory_print_json(const struct inventory *inventory)
{
	_cleanup_json_ cJSON *all = cJSON_CreateObject();
	_cleanup_json_text_ char *text = NULL;

	if (!services_json(cJSON_AddArrayToObject(all, "services"), inventory) ||
	    !volumes_json(cJSON_AddArrayToObject(all, "volumes"), inventory) ||
	    !keys_json(cJSON_AddArrayToObject(all, "key_files"), inventory))
		return false;
	text = json_text(all);
	if (text)
		printf("%s\n", text);
	return text;
}

/* --- the verb -------------------------------------------------------------------------------- */

enum outcome cli_inventory(const struct verb_call *call)
{
	_cleanup_inventory_ struct inventory inventory = { 0 };
	const struct inventory_request request = {
		.sysroot = call->common.sysroot,
		.config_path = call->common.config,
		.device = call->n_words ? call->words[0] : NULL,
	};
	struct verdict v = { 0 };
	enum outcome o;
	bool shown;

	if (call->options.json && call->options.prometheus)
		return verb_usage(call->verb, "--json or --prometheus, not both");
	o = op_inventory(&request, &inventory, &v);
	if (o != OUTCOME_OK) {
		verdict_print(&v, "no inventory");
		return o;
	}
	shown = call->options.json	 ? inventory_print_json(&inventory) :
		call->options.prometheus ? inventory_print_prometheus(&inventory) :
					   inventory_print_text(&inventory);
	return shown ? o : verb_no_memory(call);
}
