/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of lszcrypt, then what it does not show: which master keys are there, which volumes need a
 * card. Source of columns and words: show_devices_all() in zconf/zcrypt/lszcrypt.c, s390-tools 2.43.
 */
#include "op/cards.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "cli/verb.h"

/* One line of the table: a card, or a queue of it. */
struct row {
	char name[CEX_APQN_SIZE];
	const char *type, *mode, *status, *requests;
	char pending[12];
	const char *hwtype;
	char depth[12];
	char functions[CEX_FUNCTIONS_SIZE];
	const char *driver, *se_state;
};

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

static void fill_row(const struct cex_card *card, const struct cex_queue *queue, struct row *row)
{
	const struct cex_device *device = queue ? &queue->device : &card->device;
	bool served = cex_device_is_served(device);

	*row = (struct row){
		.type = or_dash(card->type),
		.mode = cex_card_mode_text(card),
		.status = cex_device_status(device),
		.requests = device->config == 0 ? "-" : or_dash(device->requests),
		.pending = "-",
		.hwtype = or_dash(card->hwtype),
		.depth = "-",
		.driver = served || cex_device_is_passed(device) ? device->driver : "-no-driver-",
		.se_state = queue ? cex_queue_se_state(queue) : "-",
	};
	if (queue)
		cex_apqn_text(&queue->apqn, row->name);
	else
		(void)snprintf(row->name, sizeof(row->name), "%02x", card->id & 0xffu);
	if (card->device.config != 0 && (served || !queue) && device->pending >= 0 &&
	    device->requested >= 0)
		(void)snprintf(row->pending, sizeof(row->pending), "%" PRId64,
			       (int64_t)device->pending + device->requested);
	/* the attribute is the hardware's field, which counts from 0 */
	if (card->depth >= 0)
		(void)snprintf(row->depth, sizeof(row->depth), "%02" PRId64,
			       (int64_t)card->depth + 1);
	cex_card_functions_text(card, row->functions);
}

static void print_row(const struct row *row, bool verbose, bool se_states)
{
	printf("%-8s %-5s %-11s %-10s %8s", row->name, row->type, row->mode, row->status,
	       row->requests);
	if (verbose)
		printf(" %8s %6s %6s %-10s %-11s", row->pending, row->hwtype, row->depth,
		       row->functions, row->driver);
	if (verbose && se_states)
		printf(" %-11s", row->se_state);
	printf("\n");
}

static void print_rule(int width)
{
	for (int i = 0; i < width; i++)
		(void)putchar('-'); /* a lost result is noticed at the end */
	printf("\n");
}

static void print_table(const struct cex_bus *bus, bool verbose)
{
	static const char head[] = "CARD.DOM TYPE  MODE        STATUS     REQUESTS";
	static const char more[] = "  PENDING HWTYPE QDEPTH FUNCTIONS  DRIVER     ";
	static const char se[] = " SESTAT     ";
	bool with_se = verbose && bus->has_se_states;
	struct row row;

	printf("%s%s%s\n", head, verbose ? more : "", with_se ? se : "");
	print_rule((int)(strlen(head) + (verbose ? strlen(more) : 0) + (with_se ? strlen(se) : 0)));
	for (size_t i = 0; i < bus->n_cards; i++) {
		const struct cex_card *card = &bus->cards[i];

		/* Without -V, as lszcrypt: only what a driver serves. */
		if (!verbose && (!card->type[0] || card->device.online < 0))
			continue;
		fill_row(card, NULL, &row);
		print_row(&row, verbose, with_se);
		for (size_t j = 0; j < card->n_queues; j++) {
			if (!verbose && card->queues[j].device.online < 0)
				continue;
			fill_row(card, &card->queues[j], &row);
			print_row(&row, verbose, with_se);
		}
	}
}

static const char *pattern_text(const struct cex_master_key *key, char buf[static CEX_MKVP_TEXT + 2])
{
	char digits[CEX_MKVP_TEXT];

	if (!cex_mkvp_len(&key->mkvp))
		return "-";
	cex_mkvp_text(&key->mkvp, digits);
	(void)snprintf(buf, CEX_MKVP_TEXT + 2, "0x%s", digits);
	return buf;
}

/* EP11 has no old key. */
static bool has_register(enum cex_mode mode, enum cex_register reg)
{
	return cex_register_text(mode, reg)[0] != '-';
}

