/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/pkey.
 */
#ifndef SOFTCEX_PKEY_DEVICE_H
#define SOFTCEX_PKEY_DEVICE_H

struct module;

int pkey_device_start(struct module *owner);
void pkey_device_stop(void);

#endif
