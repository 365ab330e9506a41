/* SPDX-License-Identifier: GPL-2.0 */
/*
 * softcex.ko holds the code; little modules with the real ones' names switch its parts on. So /sys/module,
 * modprobe, blacklists and aliases look as on the real machine, and a module can be missing.
 */
#ifndef SOFTCEX_PARTS_H
#define SOFTCEX_PARTS_H

#ifdef __KERNEL__
#include <linux/module.h>

enum part {
	PART_ZCRYPT_CEX4, /* drivers of cards and queues */
	PART_PKEY,	  /* /dev/pkey */
	PART_PKEY_CCA,	  /* handlers of tokens */
	PART_PKEY_EP11,
	PART_PKEY_PCKMO,
	PART_PAES_S390, /* ciphers */
	PARTS,
};

/**
 * softcex_part_start() - switch a part on
 * @owner: the little module, which must stay as long as the part is in use
 */
int softcex_part_start(enum part part, struct module *owner);
void softcex_part_stop(enum part part);

bool parts_running(enum part part);

/* Exported by pkey.ko for nothing but the dependency that the real modules have on it. */
void softcex_need_pkey(void);

/* one of the little modules */
#define SOFTCEX_PART(part, what)                              \
	static int __init part_init(void)                     \
	{                                                     \
		return softcex_part_start(part, THIS_MODULE); \
	}                                                     \
	static void __exit part_exit(void)                    \
	{                                                     \
		softcex_part_stop(part);                      \
	}                                                     \
	module_init(part_init);                               \
	module_exit(part_exit);                               \
	MODULE_DESCRIPTION("TEST DEVICE, no security: " what); \
	MODULE_LICENSE("GPL")

#endif /* __KERNEL__ */
#endif
