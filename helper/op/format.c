/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/format.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "cex/repository.h"
#include "luks/format.h"
#include "luks/pattern.h"
#include "op/bind.h"
#include "op/binding.h"
#include "op/format-key.h"
#include "op/key-store.h"
#include "op/recovery-key.h"

#define SECTOR_SIZE 4096 /* what dm-crypt does best with paes: fewer, larger requests for the CPU */

struct format {
	const struct format_request *request;
	struct format_result *ret;
	unsigned sector_size;
	struct format_key key;
	struct secret *passphrase, *recovery_key; /* one at least, in the end */
	struct luks_format_target target;	  /* the device as it was looked at */
	struct verdict *v;
};

static void format_done(struct format *f)
{
	format_key_done(&f->key);
	secret_free(f->passphrase);
	secret_free(f->recovery_key);
}

static void step(const struct format *f, const char *text)
{
	f->request->step(text, f->request->userdata);
}

/* --- before anything is written ------------------------------------------------------------------ */

static enum outcome check_words(const struct format *f)
{
	const struct format_request *q = f->request;

	if (!q->ask && !q->recovery_key)
		return verdict_set(f->v, OUTCOME_USAGE, "people would have no way into %s", q->device);
	if (!cex_sector_size_is_valid(f->sector_size))
		return verdict_set(f->v, OUTCOME_USAGE,
				   "the sector size is 512, 1024, 2048 or 4096, not %u", f->sector_size);
	if (q->uuid && !uuid_is_valid(q->uuid))
		return verdict_set(f->v, OUTCOME_USAGE, "'%s' is no UUID", q->uuid);
	if (q->label && strlen(q->label) > LUKS_LABEL_MAX)
		return verdict_set(f->v, OUTCOME_USAGE, "a label has at most %d bytes",
				   LUKS_LABEL_MAX);
	return format_key_check_words(q, f->v);
}

static enum outcome explain_look(const struct format *f, int r, const struct luks_reason *reason)
{
	const char *device = f->request->device;

	switch (r) {
	case LUKS_OCCUPIED:
		(void)verdict_luks(f->v, r, device, reason);
		return verdict_hint(f->v, "name another device; or --force, and what it holds is lost");
	case LUKS_BUSY:
		verdict_set(f->v, OUTCOME_DEVICE_BUSY, "%s: %s", device,
			    reason->text[0] ? reason->text : "it is in use");
		return verdict_hint(f->v, "unmount or close what uses it, or name another device");
	case LUKS_CHANGED:
		verdict_set(f->v, OUTCOME_DEVICE_BUSY, "%s: %s", device, reason->text);
		return verdict_hint(f->v, "see what %s is, and begin again", device);
	case LUKS_NO_SPACE:
		verdict_set(f->v, OUTCOME_USAGE, "%s: %s", device,
			    reason->text[0] ? reason->text : "it is too small");
		return verdict_hint(f->v, "name a larger device, or another --sector-size");
	default:
		return verdict_luks(f->v, r, device, reason);
	}
}

static enum outcome look(struct format *f)
{
	struct luks_reason reason = { "" };
	int r = luks_format_look(f->request->device, f->sector_size, f->request->force, &f->target,
				 &reason);

	return r != 0 ? explain_look(f, r, &reason) : OUTCOME_OK;
}

/* The last moment at which somebody could stop it. */
static void tell_what_goes(const struct format *f, const char *how)
{
	if (f->target.found.text[0])
		log_warning("%s %s; %s", f->request->device, f->target.found.text, how);
}

static struct bind_request bind_request(const struct format *f, size_t i)
{
	return (struct bind_request){
		.sysroot = f->request->sysroot,
		.config_path = f->request->config_path,
		.device = f->request->device,
		.binding = f->request->bindings[i],
		.timeout_ms = f->request->timeout_ms,
		.existing = f->recovery_key ? f->recovery_key : f->passphrase,
	};
}

static enum outcome check_bindings(const struct format *f)
{
	for (size_t i = 0; i < f->request->n_bindings; i++) {
		const struct bind_request bind = bind_request(f, i);
		enum outcome o;

		for (size_t j = 0; j < i; j++)
			if (!strcmp(f->request->bindings[j], bind.binding))
				return verdict_set(f->v, OUTCOME_USAGE, "--bind %s is given twice",
						   bind.binding);
		o = op_bind_check(&bind, f->v);
		if (o != OUTCOME_OK)
			return o;
	}
	return OUTCOME_OK;
}

