/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages for people, on standard error. base, kms, luks, cex and keyring use log_debug() only;
 * op and cli are the one place per failure that speaks. There is no formatter for a secret.
 *
 * With a service manager behind standard error ("<N>" prefixes) each line carries its level; on a
 * terminal lines are plain. Control characters from outside are printed as '?'.
 * Source: sd-daemon(3), the SD_ERR … prefixes; JOURNAL_STREAM in systemd.exec(5).
 */
#ifndef CEXLUKS_BASE_LOG_H
#define CEXLUKS_BASE_LOG_H

#include <stdbool.h>

#include "base/attributes.h"

enum log_level {
	LOG_LEVEL_ERR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/**
 * log_setup() - decide once how lines look and which are shown
 * @max:      most talkative level shown
 * @prefixed: begin each line with the service manager's "<N>"
 */
void log_setup(enum log_level max, bool prefixed);

/* The same, only the level. */
void log_setup_level(enum log_level max);

/*
 * Somebody looks at standard error, which is a terminal: progress is shown, errors and warnings in colour if @colours.
 * Not for what a boot runs: its console may be a 3270 or a serial line, and is read by programs.
 */
void log_setup_person(bool colours);

/* Whether that was said; for what goes to standard output. */
bool log_has_colours(void);

bool log_enabled(enum log_level level);

void log_line(enum log_level level, const char *format, ...) _printf_(2, 3);

/* What is being done, for somebody who waits: shown to a person only. Say it before it is done, ending in "...". */
void log_step(const char *format, ...) _printf_(1, 2);

#define log_err(...)	 log_line(LOG_LEVEL_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)	 log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)	 log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	 log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
