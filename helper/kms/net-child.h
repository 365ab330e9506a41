/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The net child: what runs when the program is started as "cexluks net-child" with the socket pair
 * as descriptor 3. Not for people; main.c dispatches here before anything else.
 */
#ifndef CEXLUKS_KMS_NET_CHILD_H
#define CEXLUKS_KMS_NET_CHILD_H

/* Descriptor of the socket pair in the child. */
#define NET_CHILD_FD 3

/* argv[1] that selects the child. */
#define NET_CHILD_VERB "net-child"

/* Serves until the core closes its end. Return: exit code. */
int net_child_main(void);

#endif
