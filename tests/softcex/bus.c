// SPDX-License-Identifier: GPL-2.0
/*
 * The AP bus: devices, drivers, events.
 *
 * Source: Linux drivers/s390/crypto/ap_bus.c, ap_card.c, ap_queue.c (names, uevents, order of things).
 */
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/version.h>
#include <linux/wait.h>

#include "bus.h"
#include "knobs.h"

static DEFINE_MUTEX(bus_mutex);
static struct device *root;
static DECLARE_WAIT_QUEUE_HEAD(bindings_queue);
static unsigned int scans, complete_count;
static bool complete_announced, waited, vfio_registered;

static void announce_work(struct work_struct *work);
static DECLARE_WORK(announce, announce_work);

static void card_release(struct device *dev)
{
	kfree(to_card(dev));
}

static void queue_release(struct device *dev)
{
	kfree_sensitive(to_queue(dev));
}

static const struct device_type card_type = {
	.name = "ap_card",
	.groups = card_groups,
	.release = card_release,
};

static const struct device_type queue_type = {
	.name = "ap_queue",
	.groups = queue_groups,
	.release = queue_release,
};

bool bus_is_card(const struct device *dev)
{
	return dev->type == &card_type;
}

static bool bus_is_queue(const struct device *dev)
{
	return dev->type == &queue_type;
}

/* --- drivers ---------------------------------------------------------------------------------- */

static struct device_driver card_driver, queue_driver, vfio_driver;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
static int bus_match(struct device *dev, const struct device_driver *driver)
#else
static int bus_match(struct device *dev, struct device_driver *driver)
#endif
{
	if (bus_is_card(dev))
		return driver == &card_driver;
	if (!bus_is_queue(dev))
		return 0;
	switch (READ_ONCE(to_queue(dev)->driver)) {
	case AP_DRIVER_CEX:
		return driver == &queue_driver;
	case AP_DRIVER_VFIO:
		return driver == &vfio_driver;
	default:
		return 0;
	}
}

static void set_bound(struct device *dev, bool bound)
{
	mutex_lock(&model_lock);
	if (bus_is_card(dev))
		to_card(dev)->bound = bound;
	else
		to_queue(dev)->bound = bound;
	mutex_unlock(&model_lock);
	schedule_work(&announce);
}

static int bus_probe(struct device *dev)
{
	set_bound(dev, true);
	return 0;
}

