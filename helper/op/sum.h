/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several things in a row, and one outcome for all: the first failure counts, then what was done.
 */
#ifndef CEXLUKS_OP_SUM_H
#define CEXLUKS_OP_SUM_H

#include "op/outcome.h"

/* @sum: OUTCOME_NOTHING_TO_DO to begin with. Return: the new sum. */
static inline enum outcome outcome_sum(enum outcome sum, enum outcome next)
{
	if (sum == OUTCOME_NOTHING_TO_DO || (sum == OUTCOME_OK && next != OUTCOME_NOTHING_TO_DO))
		return next;
	return sum;
}

#endif
