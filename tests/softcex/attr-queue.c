// SPDX-License-Identifier: GPL-2.0
/* Attributes of queues: those of the bus, of the zcrypt driver, and of vfio_ap. */
#include "bus.h"
#include "knobs.h"

#define QUEUE_SHOW(name, format, ...)                                                            \
	static ssize_t name##_show(struct device *dev, struct device_attribute *attr, char *buf) \
	{                                                                                        \
		const struct ap_queue *queue = to_queue(dev);                                    \
		ssize_t n;                                                                       \
                                                                                                 \
		mutex_lock(&model_lock);                                                         \
		(void)queue;                                                                     \
		n = sysfs_emit(buf, format "\n", ##__VA_ARGS__);                                 \
		mutex_unlock(&model_lock);                                                       \
		return n;                                                                        \
	}

QUEUE_SHOW(request_count, "%llu", queue->requests)
QUEUE_SHOW(requestq_count, "0")
QUEUE_SHOW(pendingq_count, "0")
QUEUE_SHOW(config, "%d", queue->config && queue->card->config)
QUEUE_SHOW(chkstop, "%d", queue->chkstop || queue->card->chkstop)
QUEUE_SHOW(interrupt, "Interrupts enabled.")
QUEUE_SHOW(reset, "No Reset Timer set.")
QUEUE_SHOW(online, "%d", model_queue_online(queue))
QUEUE_SHOW(load, "0")
QUEUE_SHOW(op_modes, "FIPS2009 BSI2009 FIPS2011 BSI2011")
QUEUE_SHOW(status, "%s", queue->status)

static ssize_t request_count_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t count)
{
	mutex_lock(&model_lock);
	to_queue(dev)->requests = 0;
	mutex_unlock(&model_lock);
	return count;
}

static ssize_t online_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t count)
{
	struct ap_queue *queue = to_queue(dev);
	bool value;
	int r = 0;

	if (kstrtobool(buf, &value))
		return -EINVAL;
	mutex_lock(&model_lock);
	if (value && (!queue->config || !queue->card->config || queue->chkstop || queue->card->chkstop))
		r = -ENODEV;
	else if (value && !queue->card->online)
		r = -EINVAL;
	else
		queue->online = value;
	mutex_unlock(&model_lock);
	if (r < 0)
		return r;
	bus_event_online(dev, value);
	return count;
}

/* --- mkvps ------------------------------------------------------------------------------------- */

static const char *cca_state(enum mk_register reg, enum mk_state state)
{
	static const char *const fresh[] = { "empty", "partial", "full" };

	if (reg == MK_NEW)
		return fresh[state];
	return state == MK_FULL ? "valid" : "invalid";
}

/* @size: bytes of the pattern that are shown */
static ssize_t cca_line(char *buf, ssize_t at, const struct ap_queue *queue, const char *what, enum mk_register reg,
			size_t size)
{
	static const char *const names[] = { [MK_CUR] = "CUR", [MK_OLD] = "OLD", [MK_NEW] = "NEW" };
	const struct master_key *mk = &queue->mk[reg];
	u8 pattern[MASTER_KEY_PATTERN] = { 0 };

	if (mk->state == MK_FULL) {
		if (what[0] == 'A' && what[1] == 'E')
			master_key_pattern(MASTER_KEY_CCA, mk->key, pattern);
		else if (what[1] == 'P')
			master_key_pattern(MASTER_KEY_APKA, mk->apka, pattern);
		else
			master_key_pattern(MASTER_KEY_ASYM, mk->asym, pattern);
	}
	return sysfs_emit_at(buf, at, "%s %s: %s 0x%*phN\n", what, names[reg], cca_state(reg, mk->state), (int)size,
			     pattern);
}

static ssize_t cca_mkvps(const struct ap_queue *queue, char *buf)
{
	static const enum mk_register order[] = { MK_NEW, MK_CUR, MK_OLD };
	static const char *const words[] = { "AES", "APKA", "ASYM" };
	static const size_t sizes[] = { 8, 8, 16 };
	size_t word, i, shown = knob_asym ? 3 : 2;
	ssize_t n = 0;

	for (word = 0; word < shown; word++)
		for (i = 0; i < ARRAY_SIZE(order); i++)
			n += cca_line(buf, n, queue, words[word], order[i], sizes[word]);
	return n;
}

