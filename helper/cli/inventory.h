/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to inventory*.c: the three forms. */
#ifndef CEXLUKS_CLI_INVENTORY_H
#define CEXLUKS_CLI_INVENTORY_H

#include "op/inventory.h"

/* Each to standard output. False: no memory. */
bool inventory_print_text(const struct inventory *inventory);
bool inventory_print_json(const struct inventory *inventory);

/* The text format of Prometheus, version 0.0.4. */
bool inventory_print_prometheus(const struct inventory *inventory);

#endif
