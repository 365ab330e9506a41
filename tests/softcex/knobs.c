// SPDX-License-Identifier: GPL-2.0
/* Parameters, and the commands of the "control" file; README.md explains each. */
#define pr_fmt(fmt) "softcex: " fmt

#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "bus.h"
#include "knobs.h"
#include "paes.h"

#define WORDS_MAX   8
#define COMMAND_MAX 256

unsigned int knob_bindings_wait = 30;
module_param_named(bindings_wait, knob_bindings_wait, uint, 0644);
MODULE_PARM_DESC(bindings_wait, "seconds that pkey waits, once, for every queue to have a driver");

bool knob_split;
module_param_named(split, knob_split, bool, 0644);
MODULE_PARM_DESC(split, "tokens need pkey_cca, pkey_ep11, pkey_pckmo to be loaded, as since Linux 6.12 (default: no)");

bool knob_einval = true;
module_param_named(einval, knob_einval, bool, 0644);
MODULE_PARM_DESC(einval, "paes turns every failure to set a key into EINVAL, as before Linux 6.16 (default: yes)");

unsigned int knob_asym = 1;
module_param_named(asym, knob_asym, uint, 0644);
MODULE_PARM_DESC(asym, "show ASYM master keys in mkvps, as newer kernels do (default: 1)");

static unsigned int pfv;
module_param(pfv, uint, 0644);
MODULE_PARM_DESC(pfv, "payload format of new AESCIPHER keys: 0 shows the size, 1 hides it (default: 0)");

static bool bus = true;
module_param(bus, bool, 0444);
MODULE_PARM_DESC(bus, "is there an AP bus at all? (default: yes)");

static char *cards = "00:CEX8C:0047+0048,01:CEX8P:0047";
module_param(cards, charp, 0444);
MODULE_PARM_DESC(cards, "CARD:TYPE[:DOMAIN[+DOMAIN...]],... or \"none\"");

static char *master_key = "first";
module_param(master_key, charp, 0444);
MODULE_PARM_DESC(master_key, "CUR[/OLD[/NEW]] of new queues: names, 64 hex digits, or -");

static unsigned int scan_delay = 100;
module_param(scan_delay, uint, 0444);
MODULE_PARM_DESC(scan_delay, "milliseconds until the first scan finds the cards (default: 100); 0: while loading");

static unsigned int delay;
module_param(delay, uint, 0644);
MODULE_PARM_DESC(delay, "milliseconds that a card takes for a request (default: 0)");

static char *enotty = "";
module_param(enotty, charp, 0644);
MODULE_PARM_DESC(enotty, "pkey ioctls this kernel does not know: NR[+NR...] in hex, or \"new\" for all from 11 on");

/* --- failures ---------------------------------------------------------------------------------- */

/* spin lock: KNOB_CIPHER is asked where nothing may sleep */
static DEFINE_SPINLOCK(failures_lock);
static struct {
	int error;
	int count; /* -1: until told otherwise */
} failures[KNOB_OPS];

static const char *const op_names[KNOB_OPS] = {
	[KNOB_GENERATE] = "generate", [KNOB_VERIFY] = "verify", [KNOB_APQNS] = "apqns",
	[KNOB_UNWRAP] = "unwrap",     [KNOB_MKVPS] = "mkvps",	[KNOB_CIPHER] = "cipher",
};

int knob_fail(enum knob_op op)
{
	unsigned long flags;
	int r = 0;

	if (READ_ONCE(failures[op].count) == 0)
		return 0;
	spin_lock_irqsave(&failures_lock, flags);
	if (failures[op].count) {
		r = failures[op].error;
		if (failures[op].count > 0)
			failures[op].count--;
	}
	spin_unlock_irqrestore(&failures_lock, flags);
	return r;
}

void knob_delay(void)
{
	if (delay)
		msleep(delay);
}

unsigned int knob_payload_format(void)
{
	return pfv ? 1 : 0;
}

bool knobs_bus(void)
{
	return bus;
}