static void print_master_keys(const struct cards *cards)
{
	printf("\n%-8s %-22s %-8s %-11s %s\n", "CARD.DOM", "USE", "REGISTER", "STATE", "PATTERN");
	print_rule(71);
	for (size_t i = 0; i < cards->bus->n_cards; i++)
		for (size_t j = 0; j < cards->bus->cards[i].n_queues; j++) {
			const struct cex_card *card = &cards->bus->cards[i];
			const struct cex_queue *queue = &card->queues[j];
			const char *use = cex_condition_text(cards_judge(cards, card, queue));
			char name[CEX_APQN_SIZE], buf[CEX_MKVP_TEXT + 2];
			enum cex_mode mode = queue->masters.mode;

			cex_apqn_text(&queue->apqn, name);
			if (mode == CEX_MODE_UNKNOWN)
				printf("%-8s %-22s %-8s %-11s %s\n", name, use, "-", "-", "-");
			for (int reg = 0; reg < CEX_REGISTERS; reg++) {
				const struct cex_master_key *key = &queue->masters.keys[reg];

				if (has_register(mode, (enum cex_register)reg))
					printf("%-8s %-22s %-8s %-11s %s\n", name, use,
					       cex_register_text(mode, (enum cex_register)reg),
					       cex_key_state_text(key->state),
					       pattern_text(key, buf));
			}
		}
}

static void print_modules(const struct cex_modules *modules)
{
	printf("\nkernel modules:");
	for (int m = 0; m < CEX_MODULES; m++)
		printf("%s %s %s", m ? "," : "", cex_module_name((enum cex_module)m),
		       cex_module_state_text(modules->states[m]));
	printf("\n");
}

/* Calls @visit for each queue that is something to the volume. */
static bool each_use(const struct cards *cards, const struct cards_volume *volume,
		     bool (*visit)(const char *name, enum cards_use use, void *userdata), void *userdata)
{
	for (size_t i = 0; i < cards->bus->n_cards; i++)
		for (size_t j = 0; j < cards->bus->cards[i].n_queues; j++) {
			const struct cex_card *card = &cards->bus->cards[i];
			enum cards_use use = cards_use(cards, card, &card->queues[j], volume);
			char name[CEX_APQN_SIZE];

			cex_apqn_text(&card->queues[j].apqn, name);
			if (use != CARDS_CANNOT && !visit(name, use, userdata))
				return false;
		}
	return true;
}

static bool print_use(const char *name, enum cards_use use, void *userdata)
{
	bool *any = userdata;

	printf("%s %s%s", *any ? "," : "", name, use == CARDS_OPENS_OLD ? " (old master key)" : "");
	*any = true;
	return true;
}

static void print_uses(const struct cards *cards, const struct cards_volume *volume)
{
	bool any = false;

	printf(volume->opened ? "  opens it:" : "  may open it:");
	(void)each_use(cards, volume, print_use, &any); /* it always goes on */
	printf("%s\n", any ? "" : " no domain that is usable now");
}

static void print_key(const struct cards_volume *volume)
{
	size_t size = luks_header_key_size(volume->header);
	char digits[CEX_MKVP_TEXT];

	if (!volume->secure && volume->opened) {
		printf("  %s: no card protects this volume\n", volume->verdict.cause);
	} else if (!volume->secure) {
		printf("  key: %zu bytes, no secure key: no card protects this volume\n", size);
	} else if (volume->opened) {
		cex_mkvp_text(&volume->mkvp, digits);
		printf("  key: %s, wrapped by master key 0x%s\n", cex_key_kind_text(volume->kind), digits);
	} else {
		printf("  key: %s, if it is what its size of %zu bytes says; its master key is unknown "
		       "without opening\n",
		       cex_key_kind_text(volume->kind), size);
	}
}

static void print_volume(const struct cards *cards, const struct cards_volume *volume)
{
	if (!volume->header) {
		verdict_print(&volume->verdict, volume->device->path);
		return;
	}
	printf("\n%s  %s  %s\n", volume->device->path, luks_header_uuid(volume->header),
	       luks_header_cipher(volume->header));
	print_key(volume);
	if (volume->secure)
		print_uses(cards, volume);
}

static void warn_default_domain(const struct cex_bus *bus)
{
	if (!bus->n_cards || bus->default_usable)
		return;
	if (bus->default_domain < 0)
		log_warning("no default domain is set");
	else
		log_warning("default domain 0x%02" PRIx32 " is not available",
			    (uint32_t)bus->default_domain);
}

