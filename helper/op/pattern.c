/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/pattern.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/deadline.h"
#include "base/limits.h"
#include "base/log.h"
#include "cex/watch.h"
#include "luks/header.h"
#include "luks/pattern.h"
#include "op/backup.h"
#include "op/bound-key.h"
#include "op/volume-key.h"

struct pattern {
	const struct pattern_request *request;
	struct luks_device *device;
	struct luks_header *header;
	struct volume_key key;
	char stored[LUKS_PATTERN_SIZE]; /* "" when there is none */
	char computed[CEX_PATTERN_SIZE];
	struct verdict *v;
};

static void pattern_done(struct pattern *p)
{
	volume_key_done(&p->key);
	luks_header_free(p->header);
	luks_device_free(p->device);
}

/* --- the volume ----------------------------------------------------------------------------- */

/* A path may be a device or an open mapping; what has no slash and is no file is a mapping's name. */
static enum outcome find_device(struct pattern *p)
{
	const char *volume = p->request->volume;
	int r = luks_device_open(volume, &p->device), below;

	if ((r == LUKS_NO_DEVICE || r == LUKS_NOT_LUKS2) &&
	    (!strchr(volume, '/') || !strncmp(volume, "/dev/mapper/", strlen("/dev/mapper/")))) {
		below = luks_device_below(volume, &p->device);
		if (below != LUKS_NO_DEVICE)
			r = below;
	}
	return r != 0 ? verdict_luks(p->v, r, volume, NULL) : OUTCOME_OK;
}

static enum outcome look(struct pattern *p)
{
	struct luks_reason reason = { "" };
	enum outcome o = find_device(p);
	int r;

	if (o != OUTCOME_OK)
		return o;
	r = luks_header_load(p->device, NULL, &p->header, &reason);
	if (r != 0)
		return verdict_luks(p->v, r, p->request->volume, &reason);
	if (!luks_header_is_paes(p->header)) {
		verdict_set(p->v, OUTCOME_NOT_A_SECURE_KEY,
			    "%s: its cipher is %s; verification patterns are for paes volumes",
			    p->request->volume, luks_header_cipher(p->header));
		return verdict_hint(p->v, "a volume without a secure key needs none");
	}
	r = luks_pattern_get(p->header, p->stored, &reason);
	return r != 0 && r != LUKS_NOT_BOUND ? verdict_luks(p->v, r, p->request->volume, &reason) :
					       OUTCOME_OK;
}

/* --- its key -------------------------------------------------------------------------------- */

static enum outcome read_by_passphrase(struct pattern *p)
{
	_cleanup_secret_ struct secret *passphrase = NULL;
	struct luks_reason reason = { "" };
	enum outcome o = p->request->ask(p->device->path, p->request->userdata, &passphrase, p->v);
	int r, keyslot;

	if (o != OUTCOME_OK)
		return o;
	r = luks_header_find_keyslot(p->header, passphrase, false, &keyslot, &reason);
	if (r == LUKS_WRONG_PASSPHRASE) {
		verdict_set(p->v, OUTCOME_WRONG_PASSPHRASE, "%s: the passphrase opens no keyslot",
			    p->request->volume);
		return verdict_hint(p->v, "a key file counts whole, its final newline too");
	}
	if (r != 0)
		return verdict_luks(p->v, r, p->request->volume, &reason);
	return volume_key_read(p->header, keyslot, passphrase, &p->key, p->v);
}

static enum outcome read_key(struct pattern *p)
{
	enum outcome o = bound_key_read(p->header, &p->key, p->v);

	if (o == OUTCOME_NOT_BOUND)
		o = read_by_passphrase(p);
	if (o == OUTCOME_OK && !p->key.secure)
		p->v->outcome = o = OUTCOME_NOT_A_SECURE_KEY; /* the cause says what it is instead */
	return o;
}

/* --- the pattern ---------------------------------------------------------------------------- */

/* A queue that has the master key says "not now", as after a change of it: that passes. */
static bool passes(struct cex_watch *watch, const struct volume_key *key)
{
	const struct cex_want want = cex_want_make(key->blob.kind, &key->blob.mkvp);
	struct cex_apqn apqn;
	int r = cex_watch_wait(watch, &want, deadline_after(0), &apqn, NULL);

	return r == CEX_OK || r == CEX_MASTER_KEY_OLD;
}

