/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cards and queues that this machine pretends to have, with their states and master keys.
 *
 * Everything in these structs is guarded by model_lock, except the devices themselves, which the driver core
 * counts. Never register or unregister a device under the lock: attributes being read take it.
 */
#ifndef SOFTCEX_MODEL_H
#define SOFTCEX_MODEL_H

#ifdef __KERNEL__
#include <linux/device.h>
#include <linux/list.h>
#include <linux/mutex.h>

#include "wrap.h"

#define AP_CARD_MAX   256
#define AP_DOMAIN_MAX 256
#define AP_ANY	      0xffff
#define MODEL_APQNS   64 /* the real driver knows no more either */

enum ap_mode { AP_CCA, AP_EP11, AP_ACCEL };
enum ap_driver { AP_DRIVER_CEX, AP_DRIVER_VFIO, AP_DRIVER_NONE };

enum mk_register { MK_CUR, MK_OLD, MK_NEW, MK_REGISTERS };
enum mk_state {
	MK_EMPTY,   /* CUR, OLD: invalid */
	MK_PARTIAL, /* NEW only; EP11: uncommitted */
	MK_FULL,    /* CUR, OLD: valid; EP11 NEW: committed */
};

struct master_key {
	enum mk_state state;
	u8 key[MASTER_KEY_SIZE]; /* of the kind that fits the card's mode */
	u8 apka[MASTER_KEY_SIZE];
	u8 asym[MASTER_KEY_SIZE];
};

struct ap_card {
	struct device dev;
	struct list_head node, queues;
	u16 id;
	u8 hwtype;	/* 10 to 14: CEX4 to CEX8 */
	enum ap_mode mode;
	bool online, config, chkstop, bound;
	u64 requests;
	char serial[17];
};

struct ap_queue {
	struct device dev;
	struct list_head node;
	struct ap_card *card; /* outlives the queue: its device is the parent */
	u16 domain;
	enum ap_driver driver; /* which one may bind */
	const char *status;    /* what vfio_ap says */
	bool online, config, chkstop, bound;
	u64 requests;
	struct master_key mk[MK_REGISTERS];
};

struct apqn {
	u16 card, domain;
};

/** Which queues an operation may go to. */
struct queue_filter {
	enum ap_mode mode;
	u8 min_hwtype;
	struct apqn apqn; /* AP_ANY allowed in both */
	enum mk_register reg;
	const u8 *pattern; /* NULL: any; CUR must be valid in each case */
	size_t pattern_size;
};

extern struct mutex model_lock;
extern struct list_head model_cards;

struct ap_card *model_card(u16 id);
struct ap_queue *model_queue(u16 card, u16 domain);

bool model_card_online(const struct ap_card *card);
bool model_queue_online(const struct ap_queue *queue);

/** model_pattern() - a register's verification pattern; zeros unless MK_FULL */
void model_pattern(const struct ap_queue *queue, enum mk_register reg, u8 ret[MASTER_KEY_PATTERN]);

/**
 * model_find() - usable queues that a filter lets through
 * @ret: filled with at most @n, may be NULL
 *
 * Return: how many there are, which may be more than @n.
 */
size_t model_find(const struct queue_filter *filter, struct apqn *ret, size_t n);

/**
 * model_master_key() - load a register, or empty it
 * @name: see master_key_derive(); "-" empties
 *
 * Return: 0, or -EINVAL.
 */
int model_master_key(struct ap_queue *queue, enum mk_register reg, enum mk_state state, const char *name);

/** model_rotate() - OLD becomes CUR, CUR becomes NEW, NEW is empty. Return: -ENODATA unless NEW is full. */
int model_rotate(struct ap_queue *queue);

/** model_used() - count a request, as users of lszcrypt watch it */
void model_used(struct ap_queue *queue);

#endif /* __KERNEL__ */
#endif
