/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A passphrase that nobody has to type: that of a binding which the volume has.
 */
#ifndef CEXLUKS_OP_OWN_WAY_H
#define CEXLUKS_OP_OWN_WAY_H

#include <stdint.h>

#include "base/secret.h"
#include "op/bound-names.h"

struct own_way {
	const char *sysroot;
	const char *config_path;
	uint64_t timeout_ms; /* of each exchange with a service */
	const struct bound_names *names;
	const char *but;  /* not by this binding; NULL: by any */
	const char *from; /* by this profile only; NULL: by any */
	/* A person's passphrase, where no binding works; NULL: nobody is asked. */
	enum outcome (*person)(const char *device, void *userdata, struct secret **ret, struct verdict *v);
	void *person_userdata;
};

/* Whether that binding may be used: its service is @way's, or it does not matter whose. */
bool own_way_may(const struct own_way *way, const char *name);

/**
 * own_way_ask() - for op_bind(): of the first binding that works, else of a person
 * @own_way: struct own_way *
 *
 * Return: OUTCOME_OK; OUTCOME_NOT_BOUND; why the first one did not work.
 */
enum outcome own_way_ask(const char *device, void *own_way, struct secret **ret, struct verdict *v);

#endif
