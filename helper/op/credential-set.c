/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/credential-set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "op/bootable.h"
#include "op/credential-source.h"
#include "op/credential.h"
#include "op/seal.h"
#include "op/service.h"

struct change {
	const struct credential_request *request;
	struct service service;
	struct config_profile *profile;
	struct credential_sources sources;
	char *path;  /* of the first source, with sysroot */
	char *spare; /* beside it */
	bool replaces; /* there is something to keep, also where it cannot be read as a key just now */
	struct verdict *v;
};

static void change_done(struct change *c)
{
	credential_sources_done(&c->sources);
	service_done(&c->service);
	free(c->path);
	free(c->spare);
}
#define _cleanup_change_ _cleanup_(change_done)

static enum outcome begin(struct change *c, const struct credential_request *request, struct verdict *v)
{
	const struct service_request wanted = { request->sysroot, request->config_path, request->profile };
	enum outcome o = service_open(&wanted, &c->service, v);

	c->request = request;
	c->v = v;
	if (o != OUTCOME_OK)
		return o;
	c->profile = config_profile_find(c->service.config, c->service.profile);
	o = carried_find(c->service.config, c->profile, v);
	return o == OUTCOME_OK ? credential_sources(c->profile, &c->sources, v) : o;
}

/* Only what is kept in a file can be replaced by one. */
static enum outcome find_file(struct change *c)
{
	const char *first = c->sources.n ? c->sources.list[0].text : "";
	const char *path = credential_source_path(first);
	struct stat st;

	if (!path) {
		verdict_set(c->v, OUTCOME_CREDENTIAL_UNUSABLE, "the API key of %s is kept by something else: %s",
			    c->service.profile, first);
		if (credential_source_is_header(first))
			return verdict_hint(c->v, "cexluks credential seal %s --header DEVICE", c->service.profile);
		return verdict_hint(c->v, "change it there; this verb writes file: and sealed:");
	}
	if (asprintf(&c->path, "%s%s", c->request->sysroot, path) < 0)
		c->path = NULL;
	if (!c->path || asprintf(&c->spare, "%s" CREDENTIAL_SPARE, c->path) < 0) {
		c->spare = NULL;
		return verdict_errno(c->v, ENOMEM, path);
	}
	if (stat(c->path, &st) < 0)
		return errno == ENOENT ? OUTCOME_OK : verdict_errno(c->v, errno, c->path);
	c->replaces = st.st_size > 0;
	return OUTCOME_OK;
}

/* The key in the source as it is now. NULL: there is none, or none that can be read. */
static struct secret *present_key(const struct change *c)
{
	struct secret *key = NULL;
	struct verdict nobody = { 0 };
	bool old;

	return credential_read(c->request->sysroot, c->profile, &c->sources.list[0],
			       deadline_after(c->request->timeout_ms), &old, &key, &nobody) == OUTCOME_OK ?
		       key :
		       NULL;
}

/* The profile has this key and no other one from here on; it takes it over. */
static enum outcome try_key(struct change *c, struct secret *key)
{
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	struct kms_request ping = { .verb = KMS_PING, .deadline = deadline_after(c->request->timeout_ms) };
	enum outcome o;

	c->profile->kms.api_keys[0] = key;
	c->profile->kms.n_api_keys = 1;
	o = op_session_call(c->service.session, c->service.profile, &ping, &reply, c->v);
	return o == OUTCOME_OK ? verdict_set(c->v, o, "the service accepts it") : o;
}

static struct seal_request seal_of(const struct change *c)
{
	return (struct seal_request){
		.sysroot = c->request->sysroot,
		.profile = c->service.profile,
		.key_type = c->request->key_type,
		.apqns = c->request->apqns,
	};
}

/* As its bytes are: a sealed key stays sealed. */
static enum outcome keep_spare(const struct change *c)
{
	_cleanup_close_ int fd = -1;
	_cleanup_secret_ struct secret *bytes = NULL;
	enum outcome o = credential_open_file(c->path, &fd, c->v);
	int r;

	if (o != OUTCOME_OK)
		return o;
	r = secret_read_fd(fd, LIMIT_SEALED_KEY, &bytes);
	if (r == 0)
		r = file_write_atomic(c->spare, secret_bytes(bytes), secret_len(bytes), 0600);
	return r < 0 ? verdict_errno(c->v, r, c->spare) : OUTCOME_OK;
}

