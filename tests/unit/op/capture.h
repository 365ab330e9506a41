/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a verb in this process and keeps what it writes to standard output. */
#ifndef CEXLUKS_TESTS_OP_CAPTURE_H
#define CEXLUKS_TESTS_OP_CAPTURE_H

#include "op/tree.h"

#include "cli/verb.h"

#define OUTPUT_MAX (64u << 10)

/* @argv: NULL-terminated, from "cexluks" on. @ret: owned by the caller. Returns the exit code. */
static inline int capture_verb(char **argv, char **ret)
{
	char path[] = "/tmp/cexluks-output-XXXXXX";
	_cleanup_close_ int out = mkstemp(path);
	_cleanup_close_ int saved = dup(STDOUT_FILENO);
	int argc = 0, code;

	while (argv[argc])
		argc++;
	assert_true(out >= 0 && saved >= 0);
	(void)fflush(stdout);
	assert_true(dup2(out, STDOUT_FILENO) >= 0);
	code = verb_main(argc, argv);
	(void)fflush(stdout);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	assert_int_equal(file_read(path, OUTPUT_MAX, ret, NULL), 0);
	assert_int_equal(unlink(path), 0);
	return code;
}

#endif
