/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Will the next boot unlock? Walks every volume through the very steps of the boot (op/attempt.h), one
 * binding at a time, up to the point where it would be activated, and asks every service. Changes
 * nothing; reads what the running system has, so the image may still be older than that. Or asks the image:
 * what is in it, and what the helper in it says.
 */
#ifndef CEXLUKS_OP_CHECK_H
#define CEXLUKS_OP_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/certificate.h"
#include "op/verdict.h"
#include "op/warning.h"

struct check_request {
	const char *sysroot;
	const char *config_path;
	const char *device; /* NULL: what the next boot would open */
	uint64_t timeout_ms;
	bool offline; /* ask neither KMS nor card */
	const char *cards; /* of another machine, a file of cards --json: by these secure keys are judged; NULL: by our own */
	const char *initramfs; /* this image, and what the helper in it finds; NULL: the running system */
	bool next_image; /* the same for the one that the next boot takes */
	bool all_images; /* and for each that a boot entry names */
};

enum check_level {
	CHECK_OK,
	CHECK_WARNING,
	CHECK_FAILED,
};

struct check_finding {
	enum check_level level;
	char image[96];	   /* the file's name; "" when it is about the running system */
	char volume[160];  /* device or UUID; "" when it is about none */
	char subject[96];  /* "card", "kms:prod", "header", "configuration" … */
	const char *word;  /* of the outcome or the warning; static */
	char cause[320];
	char hint[256];	   /* "" when there is nothing to do */
	/* "2027-03-28"; "" when it is not about a service, or not known */
	char certificate_ends[CERTIFICATE_DATE_SIZE], ca_ends[CERTIFICATE_DATE_SIZE];
};

struct check {
	struct check_finding *findings;
	size_t n;
	size_t n_volumes; /* looked at */
	size_t n_opening; /* that the boot opens by a binding; offline: would try to */
};

/**
 * op_check() - look at everything once
 * @ret: release with check_done(), whatever the outcome
 *
 * Return: the outcome of the first finding that failed, OUTCOME_OK with warnings too;
 * OUTCOME_NOTHING_TO_DO when there is no configuration and nothing bound, no volume, or none that the boot is to open.
 */
enum outcome op_check(const struct check_request *request, struct check *ret, struct verdict *v);
void check_done(struct check *check);

#endif
