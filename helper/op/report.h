/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a boot did, for three readers: the console (a line per opened volume, three per failed
 * one), the journal (everything), and /run/cexluks/report.json for "cexluks why". No secrets.
 */
#ifndef CEXLUKS_OP_REPORT_H
#define CEXLUKS_OP_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "op/attempt.h"

#define RUN_DIR	    "/run/cexluks"
#define REPORT_PATH RUN_DIR "/report.json"
#define REPORT_SIZE (2u << 20) /* 8 runs of 64 volumes have room */

#define REPORT_MASTER_KEY_OLD "master-key-old"
#define REPORT_UNCHECKED_KEY  "pattern-not-compared" /* somebody else opened it */

struct report_run {
	const char *mode;     /* "boot", "retry" */
	uint64_t started_ms;  /* CLOCK_BOOTTIME */
	uint64_t network_ms;  /* when an interface was up; 0: never needed or never up */
	const char *after_failure; /* what the policy does next, for the console; or "" */
	const char *after_refusal;
	bool goes_on;		   /* a prompt comes, or we keep trying: then what helps counts more than that */
	const struct attempt *attempts;
	size_t n_attempts;
};

/* Adds the run to the report, which keeps the first run and the last seven. Return: 0 or -errno; a failing report is no reason to fail a boot. */
int report_write(const char *path, const struct report_run *run) _must_check_;

/* The run for boots to come, in the journal if there is one: op/journal.h. */
void report_journal(const char *sysroot, const struct report_run *run);

/* Whether a run in the report at @path opened the volume with that binding. */
bool report_opened_with(const char *path, const char *uuid, const char *binding);

/* How many volumes the boot opened, and how many stayed closed when it tried last; 0 without a report. -errno: it cannot be read. */
int report_count(const char *path, size_t *ret_opened, size_t *ret_closed) _must_check_;

/* ASCII, at most 76 columns a line: to @fd, what was opened first, one write per line. */
void report_console(int fd, const struct report_run *run);

/* Behind a prompt: a short line for each volume that was opened, nothing for the others. */
void report_console_behind(int fd, const struct report_run *run);

/* Three lines for what is no volume's fault. */
void report_console_verdict(int fd, const char *what, const struct verdict *v);

/* One line of at most 76 columns for the console, "cexluks: …". */
void report_console_line(int fd, const char *format, ...) _printf_(2, 3);

/* The console to print on; -1 when there is none. The caller closes it. */
int report_console_open(void);

/* Everything, to the log. */
void report_log(const struct report_run *run);

#endif
