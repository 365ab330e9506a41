/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For libFuzzer in place of driver.c: the seeds that a target makes itself become files of the folder that
 * FUZZ_SEEDS names, once, before the run.
 */
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

void fuzz_add_seed(const void *data, size_t len)
{
	static unsigned n;
	char path[PATH_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/made-%u", getenv("FUZZ_SEEDS"), n++);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	PROMISE(fd >= 0 && write(fd, data, len) == (ssize_t)len && close(fd) == 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (fuzz_seeds && getenv("FUZZ_SEEDS"))
		fuzz_seeds();
	return 0;
}
