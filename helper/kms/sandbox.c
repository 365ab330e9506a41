/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"

/* "nobody" everywhere; an initramfs may have no /etc/passwd to ask. */
#define NOBODY 65534

static int no_privileges(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
	return 0;
}

static int limit(int what, rlim_t value)
{
	struct rlimit l = { .rlim_cur = value, .rlim_max = value };

	return setrlimit(what, &l) < 0 ? -errno : 0;
}

/* With standard error in a file the limit would swallow the log. */
static bool logs_to_file(void)
{
	struct stat st;

	return fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode);
}

static int no_files_written(void)
{
	int r;

	r = limit(RLIMIT_CORE, 0);
	if (r < 0)
		return r;
	if (logs_to_file()) {
		log_debug("sandbox: file size not limited, standard error is a file");
		return 0;
	}
	(void)signal(SIGXFSZ, SIG_IGN); /* a valid signal */
	return limit(RLIMIT_FSIZE, 0);
}

/* Locked pages for secrets are limited for everybody but root. Failing costs only the locks. */
static void raise_memlock(void)
{
	const rlim_t need = LIMIT_JOBS * LIMIT_HTTP_BODY * 2 + LIMIT_HTTP_LIST_BODY * 2;
	struct rlimit l;

	if (getrlimit(RLIMIT_MEMLOCK, &l) < 0 || l.rlim_cur >= need)
		return;
	(void)limit(RLIMIT_MEMLOCK, need);
}

/*
 * In a user namespace that maps no such user the ids cannot change, which is then a layer that is
 * not there.
 */
static int other_user(void)
{
	if (geteuid() != 0) {
		log_debug("sandbox: user id stays %u", (unsigned)geteuid());
		return 0;
	}
	raise_memlock();
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0) {
		int r = -errno;

		log_debug("sandbox: user id cannot change: %m");
		return r == -EINVAL || r == -EPERM ? 0 : r;
	}
	/* The change of user undid both. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	log_debug("sandbox: user id %d", NOBODY);
	return 0;
}

static int report(const char *layer, int r)
{
	if (r >= 0)
		log_debug("sandbox: %s: %s", layer, r ? "in force" : "not there");
	return r < 0 ? r : 0;
}

int sandbox_enter(void)
{
	int r;

	r = no_privileges();
	if (r == 0)
		r = no_files_written();
	if (r == 0)
		r = other_user();
	if (r == 0)
		r = report("landlock", sandbox_files());
	if (r == 0)
		r = report("seccomp", sandbox_calls());
	return r;
}
