// SPDX-License-Identifier: GPL-2.0
/* Attributes of cards: those of the bus, and those that only the zcrypt driver brings. */
#include "bus.h"

static const u32 functions[] = {
	[AP_CCA] = 0x92800000,
	[AP_EP11] = 0x86800000,
	[AP_ACCEL] = 0x8a800000,
};

static const char letters[] = { [AP_CCA] = 'C', [AP_EP11] = 'P', [AP_ACCEL] = 'A' };

#define CARD_SHOW(name, format, ...)                                                               \
	static ssize_t name##_show(struct device *dev, struct device_attribute *attr, char *buf)   \
	{                                                                                          \
		const struct ap_card *card = to_card(dev);                                         \
		ssize_t n;                                                                         \
                                                                                                   \
		mutex_lock(&model_lock);                                                           \
		(void)card;                                                                        \
		n = sysfs_emit(buf, format "\n", ##__VA_ARGS__);                                   \
		mutex_unlock(&model_lock);                                                         \
		return n;                                                                          \
	}

CARD_SHOW(hwtype, "%d", card->hwtype)
CARD_SHOW(raw_hwtype, "%d", card->hwtype)
CARD_SHOW(ap_functions, "0x%08X", functions[card->mode])
/* the hardware's field: one less than a queue holds, and than lszcrypt says */
CARD_SHOW(depth, "7")
CARD_SHOW(request_count, "%llu", card->requests)
CARD_SHOW(requestq_count, "0")
CARD_SHOW(pendingq_count, "0")
CARD_SHOW(modalias, "ap:t%02X", card->hwtype)
CARD_SHOW(max_msg_size, "12288")
CARD_SHOW(config, "%d", card->config)
CARD_SHOW(chkstop, "%d", card->chkstop)
CARD_SHOW(type, "CEX%d%c", card->hwtype - 6, letters[card->mode])
CARD_SHOW(online, "%d", model_card_online(card))
CARD_SHOW(load, "0")
CARD_SHOW(serialnr, "%s", card->serial)
CARD_SHOW(API_ordinalnr, "%d", card->hwtype >= 13 ? 6 : 4)
CARD_SHOW(FW_version, "%d.1", card->hwtype - 6)
CARD_SHOW(op_modes, "FIPS2009 BSI2009 FIPS2011 BSI2011")

/* any write resets, for the card and its queues */
static ssize_t request_count_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t count)
{
	struct ap_card *card = to_card(dev);
	struct ap_queue *queue;

	mutex_lock(&model_lock);
	card->requests = 0;
	list_for_each_entry(queue, &card->queues, node)
		queue->requests = 0;
	mutex_unlock(&model_lock);
	return count;
}

static ssize_t config_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t count)
{
	struct ap_card *card = to_card(dev);
	bool value;

	if (kstrtobool(buf, &value))
		return -EINVAL;
	mutex_lock(&model_lock);
	card->config = value;
	mutex_unlock(&model_lock);
	bus_event_config(dev, value);
	return count;
}

static ssize_t online_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t count)
{
	struct ap_card *card = to_card(dev);
	bool value, possible;

	if (kstrtobool(buf, &value))
		return -EINVAL;
	mutex_lock(&model_lock);
	possible = !value || (card->config && !card->chkstop);
	if (possible)
		card->online = value;
	mutex_unlock(&model_lock);
	if (!possible)
		return -ENODEV;
	bus_event_online(dev, value);
	return count;
}

static DEVICE_ATTR_RO(hwtype);
static DEVICE_ATTR_RO(raw_hwtype);
static DEVICE_ATTR_RO(ap_functions);
static DEVICE_ATTR_RO(depth);
static DEVICE_ATTR_RW(request_count);
static DEVICE_ATTR_RO(requestq_count);
static DEVICE_ATTR_RO(pendingq_count);
static DEVICE_ATTR_RO(modalias);
static DEVICE_ATTR_RO(max_msg_size);
static DEVICE_ATTR_RW(config);
static DEVICE_ATTR_RO(chkstop);
static DEVICE_ATTR_RO(type);
static DEVICE_ATTR_RW(online);
static DEVICE_ATTR_RO(load);
static DEVICE_ATTR_RO(serialnr);
static DEVICE_ATTR_RO(API_ordinalnr);
static DEVICE_ATTR_RO(FW_version);
static DEVICE_ATTR_RO(op_modes);

static struct attribute *bus_attributes[] = {
	&dev_attr_hwtype.attr,
	&dev_attr_raw_hwtype.attr,
	&dev_attr_ap_functions.attr,
	&dev_attr_depth.attr,
	&dev_attr_request_count.attr,
	&dev_attr_requestq_count.attr,
	&dev_attr_pendingq_count.attr,
	&dev_attr_modalias.attr,
	&dev_attr_max_msg_size.attr,
	&dev_attr_config.attr,
	&dev_attr_chkstop.attr,
	NULL,
};

static struct attribute *driver_attributes[] = {
	&dev_attr_type.attr,
	&dev_attr_online.attr,
	&dev_attr_load.attr,
	&dev_attr_serialnr.attr,
	&dev_attr_API_ordinalnr.attr,
	&dev_attr_FW_version.attr,
	&dev_attr_op_modes.attr,
	NULL,
};

static umode_t driver_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	enum ap_mode mode = to_card(kobj_to_dev(kobj))->mode;

	if (attr == &dev_attr_serialnr.attr)
		return mode == AP_ACCEL ? 0 : attr->mode;
	if (attr == &dev_attr_API_ordinalnr.attr || attr == &dev_attr_FW_version.attr || attr == &dev_attr_op_modes.attr)
		return mode == AP_EP11 ? attr->mode : 0;
	return attr->mode;
}

static const struct attribute_group bus_group = {
	.attrs = bus_attributes,
};

static const struct attribute_group driver_group = {
	.attrs = driver_attributes,
	.is_visible = driver_visible,
};

const struct attribute_group *card_groups[] = { &bus_group, NULL };
const struct attribute_group *card_driver_groups[] = { &driver_group, NULL };
