// SPDX-License-Identifier: GPL-2.0
/* Attributes of /sys/bus/ap. Masks and the like are what a small LPAR shows; writing most of them changes nothing. */
#include <linux/version.h>

#include "bus.h"

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
typedef const struct bus_type bus_arg;
#else
typedef struct bus_type bus_arg;
#endif

#define BUS_TEXT(name, text)                                \
	static ssize_t name##_show(bus_arg *bus, char *buf) \
	{                                                   \
		return sysfs_emit(buf, "%s\n", text);       \
	}                                                   \
	static BUS_ATTR_RO(name)

BUS_TEXT(ap_max_domain_id, "255");
BUS_TEXT(ap_max_adapter_id, "255");
BUS_TEXT(ap_interrupts, "1");
BUS_TEXT(config_time, "30");
BUS_TEXT(poll_thread, "0");
BUS_TEXT(poll_timeout, "250000");
BUS_TEXT(features, "APSC APXA QACT RC8A ");
#define ALL_ONES "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
BUS_TEXT(apmask, ALL_ONES);
BUS_TEXT(aqmask, ALL_ONES);

/* bit 0 is the leftmost */
static ssize_t emit_mask(char *buf, const u8 mask[32])
{
	return sysfs_emit(buf, "0x%*phN\n", 32, mask);
}

static void domains(u8 mask[32], int *ret_first)
{
	struct ap_card *card;
	struct ap_queue *queue;

	memset(mask, 0, 32);
	*ret_first = -1;
	mutex_lock(&model_lock);
	list_for_each_entry(card, &model_cards, node) {
		list_for_each_entry(queue, &card->queues, node) {
			mask[queue->domain / 8] |= 0x80 >> queue->domain % 8;
			if (*ret_first < 0 || queue->domain < *ret_first)
				*ret_first = queue->domain;
		}
	}
	mutex_unlock(&model_lock);
}

static ssize_t ap_domain_show(bus_arg *bus, char *buf)
{
	u8 mask[32];
	int first;

	domains(mask, &first);
	return sysfs_emit(buf, "%d\n", first);
}
static BUS_ATTR_RO(ap_domain);

static ssize_t ap_usage_domain_mask_show(bus_arg *bus, char *buf)
{
	u8 mask[32];
	int first;

	domains(mask, &first);
	return emit_mask(buf, mask);
}
static BUS_ATTR_RO(ap_usage_domain_mask);

static ssize_t ap_control_domain_mask_show(bus_arg *bus, char *buf)
{
	return ap_usage_domain_mask_show(bus, buf);
}
static BUS_ATTR_RO(ap_control_domain_mask);

static ssize_t ap_adapter_mask_show(bus_arg *bus, char *buf)
{
	struct ap_card *card;
	u8 mask[32] = { 0 };

	mutex_lock(&model_lock);
	list_for_each_entry(card, &model_cards, node)
		mask[card->id / 8] |= 0x80 >> card->id % 8;
	mutex_unlock(&model_lock);
	return emit_mask(buf, mask);
}
static BUS_ATTR_RO(ap_adapter_mask);

static ssize_t scans_show(bus_arg *bus, char *buf)
{
	return sysfs_emit(buf, "%u\n", bus_scans());
}

static ssize_t scans_store(bus_arg *bus, const char *buf, size_t count)
{
	/* before the first scan the real bus ignores this */
	if (bus_scans() > 0)
		bus_scanned();
	return count;
}
static BUS_ATTR_RW(scans);

static ssize_t bindings_show(bus_arg *bus, char *buf)
{
	unsigned int bound, queues;
	bool complete = bus_count_bindings(&bound, &queues);

	return sysfs_emit(buf, "%u/%u%s\n", bound, queues, complete ? " (complete)" : "");
}
static BUS_ATTR_RO(bindings);

static ssize_t bindings_complete_count_show(bus_arg *bus, char *buf)
{
	return sysfs_emit(buf, "%u\n", bus_complete_count());
}
static BUS_ATTR_RO(bindings_complete_count);

static struct attribute *attributes[] = {
	&bus_attr_ap_domain.attr,
	&bus_attr_ap_max_domain_id.attr,
	&bus_attr_ap_max_adapter_id.attr,
	&bus_attr_ap_usage_domain_mask.attr,
	&bus_attr_ap_control_domain_mask.attr,
	&bus_attr_ap_adapter_mask.attr,
	&bus_attr_ap_interrupts.attr,
	&bus_attr_config_time.attr,
	&bus_attr_poll_thread.attr,
	&bus_attr_poll_timeout.attr,
	&bus_attr_apmask.attr,
	&bus_attr_aqmask.attr,
	&bus_attr_scans.attr,
	&bus_attr_bindings.attr,
	&bus_attr_bindings_complete_count.attr,
	&bus_attr_features.attr,
	NULL,
};

static const struct attribute_group group = {
	.attrs = attributes,
};

const struct attribute_group *bus_groups[] = { &group, NULL };
