/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words in colour on standard output, if that is a terminal, and nobody said NO_COLOR.
 */
#ifndef CEXLUKS_CLI_PAINT_H
#define CEXLUKS_CLI_PAINT_H

enum paint {
	PAINT_GOOD,
	PAINT_WARNING,
	PAINT_BAD,
};

/* Prints @word. */
void paint(enum paint colour, const char *word);

#endif
