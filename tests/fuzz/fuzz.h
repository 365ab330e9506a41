/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a fuzz target is to driver.c, which is what it is to libFuzzer. A target aborts when a
 * promise is broken: parsers may refuse anything, but what they accept must keep its rules.
 */
#ifndef CEXLUKS_TESTS_FUZZ_H
#define CEXLUKS_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Optional: inputs to begin with that no file can hold for every machine. */
void fuzz_seeds(void) __attribute__((weak));
void fuzz_add_seed(const void *data, size_t len);

#define PROMISE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
