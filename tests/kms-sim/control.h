/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The test's own port, plain HTTP: faults, key states, the clock, listeners, the log. */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "instance.h"
#include "listener.h"

struct control {
	struct instance **instances;
	size_t instances_count;
	struct listener **listeners;	/* IAM and one per instance */
	size_t listeners_count;
};

/** control_answer() - @control is a struct control; takes the lock itself */
void control_answer(const struct request *request, void *control, struct reply *reply);

#endif