bool knob_ioctl_off(unsigned int nr)
{
	char words[100], *rest = words, *word;
	unsigned int n;

	kernel_param_lock(THIS_MODULE);
	strscpy(words, enotty, sizeof(words));
	kernel_param_unlock(THIS_MODULE);
	while ((word = strsep(&rest, "+,\n")))
		if ((strcmp(word, "new") == 0 && nr >= 0x11) || (kstrtouint(word, 16, &n) == 0 && n == nr))
			return true;
	return false;
}

/* --- commands ---------------------------------------------------------------------------------- */

static int run_command(const char *command);

/* A command put off by "after". */
struct later {
	unsigned long due;
	struct list_head node;
	char command[];
};

/* Guards the list, which grows no more once we are stopping. First due comes first. */
static DEFINE_MUTEX(later_mutex);
static LIST_HEAD(later_list);
/*
 * One timer for all of them: two that are due within its coarseness, which is seconds when they are
 * far away, come in any order, and a queue must not come before its card.
 */
static void later_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(later_timer, later_work);
static bool started, stopping;
static char *at_start; /* what "control" was given before there was anything to control */

/* "00", "00.0047", or "*": every queue */
struct target {
	bool all, queue;
	struct apqn apqn;
};

static int parse_hex(const char *word, size_t digits, u16 *ret)
{
	return strlen(word) == digits ? kstrtou16(word, 16, ret) : -EINVAL;
}

static int parse_target(const char *word, struct target *ret)
{
	char card[3];

	*ret = (struct target){ .all = strcmp(word, "*") == 0 };
	if (ret->all)
		return 0;
	if (strlen(word) == 7 && word[2] == '.') {
		memcpy(card, word, 2);
		card[2] = '\0';
		ret->queue = true;
		return parse_hex(card, 2, &ret->apqn.card) ?: parse_hex(word + 3, 4, &ret->apqn.domain);
	}
	return parse_hex(word, 2, &ret->apqn.card);
}

static bool hits(const struct target *t, const struct ap_queue *queue)
{
	return t->all || (queue->card->id == t->apqn.card && (!t->queue || queue->domain == t->apqn.domain));
}

/* Does something to each queue of a target, under model_lock. */
static int each_queue(const char *word, int (*act)(struct ap_queue *queue, char **args), char **args)
{
	struct ap_queue *queue;
	struct ap_card *card;
	struct target t;
	int r = parse_target(word, &t);
	bool any = false;

	if (r < 0)
		return r;
	mutex_lock(&model_lock);
	list_for_each_entry(card, &model_cards, node) {
		list_for_each_entry(queue, &card->queues, node) {
			if (!hits(&t, queue))
				continue;
			any = true;
			r = r ?: act(queue, args);
		}
	}
	mutex_unlock(&model_lock);
	return any ? r : -ENODEV;
}

static int act_mk(struct ap_queue *queue, char **args)
{
	static const char *const names[] = { [MK_CUR] = "cur", [MK_OLD] = "old", [MK_NEW] = "new" };
	int reg = match_string(names, ARRAY_SIZE(names), args[0]);

	if (reg < 0 || !args[1])
		return -EINVAL;
	return model_master_key(queue, reg, args[2] && reg == MK_NEW ? MK_PARTIAL : MK_FULL, args[1]);
}

static int act_rotate(struct ap_queue *queue, char **args)
{
	int r = args[0] ? model_master_key(queue, MK_NEW, MK_FULL, args[0]) : 0;

	return r ?: model_rotate(queue);
}

static int act_zeroise(struct ap_queue *queue, char **args)
{
	memset(queue->mk, 0, sizeof(queue->mk));
	return 0;
}

static int command_mk(char **w)
{
	return w[1] && w[2] ? each_queue(w[1], act_mk, w + 2) : -EINVAL;
}

static int command_rotate(char **w)
{
	return w[1] ? each_queue(w[1], act_rotate, w + 2) : -EINVAL;
}

