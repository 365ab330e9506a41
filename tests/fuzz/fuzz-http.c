/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bodies that IAM and a KMS could send. The first byte chooses who is asked. */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "kms/iam.h"
#include "kms/keyprotect.h"

static void printable(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	PROMISE(len < size);
	for (size_t i = 0; i < len; i++)
		PROMISE((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

static void check_error(const struct service_error *e)
{
	printable(e->code, sizeof(e->code));
	printable(e->target, sizeof(e->target));
	printable(e->message, sizeof(e->message));
	printable(e->request_id, sizeof(e->request_id));
}

static int take(void *arg, const struct kms_key *key)
{
	unsigned *n = arg;

	printable(key->id, sizeof(key->id));
	printable(key->name, sizeof(key->name));
	printable(key->alias, sizeof(key->alias));
	return ++*n > LIMIT_KEYS_PAGE * 10 ? -1 : 0;
}

static void parse_success(enum kms_verb verb, const char *text, size_t len)
{
	struct message_job job = { .verb = verb };
	_cleanup_kms_reply_ struct kms_reply *reply = calloc(1, sizeof(*reply));
	const char *what = NULL;
	int r;

	PROMISE(reply);
	if (verb == KMS_UNWRAP)
		PROMISE((job.ciphertext = strdup("AAAA")));
	r = keyprotect_parse(&job, text, len, reply, &what);
	PROMISE(r != -EBADMSG || (what && *what));
	if (r == 0 && verb == KMS_UNWRAP)
		PROMISE(reply->plaintext && secret_len(reply->plaintext));
	if (r == 0 && verb == KMS_WRAP)
		PROMISE(reply->ciphertext && *reply->ciphertext);
	if (r == 0 && verb == KMS_CREATE)
		PROMISE(reply->key.id[0]);
	if (reply->plaintext)
		PROMISE(secret_len(reply->plaintext) <= LIMIT_PASSPHRASE_MAX);
	if (reply->ciphertext)
		PROMISE(strlen(reply->ciphertext) <= LIMIT_CIPHERTEXT);
	message_job_done(&job);
}

static void parse_token(const char *text, size_t len)
{
	_cleanup_secret_ struct secret *token = NULL;
	const char *what = NULL;
	uint64_t lifetime_s;
	int r = iam_parse_token(text, len, &token, &lifetime_s, &what);

	PROMISE(r == 0 ? token && secret_len(token) : !token);
	PROMISE(r != -EBADMSG || (what && *what));
	/* it goes into a header line */
	for (size_t i = 0; token && i < secret_len(token); i++)
		PROMISE(secret_bytes(token)[i] > 0x20 && secret_bytes(token)[i] < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct service_error error = { 0 };
	const char *text = (const char *)data + 1, *what = NULL;
	unsigned n = 0, listed;

	json_setup();
	if (!len)
		return 0;
	len--;
	switch (data[0] % 8) {
	case 0:
		parse_success(KMS_WRAP, text, len);
		break;
	case 1:
		parse_success(KMS_UNWRAP, text, len);
		break;
	case 2:
		parse_success(KMS_METADATA, text, len);
		break;
	case 3:
		parse_success(KMS_CREATE, text, len);
		break;
	case 4:
		if (keyprotect_parse_list(text, len, take, &n, &listed, &what) == -EBADMSG)
			PROMISE(what && *what);
		break;
	case 5:
		keyprotect_parse_error(text, len, &error);
		break;
	case 6:
		iam_parse_error(text, len, &error);
		break;
	default:
		parse_token(text, len);
		break;
	}
	check_error(&error);
	return 0;
}
