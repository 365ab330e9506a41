/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/keygen.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/verb.h"

/* Either a file, or a name with what zkey keeps beside a key. */
static enum outcome check_words(const struct verb_call *call)
{
	const struct verb_options *o = &call->options;

	if (!o->name == !call->n_words)
		return verb_usage(call->verb, "wants either a FILE or --name NAME");
	if (!o->name && (o->volumes || o->description || o->sector_size))
		return verb_usage(call->verb, "--%s is kept with --name NAME only",
				  o->volumes ? "volumes" : o->description ? "description" : "sector-size");
	if (!o->name && !strcmp(call->words[0], "-"))
		return verb_usage(call->verb, "a key goes to a new file, not to standard output");
	return OUTCOME_OK;
}

static void print_use(const struct keygen_place *place, const struct keygen_result *result)
{
	size_t size = secret_len(result->key.key);
	char list[CEX_APQNS_SIZE];

	cex_apqns_text(&result->apqns, list);
	printf("  %zu bytes, for paes in %s mode; can be used in: %s\n", size,
	       result->key.cipher == CEX_CIPHER_XTS ? "XTS" : "CBC", list);
	if (place->file)
		printf("  a volume with it: cexluks format DEVICE --volume-key-file %s\n", place->file);
	else
		printf("  a volume with it: cexluks format DEVICE --zkey-name %s\n", place->name);
}

enum outcome cli_keygen(const struct verb_call *call)
{
	const struct keygen_request request = {
		.sysroot = call->common.sysroot,
		.key_type = call->options.key_type,
		.bits = call->options.keybits,
		.xts = call->options.xts,
		.apqns = call->options.apqns,
	};
	const struct keygen_place place = {
		.sysroot = call->common.sysroot,
		.file = call->n_words ? call->words[0] : NULL,
		.name = call->options.name,
		.description = call->options.description,
		.volumes = call->options.volumes,
		.apqns = call->options.apqns,
		.sector_size = call->options.sector_size,
	};
	struct keygen_result result = { 0 };
	struct verdict v = { 0 };
	enum outcome o = check_words(call);

	if (o != OUTCOME_OK)
		return o;
	o = keygen_check_place(&place, &v);
	if (o == OUTCOME_OK)
		o = op_keygen(&request, &result, &v);
	if (o == OUTCOME_OK && result.chose_ep11)
		log_notice("there is no CCA domain, so this is an EP11 key");
	if (o == OUTCOME_OK)
		o = keygen_store(&place, &result.key, &v);
	if (o == OUTCOME_OK) {
		printf("%s: %s\n", outcome_word(o), v.cause);
		print_use(&place, &result);
	} else {
		verdict_print(&v, "cannot make a key");
	}
	volume_key_done(&result.key);
	return o;
}
