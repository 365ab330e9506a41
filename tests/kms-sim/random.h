/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two sources of chance that must not be mixed: random bytes for keys and tokens come from the
 * kernel; "vary" decides member order, wording and the like, from a seed, so that a run that
 * tripped a client can be repeated with --seed.
 */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_TEXT 37

void random_bytes(void *data, size_t length);
void random_uuid(char ret[static UUID_TEXT]);
bool uuid_is_valid(const char *text);

void vary_seed(uint64_t seed);
uint64_t vary_seed_get(void);
/** vary() - a number below @bound (1 or more) */
unsigned vary(unsigned bound);

#endif
