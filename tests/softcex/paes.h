/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ecb, cbc, ctr and xts of paes for the kernel's crypto API.
 */
#ifndef SOFTCEX_PAES_H
#define SOFTCEX_PAES_H

struct module;

int paes_start(struct module *owner);
void paes_stop(void);

/**
 * paes_invalidate() - protected keys in use became void (migration): convert all again, now
 *
 * Keys that no card can convert make their users' I/O fail until one can.
 */
void paes_invalidate(void);

/** paes_retry() - cards have changed: maybe they can convert what failed before */
void paes_retry(void);

#endif
