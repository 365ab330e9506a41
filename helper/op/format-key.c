/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/format-key.h"

#include <errno.h>
#include <fcntl.h>

#include "base/log.h"
#include "op/key-store.h"
#include "op/keygen.h"

void format_key_done(struct format_key *key)
{
	volume_key_done(&key->key);
}

enum outcome format_key_check_words(const struct format_request *request, struct verdict *v)
{
	bool given = request->volume_key_file || request->zkey_name;

	if (request->volume_key_file && request->zkey_name)
		return verdict_set(v, OUTCOME_USAGE,
				   "--volume-key-file and --zkey-name both name a key");
	if (given && (request->key_type || request->bits || request->apqns))
		return verdict_set(v, OUTCOME_USAGE,
				   "--key-type, --keybits and --apqns are for a new key, and one is given");
	if (request->zkey_name && request->save_key)
		return verdict_set(v, OUTCOME_USAGE,
				   "the key of --zkey-name is in zkey's repository already");
	if (request->bits && request->bits != 128 && request->bits != 256)
		return verdict_set(v, OUTCOME_USAGE, "a key for XTS has 128 or 256 bits, not %u",
				   request->bits);
	if (request->save_key && !cex_repository_name_is_valid(request->save_key))
		return verdict_set(v, OUTCOME_USAGE, "'%s' is no name for a key of zkey's repository",
				   request->save_key);
	return OUTCOME_OK;
}

static enum outcome read_file(const char *path, struct secret **ret, struct verdict *v)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r;

	if (fd < 0 && errno == ENOENT)
		return verdict_set(v, OUTCOME_USAGE, "%s does not exist", path);
	if (fd < 0)
		return verdict_errno(v, errno, path);
	r = secret_read_fd(fd, LIMIT_KEYBLOB, ret);
	if (r == -EISDIR)
		return verdict_set(v, OUTCOME_USAGE, "%s is a directory", path);
	if (r == -ENODATA)
		return verdict_set(v, OUTCOME_NOT_A_SECURE_KEY, "%s is empty", path);
	if (r == -EFBIG)
		return verdict_set(v, OUTCOME_NOT_A_SECURE_KEY, "%s has more than %d bytes", path,
				   LIMIT_KEYBLOB);
	return r < 0 ? verdict_errno(v, r, path) : OUTCOME_OK;
}

/* Of a given key only a secure one will do; the kernel would take others without a word. */
static enum outcome classify(struct secret *secret, const char *from, struct format_key *ret,
			     struct verdict *v)
{
	enum outcome o = volume_key_take(secret, FORMAT_CIPHER, &ret->key, v);
	struct verdict why = *v;

	if (o != OUTCOME_OK && o != OUTCOME_NOT_A_SECURE_KEY)
		return o;
	if (o == OUTCOME_OK && ret->key.secure) {
		ret->key_type = cex_key_kind_text(ret->key.blob.kind);
		return OUTCOME_OK;
	}
	verdict_set(v, OUTCOME_NOT_A_SECURE_KEY, "%s: %s", from, why.cause);
	(void)verdict_hint(v, "make one with: cexluks keygen --xts FILE; or leave the option out");
	return OUTCOME_NOT_A_SECURE_KEY;
}

static enum outcome take_given(const struct format_request *request, struct format_key *ret,
			       struct verdict *v)
{
	const char *from = request->zkey_name ? request->zkey_name : request->volume_key_file;
	struct cex_verified verified;
	struct secret *secret = NULL;
	enum outcome o;

	o = request->zkey_name ? key_store_load(request->sysroot, request->zkey_name, &secret, v)
			       : read_file(request->volume_key_file, &secret, v);
	if (o == OUTCOME_OK)
		o = classify(secret, from, ret, v);
	if (o == OUTCOME_OK)
		o = volume_key_verify(&ret->key, request->sysroot, &verified, v);
	if (o == OUTCOME_OK && verified.old)
		log_warning("only the old master key of a card fits %s: re-encipher the key before the "
			    "next change of the master key", from);
	return o;
}

static enum outcome make_new(const struct format_request *request, struct format_key *ret,
			     struct verdict *v)
{
	const struct keygen_request what = {
		.sysroot = request->sysroot,
		.key_type = request->key_type,
		.bits = request->bits,
		.xts = true,
		.apqns = request->apqns,
	};
	struct keygen_result made = { 0 };
	enum outcome o = op_keygen(&what, &made, v);

	ret->key = made.key;
	if (o != OUTCOME_OK)
		return o;
	ret->key_type = made.key_type;
	cex_apqns_text(&made.apqns, ret->apqns);
	if (made.chose_ep11)
		log_warning("there are only EP11 domains, so it became an EP11 key");
	return OUTCOME_OK;
}

enum outcome format_key_get(const struct format_request *request, struct format_key *ret,
			    struct verdict *v)
{
	return request->volume_key_file || request->zkey_name ? take_given(request, ret, v)
							      : make_new(request, ret, v);
}
