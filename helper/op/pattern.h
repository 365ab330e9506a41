/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zkey's verification pattern of a volume: a public fingerprint of the key that really encrypts. To
 * compute it a card has to unwrap the volume key, so one that can be computed is proof of that too.
 */
#ifndef CEXLUKS_OP_PATTERN_H
#define CEXLUKS_OP_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/secret.h"
#include "op/verdict.h"

struct pattern_request {
	const char *sysroot;
	const char *volume;	   /* device, or mapping on it: "/dev/dasda2", "root", "/dev/mapper/root" */
	const char *header_backup; /* new file, or NULL */
	bool dry_run;
	uint64_t timeout_ms; /* patience with a card that is busy */
	/* Gets a passphrase; called only when no card binding opens the volume. */
	enum outcome (*ask)(const char *device, void *userdata, struct secret **ret,
			    struct verdict *v);
	void *userdata;
};

/**
 * op_pattern_set() - compute it, and store it in the header
 *
 * Return: OUTCOME_OK; OUTCOME_NOTHING_TO_DO when it is there; OUTCOME_NOT_A_SECURE_KEY for a volume whose
 * key no card protects, or whose cipher is not paes; card outcomes; what op_backup() returns.
 */
enum outcome op_pattern_set(const struct pattern_request *request, struct verdict *v) _must_check_;

/**
 * op_pattern_verify() - compute it again, and compare
 *
 * Return: OUTCOME_OK; OUTCOME_PATTERN_MISMATCH; OUTCOME_NOT_BOUND when the header has none; otherwise as
 * op_pattern_set().
 */
enum outcome op_pattern_verify(const struct pattern_request *request, struct verdict *v) _must_check_;

#endif
