/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One AP queue: a domain of a card, with the master keys in it.
 * Source: drivers/s390/crypto/{ap_queue,zcrypt_queue,zcrypt_cex4,vfio_ap_ops}.c of Linux 6.x.
 */
#ifndef CEXLUKS_CEX_QUEUE_H
#define CEXLUKS_CEX_QUEUE_H

#include "base/attributes.h"
#include "cex/apqn.h"
#include "cex/device.h"
#include "cex/masterkey.h"

struct cex_queue {
	struct cex_apqn apqn;
	struct cex_device device;
	int64_t functions;		/* ap_functions, a newer file; -1: not there or unreadable */
	struct cex_master_keys masters; /* of served and online queues only */
};

/**
 * cex_queue_load() - one queue as it is now
 * @card: folder of its card
 * @online: the card is online: look into the registers, which sends a request to it
 *
 * Files that vanish or hold something else while being read leave their value unknown.
 *
 * Return: 0 or -ENAMETOOLONG.
 */
int cex_queue_load(const struct cex_place *card, struct cex_apqn apqn, bool online,
		   struct cex_queue *ret) _must_check_;

/* lszcrypt's SESTAT: "usable", "bound", "unbound", "illicit", "invalid", "error". Static. */
const char *cex_queue_se_state(const struct cex_queue *queue);

#endif
