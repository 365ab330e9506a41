/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Volumes as the configuration's "bindings" say: what is missing is added and proven, what is there is proven, and
 * what is not named any more goes once a boot has opened the volume by one that is. Each step can be repeated.
 */
#ifndef CEXLUKS_OP_APPLY_H
#define CEXLUKS_OP_APPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "op/verdict.h"

struct apply_request {
	const char *sysroot;
	const char *config_path;
	const char *device; /* NULL: every volume whose section says "bindings" */
	const char *header_backup; /* new file, or NULL; of one device */
	bool dry_run;
	uint64_t timeout_ms; /* of each exchange with a service */
	/* A person's passphrase, where no binding that is there opens the volume for a new one. */
	enum outcome (*ask)(const char *device, void *userdata, struct secret **ret, struct verdict *v);
	void *ask_userdata;
	/* Of each binding when it is done, or of a volume when nothing could begin. */
	void (*told)(const char *volume, const char *binding, const struct verdict *v, void *userdata);
	void *userdata;
};

/**
 * op_apply() - one volume, or all
 *
 * Nothing is removed while a binding that is named could not be proven, or where no boot has used one: that is
 * OUTCOME_IMAGE_STALE. keyfile bindings are the configuration's alone.
 *
 * Return: OUTCOME_OK, OUTCOME_NOTHING_TO_DO, the first failure.
 */
enum outcome op_apply(const struct apply_request *request);

#endif
