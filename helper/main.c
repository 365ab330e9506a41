/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Process setup (no core dumps, nothing from the environment, log), dispatch, exit code. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "cli/verb.h"
#include "kms/net-child.h"
#include "op/credential.h"

/* Descriptors 0 to 2 must exist before anything else is opened. */
static void hold_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR); /* stays open on purpose */
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

/* systemd tells by JOURNAL_STREAM that standard error is its own; NO_COLOR: https://no-color.org */
static void begin_log(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	bool prefixed = getenv("JOURNAL_STREAM") || getenv("CEXLUKS_LOG_PREFIX");

	log_setup(LOG_LEVEL_INFO, prefixed);
	verb_allow_colours(!prefixed && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0);
}

static void protect(void)
{
	struct rlimit none = { 0, 0 };

	/* Both can only fail on a kernel that offers less; then there is nothing to lose either. */
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
	umask(077);
}

int main(int argc, char **argv)
{
	hold_standard_descriptors();
	begin_log();
	protect();
	json_setup();
	if (argc > 1 && !strcmp(argv[1], NET_CHILD_VERB))
		return net_child_main();
	credential_set_directory(getenv("CREDENTIALS_DIRECTORY"));
	/* Rule 2: no proxy, key log, library or provider from the environment. */
	if (clearenv() != 0) {
		log_err("cannot empty the environment");
		return outcome_exit_code(OUTCOME_INTERNAL);
	}
	return verb_main(argc, argv);
}