static int command_zeroise(char **w)
{
	return w[1] ? each_queue(w[1], act_zeroise, NULL) : -EINVAL;
}

static int parse_driver(const char *word, enum ap_driver *ret)
{
	static const char *const names[] = {
		[AP_DRIVER_CEX] = "cex", [AP_DRIVER_VFIO] = "vfio", [AP_DRIVER_NONE] = "none",
	};
	int n = match_string(names, ARRAY_SIZE(names), word);

	*ret = n;
	return n < 0 ? n : 0;
}

/* add CARD TYPE | add CARD.DOMAIN [MASTER-KEYS [DRIVER]] */
static int command_add(char **w)
{
	enum ap_driver driver = AP_DRIVER_CEX;
	struct target t;
	int r = w[1] ? parse_target(w[1], &t) : -EINVAL;

	if (r < 0 || t.all)
		return -EINVAL;
	if (!t.queue)
		return w[2] ? bus_add_card(t.apqn.card, w[2]) : -EINVAL;
	if (w[2] && w[3])
		r = parse_driver(w[3], &driver);
	return r ?: bus_add_queue(t.apqn, w[2] ?: master_key, driver);
}

static int command_remove(char **w)
{
	struct target t;
	int r = w[1] ? parse_target(w[1], &t) : -EINVAL;

	if (r < 0 || t.all)
		return -EINVAL;
	return t.queue ? bus_remove_queue(t.apqn) : bus_remove_card(t.apqn.card);
}

/* driver CARD.DOMAIN cex|vfio|none [in_use|assigned|unassigned] */
static int command_driver(char **w)
{
	static const char *const statuses[] = { "in_use", "assigned", "unassigned" };
	enum ap_driver driver;
	struct target t;
	int r = w[1] && w[2] ? parse_target(w[1], &t) : -EINVAL, status = 0;

	if (r == 0)
		r = t.queue ? parse_driver(w[2], &driver) : -EINVAL;
	if (r == 0 && w[3])
		r = status = match_string(statuses, ARRAY_SIZE(statuses), w[3]);
	if (r < 0)
		return r;
	return bus_set_driver(t.apqn, driver, status ? statuses[status] : "in use");
}

enum ap_switch { SWITCH_ONLINE, SWITCH_CONFIG, SWITCH_CHKSTOP };

/* Sets one of the switches of a card, or of a queue. */
static int set_switch(const char *word, enum ap_switch which, bool value)
{
	struct target t;
	struct ap_card *card;
	struct ap_queue *queue = NULL;
	struct device *dev = NULL;
	int r = word ? parse_target(word, &t) : -EINVAL;

	if (r < 0 || t.all)
		return -EINVAL;
	mutex_lock(&model_lock);
	card = model_card(t.apqn.card);
	if (t.queue)
		queue = model_queue(t.apqn.card, t.apqn.domain);
	if (t.queue ? !!queue : !!card) {
		bool *const switches[] = {
			[SWITCH_ONLINE] = t.queue ? &queue->online : &card->online,
			[SWITCH_CONFIG] = t.queue ? &queue->config : &card->config,
			[SWITCH_CHKSTOP] = t.queue ? &queue->chkstop : &card->chkstop,
		};

		*switches[which] = value;
		dev = get_device(t.queue ? &queue->dev : &card->dev);
	}
	mutex_unlock(&model_lock);
	if (!dev)
		return -ENODEV;
	if (which == SWITCH_ONLINE)
		bus_event_online(dev, value);
	else if (which == SWITCH_CONFIG)
		bus_event_config(dev, value);
	put_device(dev);
	return 0;
}

static int command_online(char **w)
{
	return set_switch(w[1], SWITCH_ONLINE, true);
}

static int command_offline(char **w)
{
	return set_switch(w[1], SWITCH_ONLINE, false);
}

static int command_config(char **w)
{
	return set_switch(w[1], SWITCH_CONFIG, true);
}

