/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One volume as "list" shows it, for the verbs that show volumes.
 */
#ifndef CEXLUKS_CLI_LIST_H
#define CEXLUKS_CLI_LIST_H

#include "base/json.h"
#include "op/list.h"

/* To standard output. False: no memory. */
bool list_print_entry(const struct list_entry *e);

/* One more object of the array @to. False: no memory. */
bool list_entry_json(cJSON *to, const struct list_entry *e);

#endif