/* A kernel without AF_ALG for this cipher can still use the key; else it proves that a card unwraps it. */
static enum outcome compute_pattern(struct format *f)
{
	enum outcome o = volume_key_pattern(&f->key.key, f->ret->pattern, f->v);

	if (o != OUTCOME_MODULE_MISSING)
		return o;
	f->ret->pattern[0] = '\0';
	log_warning("no verification pattern: %s; add it later with: cexluks pattern set %s",
		    f->v->cause, f->request->device);
	return OUTCOME_OK;
}

static enum outcome get_key(struct format *f)
{
	enum outcome o;

	step(f, f->request->volume_key_file || f->request->zkey_name ?
			"a card verifies the secure key" :
			"a card makes a secure key");
	o = format_key_get(f->request, &f->key, f->v);
	if (o == OUTCOME_OK)
		o = compute_pattern(f);
	if (o == OUTCOME_OK && f->request->save_key)
		o = key_store_check(f->request->sysroot, f->request->save_key, f->v);
	return o;
}

static enum outcome get_passphrases(struct format *f)
{
	enum outcome o = OUTCOME_OK;
	int r;

	if (f->request->ask)
		o = f->request->ask(f->request->device, f->request->userdata, &f->passphrase, f->v);
	if (o != OUTCOME_OK || !f->request->recovery_key)
		return o;
	r = recovery_key_make(&f->recovery_key);
	return r < 0 ? verdict_errno(f->v, r, "random numbers") : OUTCOME_OK;
}

static enum outcome prepare(struct format *f)
{
	enum outcome o = check_words(f);

	if (o == OUTCOME_OK)
		o = look(f);
	if (o == OUTCOME_OK)
		o = check_bindings(f);
	if (o == OUTCOME_OK)
		o = get_key(f);
	return o == OUTCOME_OK ? get_passphrases(f) : o;
}

/* --- writing --------------------------------------------------------------------------------------- */

static enum outcome save_key(struct format *f)
{
	const struct cex_entry entry = {
		.name = f->request->save_key,
		.description = "made by cexluks format",
		.key_type = f->key.key_type,
		.apqns = f->key.apqns[0] ? f->key.apqns : NULL,
		.sector_size = f->sector_size,
		.pattern = f->ret->pattern[0] ? f->ret->pattern : NULL,
	};
	enum outcome o;

	if (!f->request->save_key)
		return OUTCOME_OK;
	o = key_store_add(f->request->sysroot, &entry, f->key.key.key, f->v);
	f->ret->key_saved = o == OUTCOME_OK;
	return o;
}

/* FIPS 140 knows no Argon2. Unreadable: no such kernel. */
static enum luks_kdf kdf_for_people(const char *sysroot)
{
	_cleanup_free_ char *text = NULL;
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/proc/sys/crypto/fips_enabled", sysroot);

	if (n < 0 || (size_t)n >= sizeof(path) || file_read(path, 16, &text, NULL) < 0)
		return LUKS_KDF_ARGON2ID;
	return text[0] == '1' ? LUKS_KDF_PBKDF2 : LUKS_KDF_ARGON2ID;
}

/* The recovery key comes first, where it costs next to nothing to try, for bind above all. */
static void fill_passphrases(const struct format *f, struct luks_format *to)
{
	enum luks_kdf slow = kdf_for_people(f->request->sysroot);

	to->passphrase = f->recovery_key ? f->recovery_key : f->passphrase;
	to->kdf = f->recovery_key ? LUKS_KDF_CHEAP : slow;
	if (f->recovery_key && f->passphrase) {
		to->second = f->passphrase;
		to->second_kdf = slow;
	}
}

static enum outcome write_header(struct format *f)
{
	struct luks_format format = {
		.volume_key = f->key.key.key,
		.cipher = FORMAT_CIPHER,
		.sector_size = f->sector_size,
		.uuid = f->request->uuid,
		.label = f->request->label,
		.target = &f->target,
		.overwrite = f->request->force,
	};
	struct luks_reason reason = { "" };
	struct luks_formatted done;
	int r;