static int command_deconfig(char **w)
{
	return set_switch(w[1], SWITCH_CONFIG, false);
}

static int command_chkstop(char **w)
{
	bool value = true;

	if (w[1] && w[2] && kstrtobool(w[2], &value))
		return -EINVAL;
	return set_switch(w[1], SWITCH_CHKSTOP, value);
}

static int parse_errno(const char *word, int *ret)
{
	static const struct {
		const char *name;
		int number;
	} names[] = {
		{ "EIO", EIO },	      { "EBUSY", EBUSY },   { "ENODEV", ENODEV }, { "EINVAL", EINVAL },
		{ "EAGAIN", EAGAIN }, { "ENOMEM", ENOMEM }, { "EINTR", EINTR },	  { "ENOTTY", ENOTTY },
		{ "EACCES", EACCES }, { "ENXIO", ENXIO },   { "ENOSPC", ENOSPC }, { "EKEYREJECTED", EKEYREJECTED },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(word, names[i].name) == 0) {
			*ret = -names[i].number;
			return 0;
		}
	}
	return -EINVAL;
}

/* fail OPERATION ERRNO [COUNT] | fail OPERATION 0 */
static int command_fail(char **w)
{
	int op, error = 0, count = 1;
	unsigned long flags;

	if (!w[1] || !w[2])
		return -EINVAL;
	op = match_string(op_names, KNOB_OPS, w[1]);
	if (op < 0)
		return op;
	if (strcmp(w[2], "0") == 0)
		count = 0;
	else if (parse_errno(w[2], &error) || (w[3] && kstrtoint(w[3], 10, &count)))
		return -EINVAL;
	spin_lock_irqsave(&failures_lock, flags);
	failures[op].error = error;
	failures[op].count = count;
	spin_unlock_irqrestore(&failures_lock, flags);
	return 0;
}

static int command_invalidate(char **w)
{
	paes_invalidate();
	return 0;
}

/* The next one that is due; else the timer is set for the first one, if any. */
static struct later *later_take(void)
{
	struct later *first;

	mutex_lock(&later_mutex);
	first = list_first_entry_or_null(&later_list, struct later, node);
	if (!first || stopping) {
		first = NULL;
	} else if (time_before(jiffies, first->due)) {
		mod_delayed_work(system_wq, &later_timer, first->due - jiffies);
		first = NULL;
	} else {
		list_del(&first->node);
	}
	mutex_unlock(&later_mutex);
	return first;
}

static void later_work(struct work_struct *work)
{
	struct later *later;

	while ((later = later_take())) {
		run_command(later->command);
		kfree(later);
	}
}

/* after MILLISECONDS COMMAND: not split into words yet */
static int command_after(const char *rest)
{
	struct later *later;
	char number[12];
	unsigned int ms;
	size_t n = strcspn(rest, ", ");

	if (n >= sizeof(number) || !rest[n])
		return -EINVAL;
	memcpy(number, rest, n);
	number[n] = '\0';
	if (kstrtouint(number, 10, &ms))
		return -EINVAL;
	rest += n + 1;
	later = kzalloc(sizeof(*later) + strlen(rest) + 1, GFP_KERNEL);
	if (!later)
		return -ENOMEM;
	strcpy(later->command, rest);
	later->due = jiffies + msecs_to_jiffies(ms);
	mutex_lock(&later_mutex);
	if (stopping) {
		kfree(later);
	} else {
		struct later *before;

		/* behind all that are due no later */
		list_for_each_entry_reverse(before, &later_list, node)
			if (!time_before(later->due, before->due))
				break;
		list_add(&later->node, &before->node);
		mod_delayed_work(system_wq, &later_timer, 0);
	}
	mutex_unlock(&later_mutex);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(char **words);
} commands[] = {
	{ "add", command_add },		{ "remove", command_remove },	  { "online", command_online },
	{ "offline", command_offline }, { "config", command_config },	  { "deconfig", command_deconfig },
	{ "chkstop", command_chkstop }, { "driver", command_driver },	  { "mk", command_mk },
	{ "rotate", command_rotate },	{ "zeroise", command_zeroise },	  { "fail", command_fail },
	{ "invalidate", command_invalidate },
};

