/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A person at the terminal, who is asked there whatever standard input and output are.
 *
 * What is secret is typed in silence: the terminal shows nothing, and shows everything again whatever ends the
 * silence. A signal that would end the program (Ctrl-C) waits until then, and ends it after that.
 */
#ifndef CEXLUKS_CLI_TERMINAL_H
#define CEXLUKS_CLI_TERMINAL_H

#include <signal.h>
#include <stddef.h>
#include <termios.h>

#include "base/attributes.h"
#include "base/secret.h"

/* The terminal of this process; the caller closes it. -errno: there is none. */
int terminal_open(int *ret) _must_check_;

/**
 * terminal_ask() - one line that may be seen
 * @to: without its newline; "" for Enter alone
 *
 * Return: 0; -ENODATA when the terminal has nothing more to say (Ctrl-D); -EFBIG when the line does not fit; -errno.
 */
int terminal_ask(int fd, const char *question, char *to, size_t size) _must_check_;

/* What would end the program (Ctrl-C) waits until it is released. @before: for that. */
void terminal_hold_signals(sigset_t *before);
void terminal_release_signals(const sigset_t *before);

struct silence {
	struct termios before;
	sigset_t mask;
	int fd;	     /* the terminal; -1: it was not made silent */
	int signals; /* readable when one of those waits that end the program */
};
#define SILENCE_NONE ((struct silence){ .fd = -1, .signals = -1 })

/* @silence: SILENCE_NONE, declared with _cleanup_silence_. */
int silence_begin(int fd, struct silence *silence) _must_check_;
void silence_end(struct silence *silence);
#define _cleanup_silence_ _cleanup_(silence_end)

/**
 * silence_ask() - one line that nobody sees
 * @max: bytes it may have
 * @ret: owned by the caller
 *
 * Return: 0; -ENODATA for Enter alone; -EFBIG; -EINTR when a signal wants to end the program; -errno.
 */
int silence_ask(const struct silence *silence, const char *question, size_t max, struct secret **ret) _must_check_;

#endif
