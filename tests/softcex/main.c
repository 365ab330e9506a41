// SPDX-License-Identifier: GPL-2.0
/*
 * A software crypto card for virtual machines: starts and stops the parts. See README.md.
 */
#define pr_fmt(fmt) "softcex: " fmt

#include <linux/kernel.h>
#include <linux/panic.h>

#include "bus.h"
#include "knobs.h"
#include "paes.h"
#include "parts.h"
#include "pkey-device.h"
#include "service.h"

static bool running[PARTS];

bool parts_running(enum part part)
{
	return READ_ONCE(running[part]);
}

int softcex_part_start(enum part part, struct module *owner)
{
	int r = 0;

	switch (part) {
	case PART_ZCRYPT_CEX4:
		r = bus_drivers_start();
		break;
	case PART_PKEY:
		r = pkey_device_start(owner);
		break;
	case PART_PAES_S390:
		r = paes_start(owner);
		break;
	default:
		break;
	}
	if (r == 0)
		WRITE_ONCE(running[part], true);
	return r;
}
EXPORT_SYMBOL_GPL(softcex_part_start);

void softcex_part_stop(enum part part)
{
	WRITE_ONCE(running[part], false);
	switch (part) {
	case PART_ZCRYPT_CEX4:
		bus_drivers_stop();
		break;
	case PART_PKEY:
		pkey_device_stop();
		break;
	case PART_PAES_S390:
		paes_stop();
		break;
	default:
		break;
	}
}
EXPORT_SYMBOL_GPL(softcex_part_stop);

static int __init softcex_init(void)
{
	int r;

	pr_warn("******************************************************************\n");
	pr_warn("* TEST DEVICE: software crypto card, master keys known to anyone *\n");
	pr_warn("* Keys and disks made with it have NO SECURITY AT ALL            *\n");
	pr_warn("******************************************************************\n");
	add_taint(TAINT_TEST, LOCKDEP_STILL_OK);
	service_new_wrapping_key();
	r = knobs_bus() ? bus_start() : 0;
	if (r < 0) {
		pr_err("no AP bus: error %d%s\n", r, r == -EEXIST ? ", this machine has a real one" : "");
		return r;
	}
	r = knobs_start();
	if (r < 0)
		bus_stop();
	return r;
}

static void __exit softcex_exit(void)
{
	knobs_stop();
	bus_stop();
}

module_init(softcex_init);
module_exit(softcex_exit);
MODULE_ALIAS("ap");
MODULE_ALIAS("zcrypt");
MODULE_DESCRIPTION("TEST DEVICE, no security: software crypto card");
MODULE_LICENSE("GPL");
