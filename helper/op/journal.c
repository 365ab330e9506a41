/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/journal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/program.h"
#include "op/report.h"

#define MESSAGE_ID "MESSAGE_ID=a6b325dcab72477b9b043056c037ee65"
#define RUN_FIELD  "CEXLUKS_RUN"
#define BOOT_FIELD "_BOOT_ID"
#define ID_SIZE	   33 /* 32 digits */

static const char only_run[] = "--output-fields=" RUN_FIELD;

/* --- one entry ------------------------------------------------------------------------------- */

int journal_send(const char *sysroot, const char *json)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *text = NULL;
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int len = snprintf(to.sun_path, sizeof(to.sun_path), "%s/run/systemd/journal/socket", sysroot);

	if (len < 0 || (size_t)len >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	len = asprintf(&text,
		       MESSAGE_ID "\nPRIORITY=6\nSYSLOG_IDENTIFIER=cexluks\nMESSAGE=report for \"cexluks why\"\n"
		       RUN_FIELD "=%s\n",
		       json);
	if (len < 0) {
		text = NULL;
		return -ENOMEM;
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 ||
	    sendto(fd, text, (size_t)len, MSG_NOSIGNAL, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}

/* --- those of before ------------------------------------------------------------------------- */

/* As the journal writes it: without dashes. "" when the kernel does not tell. */
static void this_boot(const char *sysroot, char ret[static ID_SIZE])
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	size_t n = 0;

	ret[0] = '\0';
	if (asprintf(&path, "%s/proc/sys/kernel/random/boot_id", sysroot) < 0) {
		path = NULL;
		return;
	}
	if (file_read(path, 64, &text, NULL) < 0)
		return;
	for (const char *p = text; *p && n < ID_SIZE - 1; p++)
		if (strchr("0123456789abcdef", *p))
			ret[n++] = *p;
	ret[n] = '\0';
}

/* The runs of @boot in @all, which is the last one or a new one. NULL: no memory. */
static cJSON *runs_of(cJSON *all, const char *boot)
{
	cJSON *last = cJSON_GetArrayItem(all, cJSON_GetArraySize(all) - 1);
	const char *id = last ? json_string(last, "boot", 1, ID_SIZE) : NULL;

	if (id && !strcmp(id, boot))
		return cJSON_GetObjectItemCaseSensitive(last, "runs");
	last = cJSON_CreateObject();
	if (!last || !cJSON_AddItemToArray(all, last)) {
		json_free(last);
		return NULL;
	}
	return cJSON_AddStringToObject(last, "boot", boot) ? cJSON_AddArrayToObject(last, "runs") : NULL;
}

static int take_entry(cJSON *all, const char *line, size_t len, const char *now)
{
	_cleanup_json_ cJSON *entry = NULL, *run = NULL;
	const char *boot, *text;
	cJSON *runs;
	int r = json_parse(line, len, LIMIT_JSON_DEPTH, &entry);

	if (r < 0)
		return r;
	boot = json_string(entry, BOOT_FIELD, ID_SIZE - 1, ID_SIZE - 1);
	text = json_string(entry, RUN_FIELD, 1, REPORT_SIZE);
	if (!boot || !text || !strcmp(boot, now))
		return 0; /* the report in /run has this boot's */
	r = json_parse(text, strlen(text), LIMIT_JSON_DEPTH, &run);
	if (r < 0)
		return r;
	runs = runs_of(all, boot);
	if (!runs || !cJSON_AddItemToArray(runs, run))
		return -ENOMEM;
	run = NULL; /* it belongs to the array */
	return 0;
}

static int take_entries(cJSON *all, const char *text, size_t len, const char *now)
{
	const char *end = text + len;
	int r = 0;

	while (r == 0 && text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = newline ? (size_t)(newline - text) : (size_t)(end - text);

		if (n)
			r = take_entry(all, text, n, now);
		text += n + 1;
	}
	return r;
}

static int ask(const char *sysroot, deadline_t deadline, struct secret **ret)
{
	_cleanup_free_ char *root = NULL, *lines = NULL;
	const char *argv[] = { "/usr/bin/journalctl",
			       "--quiet",
			       "--no-pager",
			       "--all",
			       "--output=json",
			       only_run,
			       MESSAGE_ID,
			       "_UID=0", /* nobody else reports */
			       NULL,
			       NULL,
			       NULL };
	int status, r;

	if (asprintf(&lines, "--lines=%d", JOURNAL_RUNS) < 0) {
		lines = NULL;
		return -ENOMEM;
	}
	argv[8] = lines;
	if (*sysroot && asprintf(&root, "--root=%s", sysroot) < 0) {
		root = NULL;
		return -ENOMEM;
	}
	argv[9] = root;
	r = program_read_secret(argv, JOURNAL_RUNS * (size_t)LIMIT_JOURNAL_RUN, deadline, ret, &status);
	switch (r) {
	case PROGRAM_SILENT:
		return 0;
	case PROGRAM_MISSING:
		return -ENOENT;
	case PROGRAM_TIMEOUT:
		return -ETIMEDOUT;
	case PROGRAM_TOO_MUCH:
		return -EFBIG;
	default:
		return r > 0 ? -EIO : r;
	}
}

int journal_read(const char *sysroot, deadline_t deadline, cJSON **ret)
{
	_cleanup_json_ cJSON *all = cJSON_CreateArray();
	_cleanup_secret_ struct secret *text = NULL;
	char now[ID_SIZE];
	int r;

	if (!all)
		return -ENOMEM;
	this_boot(sysroot, now);
	r = ask(sysroot, deadline, &text);
	if (r == 0 && text)
		r = take_entries(all, (const char *)secret_bytes(text), secret_len(text), now);
	if (r == 0)
		*ret = take_ptr(all);
	return r;
}
