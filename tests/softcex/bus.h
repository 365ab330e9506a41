/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The AP bus as the driver core and user space see it: /sys/bus/ap, /sys/devices/ap, uevents.
 *
 * Its own mutex serializes what comes and goes; none of these may be called under model_lock.
 */
#ifndef SOFTCEX_BUS_H
#define SOFTCEX_BUS_H

#ifdef __KERNEL__
#include "model.h"

/**
 * bus_start() - make the bus, still empty
 *
 * Return: 0; -EEXIST where a real AP bus is.
 */
int bus_start(void);
void bus_stop(void);

/** bus_scanned() - count a scan; the first one is announced as INITSCAN=done */
void bus_scanned(void);

/* zcrypt_cex4's half */
int bus_drivers_start(void);
void bus_drivers_stop(void);

/**
 * bus_add_card() - as if it had been plugged in
 * @type: "CEX8C": generation 4 to 8, then C (CCA), P (EP11) or A (accelerator)
 *
 * Return: 0, -EEXIST, -EINVAL, -ENODEV without a bus, -ENOMEM.
 */
int bus_add_card(u16 id, const char *type);

/** bus_add_queue() - with its CUR (and OLD, NEW) master key as configured. @driver: who may bind */
int bus_add_queue(struct apqn apqn, const char *master_keys, enum ap_driver driver);

/** bus_remove_card() - with its queues. Return: 0 or -ENODEV. */
int bus_remove_card(u16 id);
int bus_remove_queue(struct apqn apqn);

/** bus_set_driver() - unbind, then let another one bind */
int bus_set_driver(struct apqn apqn, enum ap_driver driver, const char *status);

/* change events */
void bus_event_online(struct device *dev, bool online);
void bus_event_config(struct device *dev, bool config);

/** bus_wait_bindings() - as pkey does before it talks to a card: once in its life, for at most bindings_wait seconds */
void bus_wait_bindings(void);

extern const struct attribute_group *bus_groups[];
extern const struct attribute_group *card_groups[];
extern const struct attribute_group *card_driver_groups[];
extern const struct attribute_group *queue_groups[];
extern const struct attribute_group *queue_driver_groups[];
extern const struct attribute_group *queue_vfio_groups[];

/** bus_count_bindings() - queue devices, and those with a driver. Return: complete? */
bool bus_count_bindings(unsigned int *ret_bound, unsigned int *ret_queues);
unsigned int bus_scans(void);
unsigned int bus_complete_count(void);

#define to_card(d)  container_of(d, struct ap_card, dev)
#define to_queue(d) container_of(d, struct ap_queue, dev)
bool bus_is_card(const struct device *dev);

#endif /* __KERNEL__ */
#endif
