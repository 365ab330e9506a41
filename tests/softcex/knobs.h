/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a test can turn: parameters at load, and the "control" file while running. README.md has the list.
 */
#ifndef SOFTCEX_KNOBS_H
#define SOFTCEX_KNOBS_H

#include "types.h"

/* Operations that can be made to fail, or to take long. */
enum knob_op {
	KNOB_GENERATE, /* GENSECK*, CLR2SECK* */
	KNOB_VERIFY,   /* VERIFYKEY*, FINDCARD */
	KNOB_APQNS,    /* APQNS4K, APQNS4KT */
	KNOB_UNWRAP,   /* secure key to protected key, by ioctl or for paes */
	KNOB_MKVPS,    /* reading "mkvps" */
	KNOB_CIPHER,   /* paes encryption and decryption */
	KNOB_OPS,
};

extern unsigned int knob_bindings_wait; /* seconds */
extern bool knob_split;			/* handlers for tokens are modules of their own, as since Linux 6.12 */
extern bool knob_einval;		/* paes turns every failure to set a key into EINVAL, as before Linux 6.16 */
extern unsigned int knob_asym;		/* show ASYM lines in mkvps */

/** knob_fail() - what the next operation of this kind shall end with; counts down. Return: 0 or -errno. */
int knob_fail(enum knob_op op);

/** knob_delay() - sleep as long as a card shall take */
void knob_delay(void);

/** knob_ioctl_off() - does this kernel pretend not to know ioctl number @nr? */
bool knob_ioctl_off(unsigned int nr);

/** knob_payload_format() - pfv of new AESCIPHER keys */
unsigned int knob_payload_format(void);

/** knobs_bus() - shall there be an AP bus at all? */
bool knobs_bus(void);

/**
 * knobs_start() - put in the configured cards, now or after scan_delay, then run what "control" said at load
 *
 * Return: 0 or -ENOMEM.
 */
int knobs_start(void);
void knobs_stop(void);

#endif