static int run_words(char *line)
{
	char *words[WORDS_MAX + 1] = { NULL }, *word;
	size_t n = 0, i;

	while ((word = strsep(&line, ", \t"))) {
		if (!*word)
			continue;
		if (n == WORDS_MAX)
			return -EINVAL;
		words[n++] = word;
	}
	if (n == 0)
		return 0;
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(words[0], commands[i].name) == 0)
			return commands[i].run(words);
	return -EINVAL;
}

static int run_command(const char *command)
{
	char *line;
	int r;

	command = skip_spaces(command);
	if (strncmp(command, "after", 5) == 0 && command[5] && strchr(", ", command[5])) {
		r = command_after(command + 6);
	} else {
		line = kstrdup(command, GFP_KERNEL);
		if (!line)
			return -ENOMEM;
		r = run_words(line);
		kfree(line);
	}
	if (r < 0)
		pr_err("control: '%s': error %d\n", command, r);
	paes_retry();
	return r;
}

/* Several, separated by semicolons or line ends; the first one that fails ends it. */
static int run_script(const char *script)
{
	char *copy = kstrdup(script, GFP_KERNEL), *rest = copy, *command;
	int r = 0;

	if (!copy)
		return -ENOMEM;
	while (r == 0 && (command = strsep(&rest, ";\n")))
		if (*skip_spaces(command))
			r = run_command(command);
	kfree(copy);
	return r;
}

static int control_set(const char *value, const struct kernel_param *param)
{
	char *more;

	if (started)
		return run_script(value);
	more = kasprintf(GFP_KERNEL, "%s;%s", at_start ?: "", value);
	if (!more)
		return -ENOMEM;
	kfree(at_start);
	at_start = more;
	return 0;
}

static const struct kernel_param_ops control_ops = {
	.set = control_set,
};
module_param_cb(control, &control_ops, NULL, 0200);
MODULE_PARM_DESC(control, "COMMAND[;COMMAND...], see README.md");

/* --- the first scan ---------------------------------------------------------------------------- */

/* "00:CEX8C:0047+0048" */
static int add_configured(char *spec)
{
	char *id = strsep(&spec, ":"), *type = strsep(&spec, ":"), *domain;
	struct apqn apqn;
	int r;

	if (!id || !type || parse_hex(id, 2, &apqn.card))
		return -EINVAL;
	r = bus_add_card(apqn.card, type);
	while (r == 0 && (domain = strsep(&spec, "+")))
		r = parse_hex(domain, 4, &apqn.domain) ?: bus_add_queue(apqn, master_key, AP_DRIVER_CEX);
	return r;
}

static void first_scan(struct work_struct *work)
{
	char *copy = kstrdup(cards, GFP_KERNEL), *rest = copy, *spec;

	while (bus && copy && strcmp(cards, "none") != 0 && (spec = strsep(&rest, ","))) {
		int r = add_configured(spec);

		if (r < 0)
			pr_err("cards: '%s' can't be added: error %d\n", spec, r);
	}
	kfree(copy);
	bus_scanned();
	started = true;
	if (at_start)
		run_script(at_start);
}

static DECLARE_DELAYED_WORK(scan, first_scan);

int knobs_start(void)
{
	schedule_delayed_work(&scan, msecs_to_jiffies(scan_delay));
	if (scan_delay == 0)
		flush_delayed_work(&scan);
	return 0;
}

void knobs_stop(void)
{
	struct later *later, *next;

	cancel_delayed_work_sync(&scan);
	mutex_lock(&later_mutex);
	stopping = true;
	mutex_unlock(&later_mutex);
	cancel_delayed_work_sync(&later_timer);
	list_for_each_entry_safe(later, next, &later_list, node)
		kfree(later);
	kfree(at_start);
}
