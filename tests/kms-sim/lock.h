/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One lock for all that requests can change (keys, tokens, fault rules). Handlers run one at a
 * time under it; waiting and sending happen outside, so a slow reply holds nobody else up.
 */
#ifndef SIM_LOCK_H
#define SIM_LOCK_H

void lock_take(void);
void lock_give(void);

#endif
