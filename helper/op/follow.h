/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands that must follow on this machine before the next boot knows of a change.
 */
#ifndef CEXLUKS_OP_FOLLOW_H
#define CEXLUKS_OP_FOLLOW_H

/* Calls @print with each command line, in order; looks at what is installed, changes nothing. */
void op_follow(void (*print)(const char *command, void *userdata), void *userdata);

#endif