	fill_passphrases(f, &format);
	tell_what_goes(f, "overwriting it");
	step(f, "writing the header");
	r = luks_format(f->request->device, &format, &done, &reason);
	if (r != 0) {
		f->ret->state = done.begun ? FORMAT_UNKNOWN : FORMAT_UNTOUCHED;
		return explain_look(f, r, &reason);
	}
	f->ret->state = FORMAT_WRITTEN;
	memcpy(f->ret->uuid, done.uuid, sizeof(f->ret->uuid));
	return OUTCOME_OK;
}

static enum outcome show_recovery_key(struct format *f)
{
	enum outcome o;

	if (!f->recovery_key)
		return OUTCOME_OK;
	o = f->request->show(f->recovery_key, f->request->userdata, f->v);
	f->ret->shown = o == OUTCOME_OK;
	return o;
}

static enum outcome store_pattern(struct format *f, const struct luks_device *device)
{
	struct luks_reason reason = { "" };
	int r;

	if (!f->ret->pattern[0])
		return OUTCOME_OK;
	r = luks_pattern_set(device, f->ret->pattern, &reason);
	f->ret->pattern_stored = r == 0;
	return r != 0 ? verdict_luks(f->v, r, f->request->device, &reason) : OUTCOME_OK;
}

static enum outcome bind_all(struct format *f)
{
	for (size_t i = 0; i < f->request->n_bindings; i++) {
		const struct bind_request bind = bind_request(f, i);
		struct bind_result result;
		char text[BINDING_NAME_SIZE + 16];
		enum outcome o;

		(void)snprintf(text, sizeof(text), "binding to %s", bind.binding);
		step(f, text);
		o = op_bind(&bind, &result, f->v);
		if (o != OUTCOME_OK)
			return o;
		f->ret->n_bound++;
		if (result.warning[0])
			log_warning("%s", result.warning);
	}
	return OUTCOME_OK;
}

static enum outcome judge(struct format *f, const struct luks_device *device)
{
	_cleanup_luks_header_ struct luks_header *header = NULL;
	struct luks_reason reason = { "" };
	int r = luks_header_load(device, NULL, &header, &reason);

	if (r != 0)
		return verdict_luks(f->v, r, f->request->device, &reason);
	lock_judge(header, f->request->sysroot, &f->ret->lock);
	return verdict_set(f->v, OUTCOME_OK, "%s is a volume with a %s key, UUID %s", f->request->device,
			   f->key.key_type, f->ret->uuid);
}

/* The header is there: from here on each step adds to a volume that works. */
static enum outcome complete(struct format *f)
{
	static const struct luks_reason another = { "is another device now" };
	_cleanup_luks_device_ struct luks_device *device = NULL;
	enum outcome o = show_recovery_key(f);
	int r;

	if (o != OUTCOME_OK)
		return o;
	r = luks_device_open(f->request->device, &device);
	if (r != 0)
		return verdict_luks(f->v, r, f->request->device, NULL);
	if (!uuid_equal(device->uuid, f->ret->uuid))
		return explain_look(f, LUKS_CHANGED, &another);
	o = store_pattern(f, device);
	if (o == OUTCOME_OK)
		o = bind_all(f);
	return o == OUTCOME_OK ? judge(f, device) : o;
}

enum outcome op_format(const struct format_request *request, struct format_result *ret,
		       struct verdict *v)
{
	_cleanup_(format_done) struct format f = {
		.request = request,
		.ret = ret,
		.sector_size = request->sector_size ? request->sector_size : SECTOR_SIZE,
		.v = v,
	};
	enum outcome o;

	*ret = (struct format_result){ 0 };
	o = prepare(&f);
	if (o == OUTCOME_OK && request->dry_run) {
		tell_what_goes(&f, "that would be overwritten");
		return verdict_set(v, OUTCOME_OK, "%s can be formatted with a %s key", request->device,
				   f.key.key_type);
	}
	if (o == OUTCOME_OK)
		o = save_key(&f);
	if (o == OUTCOME_OK)
		o = write_header(&f);
	return o == OUTCOME_OK ? complete(&f) : o;
}
