/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/paint.h"

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"

void paint(enum paint colour, const char *word)
{
	static const int codes[] = { [PAINT_GOOD] = 32, [PAINT_WARNING] = 33, [PAINT_BAD] = 31 };

	if (log_has_colours() && isatty(STDOUT_FILENO))
		printf("\033[%dm%s\033[0m", codes[colour], word);
	else
		printf("%s", word);
}