static ssize_t ep11_mkvps(const struct ap_queue *queue, char *buf)
{
	const struct master_key *cur = &queue->mk[MK_CUR], *fresh = &queue->mk[MK_NEW];
	u8 pattern[MASTER_KEY_PATTERN];
	ssize_t n;

	if (cur->state == MK_FULL) {
		master_key_pattern(MASTER_KEY_EP11, cur->key, pattern);
		n = sysfs_emit(buf, "WK CUR: valid 0x%*phN\n", MASTER_KEY_PATTERN, pattern);
	} else {
		n = sysfs_emit(buf, "WK CUR: invalid -\n");
	}
	if (fresh->state == MK_EMPTY)
		return n + sysfs_emit_at(buf, n, "WK NEW: empty -\n");
	master_key_pattern(MASTER_KEY_EP11, fresh->key, pattern);
	return n + sysfs_emit_at(buf, n, "WK NEW: %s 0x%*phN\n", fresh->state == MK_FULL ? "committed" : "uncommitted",
				 MASTER_KEY_PATTERN, pattern);
}

/* what a card that does not answer leaves behind */
static ssize_t unknown_mkvps(const struct ap_queue *queue, char *buf)
{
	if (queue->card->mode == AP_EP11)
		return sysfs_emit(buf, "WK CUR: - -\nWK NEW: - -\n");
	return sysfs_emit(buf, "AES NEW: - -\nAES CUR: - -\nAES OLD: - -\n"
			       "APKA NEW: - -\nAPKA CUR: - -\nAPKA OLD: - -\n");
}

/* Asks the card, on the real bus, so it may take its time, and counts. */
static ssize_t mkvps_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct ap_queue *queue = to_queue(dev);
	int r = knob_fail(KNOB_MKVPS);
	ssize_t n;

	knob_delay();
	mutex_lock(&model_lock);
	if (r < 0 || !model_queue_online(queue)) {
		n = unknown_mkvps(queue, buf);
	} else {
		model_used(queue);
		n = queue->card->mode == AP_EP11 ? ep11_mkvps(queue, buf) : cca_mkvps(queue, buf);
	}
	mutex_unlock(&model_lock);
	return n;
}

static ssize_t ap_functions_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	static const u32 functions[] = { [AP_CCA] = 0x92800000, [AP_EP11] = 0x86800000, [AP_ACCEL] = 0x8a800000 };

	return sysfs_emit(buf, "0x%08X\n", functions[to_queue(dev)->card->mode]);
}

static DEVICE_ATTR_RW(request_count);
static DEVICE_ATTR_RO(requestq_count);
static DEVICE_ATTR_RO(pendingq_count);
static DEVICE_ATTR_RO(config);
static DEVICE_ATTR_RO(chkstop);
static DEVICE_ATTR_RO(ap_functions);
static DEVICE_ATTR_RO(interrupt);
static DEVICE_ATTR_RO(reset);
static DEVICE_ATTR_RW(online);
static DEVICE_ATTR_RO(load);
static DEVICE_ATTR_RO(mkvps);
static DEVICE_ATTR_RO(op_modes);
static DEVICE_ATTR_RO(status);

static struct attribute *bus_attributes[] = {
	&dev_attr_request_count.attr,
	&dev_attr_requestq_count.attr,
	&dev_attr_pendingq_count.attr,
	&dev_attr_config.attr,
	&dev_attr_chkstop.attr,
	&dev_attr_ap_functions.attr,
	&dev_attr_interrupt.attr,
	&dev_attr_reset.attr,
	NULL,
};

static struct attribute *driver_attributes[] = {
	&dev_attr_online.attr,
	&dev_attr_load.attr,
	&dev_attr_mkvps.attr,
	&dev_attr_op_modes.attr,
	NULL,
};

static struct attribute *vfio_attributes[] = {
	&dev_attr_status.attr,
	NULL,
};

static umode_t driver_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	enum ap_mode mode = to_queue(kobj_to_dev(kobj))->card->mode;

	if (attr == &dev_attr_mkvps.attr)
		return mode == AP_ACCEL ? 0 : attr->mode;
	if (attr == &dev_attr_op_modes.attr)
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

static const struct attribute_group vfio_group = {
	.attrs = vfio_attributes,
};

const struct attribute_group *queue_groups[] = { &bus_group, NULL };
const struct attribute_group *queue_driver_groups[] = { &driver_group, NULL };
const struct attribute_group *queue_vfio_groups[] = { &vfio_group, NULL };
