/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scan ROOT BY-UUID: what a boot does that names no volume: look at every device that udev knows, take those with a
 * binding of ours (none here, so nobody is asked for a key). ROOT is a tree with a configuration, BY-UUID stands for
 * /dev/disk/by-uuid. Prints how many microseconds it took.
 */
#include <stdio.h>
#include <time.h>

#include "base/deadline.h"
#include "luks/device.h"
#include "op/boot-setup.h"
#include "op/round.h"

static uint64_t now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* a valid clock id */
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	const struct boot_request request = { .sysroot = argc == 3 ? argv[1] : "" };
	_cleanup_boot_setup_ struct boot_setup setup = { 0 };
	_cleanup_op_session_ struct op_session *session = NULL;
	struct round round = { .questions = -1, .how = ATTEMPT_LOAD };
	struct verdict v = { 0 };
	uint64_t began, took;

	if (argc != 3)
		return 2;
	luks_device_set_by_uuid(argv[2]);
	if (boot_setup_read(&request, &setup, &v) != OUTCOME_OK || !setup.plan->scan) {
		(void)fprintf(stderr, "scan: %s\n", v.cause);
		return 1;
	}
	if (op_session_new(setup.config, request.sysroot, &session) < 0)
		return 1;
	round.config = setup.config;
	round.cmdline = setup.cmdline;
	round.plan = setup.plan;
	round.session = session;
	began = now_us();
	if (round_begin(&round) < 0)
		return 1;
	round_run(&round, deadline_after(LIMIT_TIMEOUT_MS));
	took = now_us() - began;
	if (round.n_attempts || setup.plan->scan) {
		(void)fprintf(stderr, "scan: it did not end as expected\n");
		return 1;
	}
	round_end(&round);
	(void)printf("%llu\n", (unsigned long long)took);
	return 0;
}
