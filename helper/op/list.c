/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* A pattern that breaks zkey's form is worth a line, but no reason to hide the volume. */
static void describe_pattern(struct list_entry *e)
{
	struct luks_reason reason = { "" };

	if (luks_pattern_get(e->header, e->pattern, &reason) != LUKS_REFUSED)
		return;
	if (!e->lock.note[0])
		(void)snprintf(e->lock.note, sizeof(e->lock.note), "verification pattern: %s",
			       reason.text);
}

int list_add(struct list *list, struct luks_device *device)
{
	struct list_entry *larger, *e;
	struct luks_reason reason = { "" };
	int r;

	larger = reallocarray(list->entries, list->n + 1, sizeof(*larger));
	if (!larger) {
		luks_device_free(device);
		return -ENOMEM;
	}
	list->entries = larger;
	e = &list->entries[list->n++];
	*e = (struct list_entry){ .device = device };
	r = luks_header_load(device, NULL, &e->header, &reason);
	if (r != 0) {
		(void)verdict_luks(&e->verdict, r, device->path, &reason);
		return 0;
	}
	lock_judge(e->header, "", &e->lock);
	describe_pattern(e);
	(void)verdict_set(&e->verdict, OUTCOME_OK, "%s", device->path);
	return 0;
}

static int visit(const char *uuid, void *userdata)
{
	struct luks_device *device = NULL;
	struct luks_reason reason = { "" };

	return luks_device_find(uuid, &device, &reason) == 0 ? list_add(userdata, device) : 0;
}

enum outcome op_list(const char *device, struct list *ret, struct verdict *v)
{
	struct luks_device *one = NULL;
	int r;

	*ret = (struct list){ 0 };
	if (!device) {
		r = luks_device_each(visit, ret);
		return r < 0 ? verdict_errno(v, r, "cannot list devices")
			     : verdict_set(v, OUTCOME_OK, "%zu volumes", ret->n);
	}
	r = luks_device_open(device, &one);
	if (r != 0)
		return verdict_luks(v, r, device, NULL);
	r = list_add(ret, one);
	if (r < 0)
		return verdict_errno(v, r, device);
	*v = ret->entries[0].verdict;
	return v->outcome;
}

void list_done(struct list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		luks_header_free(list->entries[i].header);
		luks_device_free(list->entries[i].device);
	}
	free(list->entries);
	*list = (struct list){ 0 };
}