static void print_text(const struct cards *cards, bool verbose)
{
	if (cards->bus->n_cards) {
		print_table(cards->bus, verbose);
		print_master_keys(cards);
	}
	if (cards->bus->present)
		print_modules(&cards->modules);
	for (size_t i = 0; i < cards->n_volumes; i++)
		print_volume(cards, &cards->volumes[i]);
	warn_default_domain(cards->bus);
}

/* A new object at the end of @array; NULL: no memory. */
static cJSON *add_object(cJSON *array)
{
	cJSON *o = cJSON_CreateObject();

	if (o && cJSON_AddItemToArray(array, o))
		return o;
	json_free(o);
	return NULL;
}

static bool row_json(cJSON *o, const struct row *row, bool se_states)
{
	return cJSON_AddStringToObject(o, "id", row->name) &&
	       cJSON_AddStringToObject(o, "type", row->type) &&
	       cJSON_AddStringToObject(o, "mode", row->mode) &&
	       cJSON_AddStringToObject(o, "status", row->status) &&
	       cJSON_AddStringToObject(o, "requests", row->requests) &&
	       cJSON_AddStringToObject(o, "pending", row->pending) &&
	       cJSON_AddStringToObject(o, "hwtype", row->hwtype) &&
	       cJSON_AddStringToObject(o, "qdepth", row->depth) &&
	       cJSON_AddStringToObject(o, "functions", row->functions) &&
	       cJSON_AddStringToObject(o, "driver", row->driver) &&
	       (!se_states || cJSON_AddStringToObject(o, "sestat", row->se_state));
}

static bool registers_json(cJSON *array, const struct cex_master_keys *masters)
{
	for (int reg = 0; reg < CEX_REGISTERS; reg++) {
		const struct cex_master_key *key = &masters->keys[reg];
		char buf[CEX_MKVP_TEXT + 2];
		cJSON *o;

		if (!has_register(masters->mode, (enum cex_register)reg))
			continue;
		o = add_object(array);
		if (!o ||
		    !cJSON_AddStringToObject(o, "register",
					     cex_register_text(masters->mode,
							       (enum cex_register)reg)) ||
		    !cJSON_AddStringToObject(o, "state", cex_key_state_text(key->state)) ||
		    !cJSON_AddStringToObject(o, "pattern", pattern_text(key, buf)))
			return false;
	}
	return true;
}

static bool queue_json(cJSON *array, const struct cards *cards, const struct cex_card *card,
		       const struct cex_queue *queue)
{
	enum cex_condition condition = cards_judge(cards, card, queue);
	cJSON *o = add_object(array), *registers;
	struct row row;

	if (!o)
		return false;
	fill_row(card, queue, &row);
	if (!row_json(o, &row, cards->bus->has_se_states) ||
	    !cJSON_AddStringToObject(o, "use", cex_condition_text(condition)) ||
	    !cJSON_AddBoolToObject(o, "usable", condition == CEX_OK))
		return false;
	registers = cJSON_AddArrayToObject(o, "master_keys");
	return registers && registers_json(registers, &queue->masters);
}

static bool card_json(cJSON *array, const struct cards *cards, const struct cex_card *card)
{
	cJSON *o = add_object(array), *queues;
	struct row row;

	if (!o)
		return false;
	fill_row(card, NULL, &row);
	if (!row_json(o, &row, false) || !cJSON_AddStringToObject(o, "serial", card->serial))
		return false;
	queues = cJSON_AddArrayToObject(o, "queues");
	if (!queues)
		return false;
	for (size_t i = 0; i < card->n_queues; i++)
		if (!queue_json(queues, cards, card, &card->queues[i]))
			return false;
	return true;
}

/* One list for each use. */
struct uses_json {
	cJSON *lists[CARDS_OPENS_OLD + 1];
};

static bool use_json(const char *name, enum cards_use use, void *userdata)
{
	struct uses_json *uses = userdata;
	cJSON *item = cJSON_CreateString(name);

	if (item && cJSON_AddItemToArray(uses->lists[use], item))
		return true;
	json_free(item);
	return false;
}