/* What the file is to hold. */
static enum outcome make_content(const struct change *c, struct secret **ret)
{
	const struct secret *key = c->profile->kms.api_keys[0];
	struct sealed_key sealed = { .what = c->path, .profile = c->service.profile };
	struct seal_request seal = seal_of(c);
	enum outcome o;
	int r;

	if (credential_source_is_sealed(c->sources.list[0].text)) {
		o = seal_to_memory(&seal, key, &sealed, c->v);
		if (o != OUTCOME_OK)
			return o;
		r = secret_new(sealed.len, ret);
		if (r == 0)
			memcpy(secret_data(*ret), sealed.bytes, sealed.len);
	} else {
		r = secret_new(secret_len(key) + 1, ret);
		if (r == 0) {
			memcpy(secret_data(*ret), secret_bytes(key), secret_len(key));
			secret_data(*ret)[secret_len(key)] = '\n';
		}
	}
	return r < 0 ? verdict_errno(c->v, r, c->path) : OUTCOME_OK;
}

/* The present file stays until all of the new one is there, and beside it after that. */
static enum outcome switch_to_new(const struct change *c)
{
	_cleanup_secret_ struct secret *content = NULL;
	enum outcome o = make_content(c, &content);
	int r;

	if (o == OUTCOME_OK && c->replaces)
		o = keep_spare(c);
	if (o != OUTCOME_OK)
		return o;
	r = file_write_atomic(c->path, secret_bytes(content), secret_len(content), 0600);
	return r < 0 ? verdict_errno(c->v, r, c->path) : OUTCOME_OK;
}

enum outcome op_credential_set(const struct credential_request *request, struct verdict *v)
{
	_cleanup_change_ struct change c = { .request = NULL };
	_cleanup_secret_ struct secret *before = NULL, *key = NULL;
	enum outcome o = begin(&c, request, v);

	if (o == OUTCOME_OK)
		o = find_file(&c);
	if (o == OUTCOME_OK)
		o = request->ask(c.service.profile, &key, v);
	if (o == OUTCOME_OK)
		o = credential_check_key(key, "what was given", v);
	if (o != OUTCOME_OK)
		return o;
	before = present_key(&c);
	if (before && secret_equal(before, key))
		return verdict_set(v, OUTCOME_NOTHING_TO_DO, "%s has this API key", c.path);
	o = try_key(&c, take_ptr(key));
	if (o == OUTCOME_OK)
		o = switch_to_new(&c);
	if (o != OUTCOME_OK)
		return o;
	return c.replaces ? verdict_set(v, o, "%s has the new API key, and %s the one before", c.path, c.spare) :
			    verdict_set(v, o, "%s has the new API key", c.path);
}

/* --- the end of a change -------------------------------------------------------------------- */

static time_t boot_time(void)
{
	struct timespec now = { 0 }, since = { 0 };

	/* Neither can fail on Linux; zeros would say "long ago", and nothing is removed. */
	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)clock_gettime(CLOCK_BOOTTIME, &since);
	return now.tv_sec - since.tv_sec;
}

static enum outcome check_boot(const struct change *c)
{
	struct stat st;

	if (stat(c->path, &st) < 0)
		return verdict_errno(c->v, errno, c->path);
	if (st.st_mtime < boot_time())
		return OUTCOME_OK;
	verdict_set(c->v, OUTCOME_IMAGE_STALE, "no boot since %s was changed", c->path);
	return verdict_hint(c->v, "rebuild the initramfs, reboot, and try again");
}

enum outcome op_credential_finish(const struct credential_request *request, struct verdict *v)
{
	_cleanup_change_ struct change c = { .request = NULL };
	struct secret *key = NULL;
	bool old;
	enum outcome o = begin(&c, request, v);

