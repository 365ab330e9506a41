/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trees of tests/fixtures/sysfs, found from the top of the source tree, where tests run. */
#ifndef CEXLUKS_TESTS_CEX_FIXTURE_H
#define CEXLUKS_TESTS_CEX_FIXTURE_H

#define FIXTURE(name) "tests/fixtures/sysfs/" name

/* In most trees: current master key, and the one before where there is another. */
#define PATTERN_A 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef
#define PATTERN_B 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10

#endif
