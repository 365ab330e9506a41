/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "token.h"
#include "base64.h"
#include "cleanup.h"
#include "clock.h"
#include "random.h"

#include <string.h>

/* make a token about as long as IAM's: some 1.2 kB */
#define FILLER_BYTES 128
#define SIGNATURE_BYTES 256

struct api_key {
	char *key;
	enum role role;
	struct api_key *next;
};

struct token {
	char *text;
	enum role role;
	int64_t expires;
	struct token *next;
};

static struct api_key *api_keys;
static struct token *tokens;
static unsigned issued;

bool role_parse(const char *text, enum role *ret)
{
	static const struct {
		const char *name;
		enum role role;
	} roles[] = {
		{ "none", ROLE_NONE }, { "reader", ROLE_READER }, { "readerplus", ROLE_READER_PLUS },
		{ "writer", ROLE_WRITER }, { "manager", ROLE_MANAGER },
	};

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (!strcmp(text, roles[i].name)) {
			*ret = roles[i].role;
			return true;
		}
	return false;
}

void api_key_add(const char *key, enum role role)
{
	struct api_key *k = must_calloc(1, sizeof(*k));

	k->key = must_strdup(key);
	k->role = role;
	k->next = api_keys;
	api_keys = k;
}

bool api_key_find(const char *key, enum role *ret)
{
	for (struct api_key *k = api_keys; k; k = k->next)
		if (!strcmp(k->key, key)) {
			*ret = k->role;
			return true;
		}
	return false;
}

/* Claims like IAM's: other clients read when a token was made and when it ends. */
static void claims(struct buffer *ret, int64_t issued_at, int64_t expires)
{
	unsigned char filler[FILLER_BYTES];
	char id[UUID_TEXT];

	random_uuid(id);
	random_bytes(filler, sizeof(filler));
	buffer_printf(ret, "{\"iam_id\":\"iam-ServiceId-%s\",\"id\":\"iam-ServiceId-%s\","
		      "\"realmid\":\"iam\",\"sub\":\"ServiceId-%s\",\"sub_type\":\"ServiceId\",",
		      id, id, id);
	buffer_printf(ret, "\"iat\":%lld,\"exp\":%lld,\"iss\":\"https://iam.cloud.ibm.com/identity\","
		      "\"grant_type\":\"urn:ibm:params:oauth:grant-type:apikey\","
		      "\"scope\":\"ibm openid\",\"client_id\":\"default\",\"acr\":1,\"amr\":[\"pwd\"],",
		      (long long)issued_at, (long long)expires);
	buffer_printf(ret, "\"jti\":\"");
	base64_url(ret, filler, sizeof(filler));
	buffer_printf(ret, "\"}");
}

static char *random_jwt(int64_t issued_at, int64_t expires)
{
	static const char header[] = "{\"kid\":\"20261101000000\",\"alg\":\"RS256\"}";
	_cleanup_buffer_ struct buffer payload = { 0 };
	unsigned char signature[SIGNATURE_BYTES];
	struct buffer text = { 0 };

	claims(&payload, issued_at, expires);
	random_bytes(signature, sizeof(signature));
	base64_url(&text, header, sizeof(header) - 1);
	buffer_append(&text, ".", 1);
	base64_url(&text, payload.data, payload.length);
	buffer_append(&text, ".", 1);
	base64_url(&text, signature, sizeof(signature));
	return text.data;
}

const char *token_issue(enum role role, unsigned lifetime_s)
{
	struct token *t = must_calloc(1, sizeof(*t));

	t->role = role;
	t->expires = clock_now() + lifetime_s;
	t->text = random_jwt(t->expires - lifetime_s, t->expires);
	t->next = tokens;
	tokens = t;
	issued++;
	return t->text;
}

enum role token_role(const char *token)
{
	for (struct token *t = tokens; t; t = t->next)
		if (!strcmp(t->text, token))
			return t->expires > clock_now() ? t->role : ROLE_NONE;
	return ROLE_NONE;
}

unsigned token_issued_count(void)
{
	return issued;
}

void token_forget_all(void)
{
	for (struct token *t = tokens, *next; t; t = next) {
		next = t->next;
		free(t->text);
		free(t);
	}
	tokens = NULL;
}

void token_done(void)
{
	token_forget_all();
	for (struct api_key *k = api_keys, *next; k; k = next) {
		next = k->next;
		free(k->key);
		free(k);
	}
	api_keys = NULL;
}
