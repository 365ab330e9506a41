/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands that must follow on this machine before the next boot knows of a change. Looks at what
 * is installed, changes nothing.
 */
#ifndef CEXLUKS_OP_FOLLOW_H
#define CEXLUKS_OP_FOLLOW_H

/* Gets one line: a command, or what to write where. */
typedef void (*op_follow_fn)(const char *line, void *userdata);

/* Calls @print for each command, in order. @sysroot: "" or a tree in place of /. */
void op_follow(const char *sysroot, op_follow_fn print, void *userdata);

/* The same for a volume that is new: how it gets a file system, and becomes part of the machine. */
void op_follow_new(const char *sysroot, const char *device, const char *uuid, op_follow_fn print,
		   void *userdata);

#endif
