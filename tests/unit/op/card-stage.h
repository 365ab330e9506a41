/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stage with a paes volume on it, cards beside it, and a kernel that does as it is told.
 */
#ifndef CEXLUKS_TESTS_OP_CARD_STAGE_H
#define CEXLUKS_TESTS_OP_CARD_STAGE_H

#include "op/stage.h"

#include "luks/volume.h"
#include "op/paes.h"

/* The passphrase of the one keyslot, as the card binding has it: public. */
#define PUBLIC	   "0123456789abcdef0123456789abcdef"
#define PUBLIC_LEN 32
#define CARD	   CARD_AS("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "1")
#define CARD_AS(passphrase, serial)                                                                \
	"{\"type\":\"cexluks\",\"keyslots\":[\"0\"],\"version\":1,\"kind\":\"card\",\"passphrase\":"  \
	"\"" passphrase "\",\"serial\":" serial ",\"created\":\"2026-11-22T10:00:00Z\"}"
#define GOOD_CARDS "two-cards-one-offline"

/* A paes volume with this key, which @passphrase opens, on a machine with @cards. */
static inline void volume_is(struct stage *s, const struct blob *key, const char *passphrase,
		      const char *cards)
{
	const struct scratch_secrets what = { key->bytes, key->len, passphrase, strlen(passphrase) };

	scratch_format_with(s->disk->path, "paes", "xts-plain64", &what);
	scratch_read(s->disk->path, s->disk->image);
	cards_are(s->tree, cards);
	kernel_begin();
}

static inline int key_setup(void **state)
{
	int r = stage_setup(state);

	kernel_begin();
	return r;
}

static inline int key_teardown(void **state)
{
	kernel_end();
	return stage_teardown(state);
}

static inline void need_no_device_mapper(void)
{
	if (luks_volume_close("cexluks-no-such-mapping") == LUKS_NO_MAPPER)
		return;
	print_message("SKIP: this kernel has a device mapper; the virtual machines use it\n");
	skip();
}

#endif
