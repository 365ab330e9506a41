/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/cards-file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"

#define MODES (CEX_MODE_ACCELERATOR + 1)

/* The words of "mode" are lszcrypt's, and made from a card. */
static bool parse_mode(const char *word, enum cex_mode *ret)
{
	for (int mode = 0; word && mode < MODES; mode++) {
		const struct cex_card card = { .mode = (enum cex_mode)mode };

		if (!strcmp(cex_card_mode_text(&card), word)) {
			*ret = (enum cex_mode)mode;
			return true;
		}
	}
	return false;
}

/* As the lines of sysfs were, which have a parser; there EP11's patterns have a second half, which nobody looks at. */
static bool parse_registers(const cJSON *list, struct cex_master_keys *ret)
{
	char text[CEX_REGISTERS * 5 * LIMIT_AP_WORD] = "";
	const cJSON *one;
	size_t len = 0;

	if (!cJSON_IsArray(list))
		return false;
	cJSON_ArrayForEach(one, list) {
		const char *reg = json_string(one, "register", 1, LIMIT_AP_WORD), *pattern;
		const char *state = json_string(one, "state", 1, LIMIT_AP_WORD);

		pattern = json_string(one, "pattern", 1, CEX_MKVP_TEXT + 2);
		if (!reg || !state || !pattern)
			return false;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s: %s %s%s\n", reg, state, pattern,
					strlen(pattern) == 2 + 2 * CEX_MKVP_EP11 ? "00000000000000000000000000000000" : "");
		if (len >= sizeof(text))
			return false;
	}
	cex_master_keys_parse(text, ret);
	return true;
}

/* Without a current master key it is of no use, and yet there. */
static bool parse_queue(const cJSON *from, struct cex_queue *ret)
{
	const char *id = json_string(from, "id", 1, LIMIT_AP_WORD), *use = json_string(from, "use", 1, LIMIT_JSON_TEXT);
	bool usable;

	if (!id || !use || !cex_apqn_parse(id, &ret->apqn) || !json_bool(from, "usable", &usable) ||
	    !parse_registers(cJSON_GetObjectItemCaseSensitive(from, "master_keys"), &ret->masters))
		return false;
	ret->functions = -1;
	ret->device.config = 1;
	ret->device.online = usable || !strcmp(use, cex_condition_text(CEX_MASTER_KEY_NOT_SET));
	return true;
}

static bool parse_type(const cJSON *from, char ret[static LIMIT_AP_WORD])
{
	const char *type = json_string(from, "type", 1, LIMIT_AP_WORD - 1);

	if (type)
		(void)snprintf(ret, LIMIT_AP_WORD, "%s", strcmp(type, "-") != 0 ? type : "");
	return type;
}

/* Return: 0; -EBADMSG; -ENOMEM. */
static int parse_card(const cJSON *from, struct cex_card *ret)
{
	const cJSON *queues = cJSON_GetObjectItemCaseSensitive(from, "queues"), *one;
	int n = cJSON_GetArraySize(queues);

	if (!cJSON_IsArray(queues) || n > LIMIT_AP_QUEUES || !parse_type(from, ret->type) ||
	    !parse_mode(json_string(from, "mode", 1, LIMIT_AP_WORD), &ret->mode))
		return -EBADMSG;
	ret->api_ordinal = -1; /* not told */
	ret->device.config = 1;
	ret->device.online = 1; /* what is not says so in its queues */
	ret->queues = calloc((size_t)n + 1, sizeof(*ret->queues));
	if (!ret->queues)
		return -ENOMEM;
	cJSON_ArrayForEach(one, queues) {
		if (!parse_queue(one, &ret->queues[ret->n_queues]))
			return -EBADMSG;
		ret->n_queues++;
	}
	return 0;
}

static int parse(const cJSON *whole, struct cex_bus **ret)
{
	_cleanup_cex_bus_ struct cex_bus *bus = calloc(1, sizeof(*bus));
	const cJSON *cards = cJSON_GetObjectItemCaseSensitive(whole, "cards"), *one;
	int n = cJSON_GetArraySize(cards), r;

	if (!bus)
		return -ENOMEM;
	if (!cJSON_IsArray(cards) || n > LIMIT_AP_CARDS)
		return -EBADMSG;
	bus->present = bus->settled = bus->has_queue_driver = true;
	bus->cards = calloc((size_t)n + 1, sizeof(*bus->cards));
	if (!bus->cards)
		return -ENOMEM;
	cJSON_ArrayForEach(one, cards) {
		r = parse_card(one, &bus->cards[bus->n_cards++]);
		if (r < 0)
			return r;
	}
	*ret = take_ptr(bus);
	return 0;
}

enum outcome cards_file_read(const char *path, struct cex_bus **ret, struct verdict *v)
{
	_cleanup_json_ cJSON *whole = NULL;
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int r = file_read(path, LIMIT_CARDS_FILE, &text, &len);

	if (r == 0) {
		r = json_parse(text, len, LIMIT_JSON_DEPTH, &whole);
		if (r == 0)
			r = parse(whole, ret);
	}
	if (r == 0)
		return OUTCOME_OK;
	if (r == -ENOMEM)
		return verdict_errno(v, r, path);
	if (r == -EBADMSG)
		(void)verdict_set(v, OUTCOME_USAGE, "%s is not what cards --json prints", path);
	else
		(void)verdict_set(v, OUTCOME_USAGE, "%s: %s", path, strerror(-r));
	return verdict_hint(v, "cexluks cards --json on the other machine prints it");
}
