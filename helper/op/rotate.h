/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * New secrets for the bindings of a volume: add, prove, retire, one binding after the other. What opens
 * the volume for that is the binding itself. Repeatable after an interruption, which leaves the old
 * binding, or the new one beside it.
 */
#ifndef CEXLUKS_OP_ROTATE_H
#define CEXLUKS_OP_ROTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "op/verdict.h"

struct rotate_request {
	const char *sysroot;
	const char *config_path;
	const char *device;
	const char *binding;	   /* NULL: all of them */
	const char *header_backup; /* new file, or NULL */
	bool rewrap_only;	   /* keep passphrases and keyslots: let the newest root key wrap them */
	bool dry_run;
	uint64_t timeout_ms; /* of each exchange with the service */
	/* Told of each binding when it is done, or of the device when nothing could begin. */
	void (*told)(const char *what, const struct verdict *v, void *userdata);
	void *userdata;
};

/**
 * op_rotate() - each binding by itself; one that fails does not keep the others
 *
 * Return: OUTCOME_OK; OUTCOME_NOTHING_TO_DO when no binding had to change; the first failure.
 */
enum outcome op_rotate(const struct rotate_request *request);

#endif