static bool uses_json(cJSON *o, const struct cards *cards, const struct cards_volume *volume)
{
	struct uses_json uses = { .lists = {
		[CARDS_MAY_OPEN] = cJSON_AddArrayToObject(o, "may_open"),
		[CARDS_OPENS] = cJSON_AddArrayToObject(o, "opens"),
		[CARDS_OPENS_OLD] = cJSON_AddArrayToObject(o, "opens_with_old_master_key"),
	} };

	return uses.lists[CARDS_MAY_OPEN] && uses.lists[CARDS_OPENS] && uses.lists[CARDS_OPENS_OLD] &&
	       each_use(cards, volume, use_json, &uses);
}

static const char *key_text(const struct cards_volume *volume)
{
	if (volume->secure)
		return cex_key_kind_text(volume->kind);
	return volume->opened ? "not secure" : "clear";
}

static const char *master_key_text(const struct cards_volume *volume,
				   char buf[static CEX_MKVP_TEXT + 2])
{
	const struct cex_master_key key = { .mkvp = volume->mkvp };

	if (!volume->secure)
		return "none";
	return volume->opened ? pattern_text(&key, buf) : "unknown without opening";
}

static bool volume_json(cJSON *array, const struct cards *cards, const struct cards_volume *volume)
{
	char buf[CEX_MKVP_TEXT + 2];
	cJSON *o = add_object(array);

	if (!o || !cJSON_AddStringToObject(o, "device", volume->device->path) ||
	    !cJSON_AddStringToObject(o, "outcome", outcome_word(volume->verdict.outcome)))
		return false;
	if (!volume->header)
		return cJSON_AddStringToObject(o, "cause", volume->verdict.cause);
	return cJSON_AddStringToObject(o, "uuid", luks_header_uuid(volume->header)) &&
	       cJSON_AddStringToObject(o, "cipher", luks_header_cipher(volume->header)) &&
	       cJSON_AddNumberToObject(o, "key_size", (double)luks_header_key_size(volume->header)) &&
	       cJSON_AddStringToObject(o, "key", key_text(volume)) &&
	       cJSON_AddStringToObject(o, "master_key", master_key_text(volume, buf)) &&
	       uses_json(o, cards, volume);
}

static bool fill_json(cJSON *all, const struct cards *cards, const struct verdict *v)
{
	cJSON *modules, *list, *volumes;

	if (!cJSON_AddStringToObject(all, "outcome", outcome_word(v->outcome)) ||
	    !cJSON_AddStringToObject(all, "cause", v->cause) ||
	    !cJSON_AddStringToObject(all, "hint", verdict_hint_text(v)))
		return false;
	modules = cJSON_AddObjectToObject(all, "modules");
	list = cJSON_AddArrayToObject(all, "cards");
	volumes = cJSON_AddArrayToObject(all, "volumes");
	if (!modules || !list || !volumes)
		return false;
	for (int m = 0; m < CEX_MODULES; m++)
		if (!cJSON_AddStringToObject(modules, cex_module_name((enum cex_module)m),
					     cex_module_state_text(cards->modules.states[m])))
			return false;
	for (size_t i = 0; i < cards->bus->n_cards; i++)
		if (!card_json(list, cards, &cards->bus->cards[i]))
			return false;
	for (size_t i = 0; i < cards->n_volumes; i++)
		if (!volume_json(volumes, cards, &cards->volumes[i]))
			return false;
	return true;
}

static bool print_json(const struct cards *cards, const struct verdict *v)
{
	_cleanup_json_ cJSON *all = cJSON_CreateObject();
	_cleanup_json_text_ char *text = NULL;

	if (!all || !fill_json(all, cards, v))
		return false;
	text = json_text(all);
	if (!text)
		return false;
	printf("%s\n", text);
	return true;
}

enum outcome cli_cards(const struct verb_call *call)
{
	/* The volumes are this machine's, so they don't go with another machine's cards. */
	const struct cards_request request = { .sysroot = call->common.sysroot,
					       .with_volumes = !*call->common.sysroot };
	_cleanup_(cards_done) struct cards cards = { 0 };
	struct verdict v = { 0 };
	enum outcome o = op_cards(&request, &cards, &v);

	if (o == OUTCOME_INTERNAL || o == OUTCOME_NO_PERMISSION) {
		verdict_print(&v, "cannot list cards");
		return o;
	}
	if (call->options.json)
		return print_json(&cards, &v) ? o : verb_no_memory(call);
	print_text(&cards, call->options.verbose);
	if (o != OUTCOME_OK)
		verdict_print(&v, "no card can be used");
	return o;
}
