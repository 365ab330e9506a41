/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the textfile collector of Prometheus' node exporter. Each metric once with all its samples, as the format
 * wants it; every sample of a volume names the device, because two devices may carry one UUID.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/inventory.h"

static void begin(const char *name, const char *help)
{
	printf("# HELP cexluks_%s %s\n# TYPE cexluks_%s gauge\n", name, help, name);
}

/* name="value", with the format's escapes; what is not plain ASCII might be no UTF-8. */
static void label(const char *name, const char *value, bool last)
{
	printf("%s=\"", name);
	for (const char *p = value; *p; p++)
		if (*p == '"' || *p == '\\')
			printf("\\%c", *p);
		else
			putchar((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e ? '?' : *p);
	printf("\"%s", last ? "} " : ",");
}

static void print_services(const struct inventory *inventory)
{
	const struct config *config = inventory->volumes.config;
	struct inventory_service service;
	size_t n = config ? config->n_profiles : 0;

	begin("service_info", "A configured key management service.");
	for (size_t i = 0; i < n; i++) {
		inventory_service(inventory, config->profiles[i].kms.name, &service);
		printf("cexluks_service_info{");
		label("profile", service.profile, false);
		label("service", service.word, false);
		label("endpoint", config->profiles[i].kms.endpoint, true);
		printf("1\n");
	}
	begin("service_days_left", "Days until a service that ends is deleted.");
	for (size_t i = 0; i < n; i++) {
		inventory_service(inventory, config->profiles[i].kms.name, &service);
		if (!service.ends)
			continue;
		printf("cexluks_service_days_left{");
		label("profile", service.profile, false);
		label("service", service.word, true);
		printf("%" PRId64 "\n", service.days_left);
	}
}

static void print_volume(const char *device, const char *uuid, const char *outcome, bool usable)
{
	printf("cexluks_volume_usable{");
	label("device", device, false);
	label("uuid", uuid, false);
	label("outcome", outcome, true);
	printf("%d\n", usable);
}

static void print_volumes(const struct volumes *volumes)
{
	begin("volume_usable", "Whether a volume is there and its header was accepted.");
	for (size_t i = 0; i < volumes->list.n; i++) {
		const struct list_entry *e = &volumes->list.entries[i];

		print_volume(e->device->path, e->device->uuid, outcome_word(e->verdict.outcome), e->header);
	}
	for (size_t i = 0; i < volumes->n_missing; i++)
		print_volume(volumes->missing[i].name, "",
			     outcome_word(volumes->missing[i].verdict.outcome), false);
	begin("volume_info", "What protects a volume.");
	for (size_t i = 0; i < volumes->list.n; i++) {
		const struct list_entry *e = &volumes->list.entries[i];

		if (!e->header)
			continue;
		printf("cexluks_volume_info{");
		label("device", e->device->path, false);
		label("uuid", e->device->uuid, false);
		label("cipher", luks_header_cipher(e->header), false);
		label("lock", lock_text(e->lock.kind), true);
		printf("1\n");
	}
}

static void print_keyslots_of(const struct list_entry *e)
{
	static const char *const kinds[] = { "binding", "passphrase", "foreign" };
	const struct luks_keyslot *slots;
	size_t n = luks_header_keyslots(e->header, &slots), count[ARRAY_SIZE(kinds)] = { 0 };

	for (size_t i = 0; i < n; i++)
		count[slots[i].ours ? 0 : slots[i].token_type[0] ? 2 : 1]++;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		printf("cexluks_volume_keyslots{");
		label("device", e->device->path, false);
		label("uuid", e->device->uuid, false);
		label("kind", kinds[i], true);
		printf("%zu\n", count[i]);
	}
}

/* An interrupted run may leave two tokens of one binding: the token's number tells them apart. */
static bool print_bindings_of(const struct inventory *inventory, const struct list_entry *e)
{
	const struct luks_token *token;
	size_t i = 0;

	while ((token = inventory_binding(e, &i))) {
		_cleanup_free_ char *name = luks_token_binding(token);
		struct inventory_service service;
		char id[16];

		if (!name)
			return false;
		inventory_service(inventory, token->profile, &service);
		(void)snprintf(id, sizeof(id), "%d", token->id);
		printf("cexluks_binding_serial{");
		label("device", e->device->path, false);
		label("uuid", e->device->uuid, false);
		label("token", id, false);
		label("binding", name, false);
		label("service", token->kind == LUKS_TOKEN_KMS ? service.word : "", true);
		printf("%" PRId64 "\n", token->serial);
	}
	return true;
}

static bool print_ways_in(const struct inventory *inventory)
{
	const struct list *list = &inventory->volumes.list;
	bool shown = true;

	begin("volume_keyslots", "Keyslots of a volume, by whom they are for.");
	for (size_t i = 0; i < list->n; i++)
		if (list->entries[i].header)
			print_keyslots_of(&list->entries[i]);
	begin("binding_serial", "The serial of each automatic way into a volume.");
	for (size_t i = 0; shown && i < list->n; i++)
		shown = print_bindings_of(inventory, &list->entries[i]);
	return shown;
}

static void print_keys(const struct inventory *inventory)
{
	static const enum keyring_type types[] = { KEYRING_LOGON, KEYRING_USER };
	struct inventory_service service;

	inventory_service(inventory, inventory->keys_profile, &service);
	begin("key_files", "Files of the keys directory, and whether each can be a key.");
	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		size_t count[2] = { 0, 0 };

		for (size_t i = 0; i < inventory->keys.n; i++)
			if (inventory->keys.files[i].type == types[t])
				count[inventory->keys.files[i].ciphertext != NULL]++;
		for (unsigned usable = 0; usable < 2; usable++) {
			printf("cexluks_key_files{");
			label("type", keys_directory_type(types[t]), false);
			label("profile", service.profile ? service.profile : "", false);
			label("service", service.word, false);
			label("usable", usable ? "yes" : "no", true);
			printf("%zu\n", count[usable]);
		}
	}
}

bool inventory_print_prometheus(const struct inventory *inventory)
{
	print_services(inventory);
	print_volumes(&inventory->volumes);
	if (!print_ways_in(inventory))
		return false;
	print_keys(inventory);
	return true;
}
