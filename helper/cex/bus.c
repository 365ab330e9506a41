/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/bus.h"

#include <errno.h>
#include <string.h>

#include "cex/hex.h"

/* "0x" and 64 digits; domain 0 is the leftmost bit. */
static bool in_mask(const char *mask, int32_t domain)
{
	unsigned char bits[32];

	if (domain < 0 || domain > 255 || strncmp(mask, "0x", 2) != 0 ||
	    strlen(mask) != 2 + 2 * sizeof(bits) || !cex_hex_parse(mask + 2, bits, sizeof(bits)))
		return false;
	return bits[domain / 8] & 0x80 >> domain % 8;
}

static void load_facts(const struct cex_place *place, struct cex_bus *bus)
{
	char line[128];

	bus->scans = cex_attribute_number(place, "scans");
	bus->settled = cex_attribute_line(place, "bindings", line, sizeof(line)) &&
		       strstr(line, "(complete)");
	bus->has_se_states = cex_attribute_line(place, "features", line, sizeof(line)) &&
			     strstr(line, "APSB");
	bus->has_queue_driver = cex_place_has(place, "drivers/cex4queue");
	bus->default_domain = cex_attribute_number(place, "ap_domain");
	(void)cex_attribute_line(place, "ap_usage_domain_mask", line, sizeof(line));
	bus->default_usable = in_mask(line, bus->default_domain);
}

/* "card" and two hexadecimal digits. */
static bool parse_card(const char *name, uint16_t *ret)
{
	unsigned char id;

	if (strncmp(name, "card", 4) != 0 || strlen(name) != 6 || !cex_hex_parse(name + 4, &id, 1))
		return false;
	*ret = id;
	return true;
}

static int by_id(const void *a, const void *b)
{
	const struct cex_card *x = a, *y = b;

	return (int)x->id - (int)y->id;
}

static int load_cards(const struct cex_place *place, struct cex_bus *bus)
{
	_cleanup_closedir_ DIR *dir = cex_place_open(place);
	const struct dirent *entry;
	uint16_t id;
	int r;

	while (dir && (entry = readdir(dir)) && bus->n_cards < LIMIT_AP_CARDS) {
		struct cex_card *larger;

		if (!parse_card(entry->d_name, &id))
			continue;
		larger = reallocarray(bus->cards, bus->n_cards + 1, sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		bus->cards = larger;
		r = cex_card_load(place, id, &bus->cards[bus->n_cards]);
		if (r < 0)
			return r;
		bus->n_cards++;
	}
	if (bus->n_cards)
		qsort(bus->cards, bus->n_cards, sizeof(*bus->cards), by_id);
	return 0;
}

int cex_bus_load(const char *sysroot, struct cex_bus **ret)
{
	_cleanup_cex_bus_ struct cex_bus *bus = calloc(1, sizeof(*bus));
	struct cex_place facts, devices;
	int r;

	if (!bus)
		return -ENOMEM;
	r = cex_place_make(&facts, sysroot, "/sys/bus/ap");
	if (r < 0)
		return r;
	r = cex_place_make(&devices, sysroot, "/sys/devices/ap");
	if (r < 0)
		return r;
	bus->present = cex_place_has(&facts, NULL);
	if (bus->present) {
		load_facts(&facts, bus);
		r = load_cards(&devices, bus);
		if (r < 0)
			return r;
	}
	*ret = take_ptr(bus);
	return 0;
}

void cex_bus_free(struct cex_bus *bus)
{
	if (!bus)
		return;
	for (size_t i = 0; i < bus->n_cards; i++)
		cex_card_done(&bus->cards[i]);
	free(bus->cards);
	free(bus);
}

int cex_bus_rescan(const char *sysroot)
{
	struct cex_place place;
	int r = cex_place_make(&place, sysroot, "/sys/bus/ap");

	return r < 0 ? r : cex_attribute_write(&place, "scans", "1");
}