/* Until something happens to a card, or for as long as zkey waits. */
static bool pause_for_card(struct cex_watch *watch, deadline_t deadline)
{
	struct pollfd p = { .fd = cex_watch_fd(watch), .events = POLLIN };
	deadline_t until = deadline_earlier(deadline, deadline_after(LIMIT_CARD_BUSY_MS));

	if (deadline_over(deadline) || (poll(&p, 1, deadline_poll_ms(until)) < 0 && errno != EINTR))
		return false;
	(void)cex_watch_drain(watch); /* the next try looks anyway */
	return true;
}

static enum outcome compute(struct pattern *p)
{
	deadline_t deadline = deadline_after(p->request->timeout_ms);
	_cleanup_cex_watch_ struct cex_watch *watch = NULL;
	int r = cex_watch_new(p->request->sysroot, &watch);

	if (r < 0)
		return verdict_errno(p->v, r, "cannot watch the AP bus");
	for (unsigned tries = 1;; tries++) {
		enum outcome o = volume_key_verify(&p->key, p->request->sysroot, NULL, p->v);

		if (o == OUTCOME_OK)
			o = volume_key_pattern(&p->key, p->computed, p->v);
		if (o != OUTCOME_CARD_OFFLINE || tries == LIMIT_CARD_BUSY_TRIES ||
		    !passes(watch, &p->key) || !pause_for_card(watch, deadline))
			return o;
		log_debug("try %u: %s", tries, p->v->cause);
	}
}

/* --- the verbs ------------------------------------------------------------------------------ */

static enum outcome store(struct pattern *p)
{
	bool replaces = p->stored[0] != '\0';
	const char *volume = p->request->volume;
	struct luks_reason reason = { "" };
	enum outcome o;
	int r;

	if (!strcmp(p->stored, p->computed))
		return verdict_set(p->v, OUTCOME_NOTHING_TO_DO, "%s has its verification pattern: %s",
				   volume, p->computed);
	if (!p->request->dry_run) {
		o = op_backup(p->device, p->request->header_backup, p->v);
		if (o != OUTCOME_OK)
			return o;
		r = luks_pattern_set(p->device, p->computed, &reason);
		if (r != 0)
			return verdict_luks(p->v, r, volume, &reason);
	}
	return verdict_set(p->v, OUTCOME_OK, "%s: verification pattern %s%s%s%s", volume, p->computed,
			   p->request->dry_run ? " would be stored" : " stored",
			   replaces ? ", in place of " : "", p->stored);
}

static enum outcome compare(struct pattern *p)
{
	if (!strcmp(p->stored, p->computed))
		return verdict_set(p->v, OUTCOME_OK, "%s: verification pattern %s", p->request->volume,
				   p->computed);
	verdict_set(p->v, OUTCOME_PATTERN_MISMATCH, "%s: the header says %s, the key says %s",
		    p->request->volume, p->stored, p->computed);
	return verdict_hint(p->v, "another key than the one that was pinned; only if that is intended: "
				  "cexluks pattern set %.100s", p->request->volume);
}

static enum outcome need_stored(struct pattern *p)
{
	if (p->stored[0])
		return OUTCOME_OK;
	verdict_set(p->v, OUTCOME_NOT_BOUND, "%s: the header has no verification pattern",
		    p->request->volume);
	return verdict_hint(p->v, "cexluks pattern set %.200s", p->request->volume);
}

static enum outcome run(const struct pattern_request *request, enum outcome (*admit)(struct pattern *p),
			enum outcome (*finish)(struct pattern *p), struct verdict *v)
{
	_cleanup_(pattern_done) struct pattern p = { .request = request, .v = v };
	enum outcome o = look(&p);

	if (o == OUTCOME_OK && admit)
		o = admit(&p);
	if (o == OUTCOME_OK)
		o = read_key(&p);
	if (o == OUTCOME_OK)
		o = compute(&p);
	return o == OUTCOME_OK ? finish(&p) : o;
}

enum outcome op_pattern_set(const struct pattern_request *request, struct verdict *v)
{
	return run(request, NULL, store, v);
}

enum outcome op_pattern_verify(const struct pattern_request *request, struct verdict *v)
{
	return run(request, need_stored, compare, v);
}