static void bus_remove(struct device *dev)
{
	set_bound(dev, false);
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
static int bus_uevent(const struct device *dev, struct kobj_uevent_env *env)
#else
static int bus_uevent(struct device *dev, struct kobj_uevent_env *env)
#endif
{
	static const char *const words[] = { [AP_CCA] = "cca", [AP_EP11] = "ep11", [AP_ACCEL] = "accel" };
	int r = 0;

	if (bus_is_card(dev)) {
		const struct ap_card *card = to_card(dev);

		r = add_uevent_var(env, "DEV_TYPE=%04X", card->hwtype);
		if (r == 0)
			r = add_uevent_var(env, "MODALIAS=ap:t%02X", card->hwtype);
		if (r == 0)
			r = add_uevent_var(env, "MODE=%s", words[card->mode]);
	} else if (bus_is_queue(dev)) {
		r = add_uevent_var(env, "MODE=%s", words[to_queue(dev)->card->mode]);
	}
	return r;
}

static struct bus_type ap_bus = {
	.name = "ap",
	.match = bus_match,
	.probe = bus_probe,
	.remove = bus_remove,
	.uevent = bus_uevent,
	.bus_groups = bus_groups,
};

static struct device_driver card_driver = {
	.name = "cex4card",
	.bus = &ap_bus,
	.owner = THIS_MODULE,
	.dev_groups = card_driver_groups,
};

static struct device_driver queue_driver = {
	.name = "cex4queue",
	.bus = &ap_bus,
	.owner = THIS_MODULE,
	.dev_groups = queue_driver_groups,
};

static struct device_driver vfio_driver = {
	.name = "vfio_ap",
	.bus = &ap_bus,
	.owner = THIS_MODULE,
	.dev_groups = queue_vfio_groups,
	.suppress_bind_attrs = true,
};

int bus_drivers_start(void)
{
	int r;

	if (!root)
		return -ENODEV;
	r = driver_register(&card_driver);
	if (r < 0)
		return r;
	r = driver_register(&queue_driver);
	if (r < 0)
		driver_unregister(&card_driver);
	return r;
}

void bus_drivers_stop(void)
{
	driver_unregister(&queue_driver);
	driver_unregister(&card_driver);
}

/* --- events ----------------------------------------------------------------------------------- */

static int count_queue(struct device *dev, void *data)
{
	unsigned int *counts = data;

	if (bus_is_queue(dev)) {
		counts[0]++;
		if (READ_ONCE(to_queue(dev)->bound))
			counts[1]++;
	}
	return 0;
}

bool bus_count_bindings(unsigned int *ret_bound, unsigned int *ret_queues)
{
	unsigned int counts[2] = { 0, 0 };

	bus_for_each_dev(&ap_bus, NULL, counts, count_queue);
	*ret_queues = counts[0];
	*ret_bound = counts[1];
	return READ_ONCE(scans) >= 1 && counts[0] == counts[1];
}

unsigned int bus_scans(void)
{
	return READ_ONCE(scans);
}

unsigned int bus_complete_count(void)
{
	return READ_ONCE(complete_count);
}

static void announce_work(struct work_struct *work)
{
	unsigned int bound, queues;
	char count[32];
	char *env[] = { "BINDINGS=complete", count, NULL };

	if (!bus_count_bindings(&bound, &queues)) {
		WRITE_ONCE(complete_announced, false);
		return;
	}
	if (complete_announced)
		return;
	WRITE_ONCE(complete_announced, true);
	snprintf(count, sizeof(count), "COMPLETECOUNT=%u", ++complete_count);
	kobject_uevent_env(&root->kobj, KOBJ_CHANGE, env);
	wake_up_all(&bindings_queue);
}

void bus_scanned(void)
{
	char *env[] = { "INITSCAN=done", NULL };

	if (!root)
		return;
	if (scans++ == 0)
		kobject_uevent_env(&root->kobj, KOBJ_CHANGE, env);
	schedule_work(&announce);
}

void bus_wait_bindings(void)
{
	if (!root || READ_ONCE(waited))
		return;
	wait_event_killable_timeout(bindings_queue, READ_ONCE(complete_announced), knob_bindings_wait * HZ);
	WRITE_ONCE(waited, true);
}

static void event(struct device *dev, const char *name, bool value)
{
	char word[16];
	char *env[] = { word, NULL };

	snprintf(word, sizeof(word), "%s=%d", name, value);
	kobject_uevent_env(&dev->kobj, KOBJ_CHANGE, env);
}

void bus_event_online(struct device *dev, bool online)
{
	event(dev, "ONLINE", online);
}

void bus_event_config(struct device *dev, bool config)
{
	event(dev, "CONFIG", config);
}

/* --- coming and going -------------------------------------------------------------------------- */

static int parse_type(const char *type, u8 *ret_hwtype, enum ap_mode *ret_mode)
{
	if (strncmp(type, "CEX", 3) != 0 || type[3] < '4' || type[3] > '8' || !type[4] || type[5])
		return -EINVAL;
	*ret_hwtype = type[3] - '4' + 10;
	switch (type[4]) {
	case 'C':
		*ret_mode = AP_CCA;
		return 0;
	case 'P':
		*ret_mode = AP_EP11;
		return 0;
	case 'A':
		*ret_mode = AP_ACCEL;
		return 0;
	default:
		return -EINVAL;
	}
}

/* Put into the model first, or attributes could be read of a device that the model does not know. */
static int publish(struct device *dev, struct list_head *node, struct list_head *list)
{
	int r;

	mutex_lock(&model_lock);
	list_add_tail(node, list);
	mutex_unlock(&model_lock);
	r = device_add(dev);
	if (r < 0) {
		mutex_lock(&model_lock);
		list_del(node);
		mutex_unlock(&model_lock);
		put_device(dev);
	}
	schedule_work(&announce);
	return r;
}

int bus_add_card(u16 id, const char *type)
{
	struct ap_card *card;
	int r;

	if (!root)
		return -ENODEV;
	if (id >= AP_CARD_MAX)
		return -EINVAL;
	card = kzalloc(sizeof(*card), GFP_KERNEL);
	if (!card)
		return -ENOMEM;
	r = parse_type(type, &card->hwtype, &card->mode);
	if (r < 0) {
		kfree(card);
		return r;
	}
	mutex_lock(&bus_mutex);
	device_initialize(&card->dev);
	card->dev.type = &card_type;
	card->dev.bus = &ap_bus;
	card->dev.parent = root;
	card->id = id;
	card->online = card->config = true;
	INIT_LIST_HEAD(&card->queues);
	snprintf(card->serial, sizeof(card->serial), card->mode == AP_EP11 ? "SOFTCEX0%08u" : "SOFT%04u", id);
	mutex_lock(&model_lock);
	r = model_card(id) ? -EEXIST : 0;
	mutex_unlock(&model_lock);
	if (r == 0)
		r = dev_set_name(&card->dev, "card%02x", id);
	if (r == 0)
		r = publish(&card->dev, &card->node, &model_cards);
	else
		put_device(&card->dev);
	mutex_unlock(&bus_mutex);
	return r;
}

/* @words: "CUR/OLD/NEW", the last two may be missing, "-" for an empty register */
static int load_master_keys(struct ap_queue *queue, const char *words)
{
	char buffer[220], *rest = buffer, *word;
	int reg = 0, r = 0;

	if (strscpy(buffer, words, sizeof(buffer)) < 0)
		return -EINVAL;
	while (r == 0 && (word = strsep(&rest, "/"))) {
		if (reg == MK_REGISTERS)
			return -EINVAL;
		r = model_master_key(queue, reg++, MK_FULL, word);
	}
	return r;
}

int bus_add_queue(struct apqn apqn, const char *master_keys, enum ap_driver driver)
{
	struct ap_queue *queue;
	struct ap_card *card;
	int r = 0;

	if (!root)
		return -ENODEV;
	if (apqn.domain >= AP_DOMAIN_MAX)
		return -EINVAL;
	queue = kzalloc(sizeof(*queue), GFP_KERNEL);
	if (!queue)
		return -ENOMEM;
	mutex_lock(&bus_mutex);
	mutex_lock(&model_lock);
	card = model_card(apqn.card);
	if (!card)
		r = -ENODEV;
	else if (model_queue(apqn.card, apqn.domain))
		r = -EEXIST;
	queue->card = card;
	if (r == 0)
		r = load_master_keys(queue, master_keys);
	mutex_unlock(&model_lock);
	if (r < 0) {
		mutex_unlock(&bus_mutex);
		kfree_sensitive(queue);
		return r;
	}
	device_initialize(&queue->dev);
	queue->dev.type = &queue_type;
	queue->dev.bus = &ap_bus;
	queue->dev.parent = &card->dev;
	queue->domain = apqn.domain;
	queue->driver = driver;
	queue->status = "in use";
	queue->online = queue->config = true;
	r = dev_set_name(&queue->dev, "%02x.%04x", apqn.card, apqn.domain);
	if (r == 0)
		r = publish(&queue->dev, &queue->node, &card->queues);
	else
		put_device(&queue->dev);
	mutex_unlock(&bus_mutex);
	return r;
}

static void unregister_queue(struct ap_queue *queue)
{
	mutex_lock(&model_lock);
	list_del(&queue->node);
	mutex_unlock(&model_lock);
	device_unregister(&queue->dev);
	schedule_work(&announce);
}

static void unregister_card(struct ap_card *card)
{
	struct ap_queue *queue, *next;

	/* only we change the lists, under bus_mutex: reading them needs no model_lock here */
	list_for_each_entry_safe(queue, next, &card->queues, node)
		unregister_queue(queue);
	mutex_lock(&model_lock);
	list_del(&card->node);
	mutex_unlock(&model_lock);
	device_unregister(&card->dev);
}

int bus_remove_card(u16 id)
{
	struct ap_card *card;

	mutex_lock(&bus_mutex);
	card = model_card(id);
	if (card)
		unregister_card(card);
	mutex_unlock(&bus_mutex);
	return card ? 0 : -ENODEV;
}

int bus_remove_queue(struct apqn apqn)
{
	struct ap_queue *queue;

	mutex_lock(&bus_mutex);
	queue = model_queue(apqn.card, apqn.domain);
	if (queue)
		unregister_queue(queue);
	mutex_unlock(&bus_mutex);
	return queue ? 0 : -ENODEV;
}

int bus_set_driver(struct apqn apqn, enum ap_driver driver, const char *status)
{
	struct ap_queue *queue;
	int r = -ENODEV;

	mutex_lock(&bus_mutex);
	queue = model_queue(apqn.card, apqn.domain);
	if (queue) {
		device_release_driver(&queue->dev);
		mutex_lock(&model_lock);
		queue->driver = driver;
		queue->status = status;
		mutex_unlock(&model_lock);
		r = device_attach(&queue->dev);
		if (r > 0)
			r = 0;
	}
	mutex_unlock(&bus_mutex);
	return r;
}

int bus_start(void)
{
	int r = bus_register(&ap_bus);

	if (r < 0)
		return r;
	root = root_device_register("ap");
	if (IS_ERR(root)) {
		r = PTR_ERR(root);
		root = NULL;
		bus_unregister(&ap_bus);
		return r;
	}
	/* without a bus of its own, the root's events would not reach user space; the real one does the same */
	root->bus = &ap_bus;
	r = driver_register(&vfio_driver);
	vfio_registered = r == 0;
	return 0;
}

void bus_stop(void)
{
	struct ap_card *card, *next;

	if (!root)
		return;
	mutex_lock(&bus_mutex);
	list_for_each_entry_safe(card, next, &model_cards, node)
		unregister_card(card);
	mutex_unlock(&bus_mutex);
	cancel_work_sync(&announce);
	if (vfio_registered)
		driver_unregister(&vfio_driver);
	root->bus = NULL;
	root_device_unregister(root);
	root = NULL;
	bus_unregister(&ap_bus);
}