	if (o == OUTCOME_OK)
		o = find_file(&c);
	if (o != OUTCOME_OK || !c.spare)
		return o;
	if (access(c.spare, F_OK) < 0)
		return errno == ENOENT ? verdict_set(v, OUTCOME_NOTHING_TO_DO, "%s is not there", c.spare) :
					 verdict_errno(v, errno, c.spare);
	o = check_boot(&c);
	if (o == OUTCOME_OK)
		o = bootable_know_file(request->sysroot, credential_source_path(c.sources.list[0].text), v);
	if (o == OUTCOME_OK)
		o = credential_read(request->sysroot, c.profile, &c.sources.list[0],
				    deadline_after(request->timeout_ms), &old, &key, v);
	if (o == OUTCOME_OK)
		o = try_key(&c, key);
	if (o != OUTCOME_OK)
		return o;
	if (unlink(c.spare) < 0)
		return verdict_errno(v, errno, c.spare);
	return verdict_set(v, OUTCOME_OK, "%s is gone", c.spare);
}

/* --- check and renew ------------------------------------------------------------------------ */

/* A session of its own for each, which knows this key and no other. */
static enum outcome check_source(const struct credential_request *request, const struct credential_source *source,
				 struct verdict *v)
{
	_cleanup_change_ struct change c = { .request = NULL };
	struct secret *key = NULL;
	bool old = false;
	enum outcome o = begin(&c, request, v);

	if (o == OUTCOME_OK)
		o = credential_read(request->sysroot, c.profile, source, deadline_after(request->timeout_ms),
				    &old, &key, v);
	if (o == OUTCOME_OK)
		o = try_key(&c, key);
	if (o == OUTCOME_OK && old)
		return verdict_set(v, o, "the service accepts it; sealed with the card's old master key: "
				   "cexluks credential renew %s", c.service.profile);
	return o;
}

enum outcome op_credential_check(const struct credential_request *request, struct verdict *v)
{
	_cleanup_change_ struct change c = { .request = NULL };
	enum outcome o = begin(&c, request, v), first = OUTCOME_OK;

	if (o != OUTCOME_OK) {
		request->told(NULL, v);
		return o;
	}
	for (size_t i = 0; i < c.sources.n; i++) {
		struct verdict said = { 0 };

		o = check_source(request, &c.sources.list[i], &said);
		if (c.sources.list[i].spare && o == OUTCOME_CREDENTIAL_MISSING)
			continue;
		request->told(c.sources.list[i].text, &said);
		if (first == OUTCOME_OK && o != OUTCOME_OK) {
			first = o;
			*v = said;
		}
	}
	return first == OUTCOME_OK ? verdict_set(v, first, "%s", c.service.profile) : first;
}

static enum outcome renew_source(const struct change *c, const struct credential_source *source, struct verdict *v)
{
	_cleanup_secret_ struct secret *key = NULL;
	_cleanup_free_ char *path = NULL;
	struct seal_request seal = seal_of(c);
	bool old = false;
	enum outcome o = credential_read(c->request->sysroot, c->profile, source,
					 deadline_after(c->request->timeout_ms), &old, &key, v);

	if (o != OUTCOME_OK)
		return o;
	if (!old)
		return verdict_set(v, OUTCOME_NOTHING_TO_DO, "sealed with the current master key");
	if (source->carried)
		return seal_to_header(&seal, key, source->carried->path, source->carried->token, v);
	if (asprintf(&path, "%s%s", c->request->sysroot, credential_source_path(source->text)) < 0) {
		path = NULL;
		return verdict_errno(v, ENOMEM, source->text);
	}
	return seal_to_file(&seal, key, path, v);
}

enum outcome op_credential_renew(const struct credential_request *request, struct verdict *v)
{
	_cleanup_change_ struct change c = { .request = NULL };
	enum outcome o = begin(&c, request, v), all = OUTCOME_NOTHING_TO_DO;
	size_t n = 0;

	if (o != OUTCOME_OK)
		return o;
	for (size_t i = 0; i < c.sources.n; i++) {
		const struct credential_source *source = &c.sources.list[i];
		struct verdict said = { 0 };

		if (!credential_source_is_sealed(source->text) && !source->carried)
			continue;
		o = renew_source(&c, source, &said);
		if (source->spare && o == OUTCOME_CREDENTIAL_MISSING)
			continue;
		n++;
		request->told(source->text, &said);
		if (o != OUTCOME_NOTHING_TO_DO && (all == OUTCOME_NOTHING_TO_DO || all == OUTCOME_OK)) {
			all = o;
			*v = said;
		}
	}
	if (all == OUTCOME_NOTHING_TO_DO)
		return verdict_set(v, all, n ? "%s: sealed with the current master key" :
					       "%s has no sealed API key", c.service.profile);
	return all;
}
