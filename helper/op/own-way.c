/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/own-way.h"

#include <string.h>

#include "op/config.h"
#include "op/open.h"

bool own_way_may(const struct own_way *way, const char *name)
{
	const char *profile = config_binding_profile(name);

	return !way->from || (profile && !strcmp(profile, way->from));
}

enum outcome own_way_ask(const char *device, void *own_way, struct secret **ret, struct verdict *v)
{
	const struct own_way *way = own_way;
	struct verdict last = { 0 };

	(void)verdict_set(v, OUTCOME_NOT_BOUND, "%s has no other binding that would open it", device);
	for (size_t i = 0; i < way->names->n; i++) {
		const struct pass_request pass = {
			.sysroot = way->sysroot,
			.config_path = way->config_path,
			.device = device,
			.binding = way->names->list[i],
			.timeout_ms = way->timeout_ms,
		};

		if ((way->but && !strcmp(way->names->list[i], way->but)) ||
		    !own_way_may(way, way->names->list[i]))
			continue;
		if (op_pass(&pass, ret, &last) == OUTCOME_OK) {
			*v = last;
			return OUTCOME_OK;
		}
		if (v->outcome == OUTCOME_NOT_BOUND)
			*v = last;
	}
	return way->person ? way->person(device, way->person_userdata, ret, v) : v->outcome;
}
