/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From one service to another, without re-encryption and without a moment in which the machine could
 * not boot: the new binding beside the old one; a boot that opens by the new one; then, with @finish, the
 * old one goes. Each step can be repeated.
 */
#ifndef CEXLUKS_OP_MIGRATE_H
#define CEXLUKS_OP_MIGRATE_H

#include <stdbool.h>
#include <stdint.h>

#include "op/verdict.h"

struct migrate_request {
	const char *sysroot;
	const char *config_path;
	const char *device; /* op_migrate() only */
	const char *from; /* profile; NULL: the only other one */
	const char *to;	  /* profile */
	const char *header_backup; /* new file, or NULL */
	bool finish;
	bool dry_run;
	uint64_t timeout_ms; /* of each exchange with a service */
};

struct migrate_result {
	char warning[320]; /* what the next boot needs besides, or "" */
};

/**
 * op_migrate() - one volume, one step
 *
 * The volume opens for that by a binding it has, so nobody types. With @finish the report of this boot
 * must say that the new binding opened the volume, no image that can be booted may know the old service only
 * (op/bootable.h), and the binding is proven again before the old one goes.
 *
 * Return: OUTCOME_OK; OUTCOME_NOTHING_TO_DO when the step was done before; OUTCOME_NOT_BOUND;
 * OUTCOME_IMAGE_STALE when no boot has used the new binding, or one could not; as op_bind() and op_unbind().
 */
enum outcome op_migrate(const struct migrate_request *request, struct migrate_result *ret,
			struct verdict *v);

/* Told of each volume or file when it is done; @result is empty where it failed. */
typedef void (*migrate_told_fn)(const char *what, const struct verdict *v,
				const struct migrate_result *result, void *userdata);

/**
 * op_migrate_all() - the same step for every volume that hangs on the service to leave, and the keys directory
 * @request: without device and header backup
 *
 * Left alone are volumes that no KMS opens, and with @from those that are not bound to it. A volume that is named
 * and not there, or ours and refused, is a failure: it may be bound. One failure does not keep the others.
 *
 * Return: OUTCOME_OK; OUTCOME_NOTHING_TO_DO when nothing needed this step; the first failure.
 */
enum outcome op_migrate_all(const struct migrate_request *request, migrate_told_fn told, void *userdata);

/**
 * op_migrate_keys() - the same for the files of the keys directory
 * @request: without device and header backup
 *
 * Each file gets a second ciphertext beside the one it has, proven by the new service. With @finish the first one goes:
 * keys-profile must name the new service, every file must have been loaded through it since the machine came up (by the
 * boot itself where that loads them), and each is unwrapped once more.
 *
 * Return: as op_migrate_all().
 */
enum outcome op_migrate_keys(const struct migrate_request *request, migrate_told_fn told, void *userdata);

#endif
