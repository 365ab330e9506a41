/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crypttab, and the plan that follows from it: names that can be mappings, paths that were not cut. */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "op/plan.h"

static char root[] = "/tmp/cexluks-fuzz-XXXXXX";

static void forget(void)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/etc/crypttab", root);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/etc", root);
	(void)rmdir(path);
	(void)rmdir(root);
}

/* The file that crypttab_load() reads, made once. */
static int open_file(void)
{
	static int fd = -1;
	char path[96];

	if (fd >= 0)
		return fd;
	PROMISE(mkdtemp(root));
	(void)snprintf(path, sizeof(path), "%s/etc", root);
	PROMISE(mkdir(path, 0700) == 0);
	(void)snprintf(path, sizeof(path), "%s/etc/crypttab", root);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	PROMISE(fd >= 0);
	(void)atexit(forget);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_crypttab_ struct crypttab *crypttab = NULL;
	_cleanup_cmdline_ struct cmdline *cmdline = NULL;
	_cleanup_plan_ struct plan *plan = NULL;
	static struct config config;
	int fd = open_file();

	PROMISE(ftruncate(fd, 0) == 0 && pwrite(fd, data, len, 0) == (ssize_t)len);
	if (crypttab_load(root, &crypttab) < 0)
		return 0;
	PROMISE(crypttab->n_lines <= LIMIT_VOLUMES);
	PROMISE(cmdline_parse("rd.luks.uuid=96fa rd.luks.name=96fa=x rd.luks.options=discard", &cmdline) ==
		0);
	PROMISE(plan_make(&config, cmdline, crypttab, &plan) == 0);
	for (size_t i = 0; i < plan->n_volumes; i++) {
		const struct plan_volume *v = &plan->volumes[i];

		PROMISE(!strchr(v->name, '/') && strlen(v->name) < PLAN_NAME_SIZE);
		PROMISE(!v->source[0] || v->source[0] == '/');
		PROMISE(v->source[0] || v->uuid[0]);
		PROMISE(!v->options.noauto);
	}
	return 0;
}
