/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "envelope.h"
#include "base64.h"
#include "cleanup.h"
#include "json.h"

#include <mbedtls/gcm.h>
#include <string.h>

#define FORMAT_VERSION "4.0.0"
#define TAG 16
#define IV_MAX 16

static void append_text(struct buffer *b, const char *text)
{
	size_t n = strlen(text);
	unsigned char length[4] = { (unsigned char)(n >> 24), (unsigned char)(n >> 16),
				    (unsigned char)(n >> 8), (unsigned char)n };

	buffer_append(b, length, sizeof(length));
	buffer_append(b, text, n);
}

/* Every string goes in with its length, so that ["ab","c"] and ["a","bc"] differ. */
static void bind_data(struct buffer *ret, const char *handle, const cJSON *aad)
{
	const cJSON *item;

	append_text(ret, FORMAT_VERSION);
	append_text(ret, handle);
	cJSON_ArrayForEach(item, aad)
		append_text(ret, item->valuestring);
}

static void gcm_start(mbedtls_gcm_context *gcm, const struct key_version *version)
{
	mbedtls_gcm_init(gcm);
	if (mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_AES, version->material,
			       (unsigned)version->material_length * 8))
		abort(); /* only for a key length that key.h excludes */
}

char *envelope_seal(const struct key_version *version, const cJSON *aad, bool long_iv,
		    const struct buffer *plaintext)
{
	_cleanup_(mbedtls_gcm_free) mbedtls_gcm_context gcm;
	_cleanup_free_ unsigned char *sealed = must_calloc(plaintext->length + TAG, 1);
	_cleanup_free_ char *iv_text = NULL, *sealed_text = NULL;
	_cleanup_buffer_ struct buffer bound = { 0 }, json = { 0 };
	unsigned char iv[IV_MAX];
	size_t iv_length = long_iv ? 16 : 12;

	random_bytes(iv, sizeof(iv));
	bind_data(&bound, version->handle, aad);
	gcm_start(&gcm, version);
	if (mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, plaintext->length, iv, iv_length,
				      (unsigned char *)bound.data, bound.length,
				      (unsigned char *)plaintext->data, sealed, TAG,
				      sealed + plaintext->length))
		abort(); /* only for lengths beyond what a request can hold */
	sealed_text = base64_encode(sealed, plaintext->length + TAG);
	iv_text = base64_encode(iv, iv_length);
	/* this order always: a ciphertext is stored, it should look alike every time */
	buffer_printf(&json, "{\"ciphertext\":\"%s\",\"iv\":\"%s\",\"version\":\"" FORMAT_VERSION
		      "\",\"handle\":\"%s\"}", sealed_text, iv_text, version->handle);
	return base64_encode(json.data, json.length);
}

static bool open_with(const struct key_version *version, const struct buffer *sealed,
		      const struct buffer *iv, const struct buffer *bound, struct buffer *ret)
{
	_cleanup_(mbedtls_gcm_free) mbedtls_gcm_context gcm;
	size_t length = sealed->length - TAG;
	_cleanup_free_ unsigned char *plaintext = must_calloc(length + 1, 1);
	const unsigned char *data = (unsigned char *)sealed->data;

	gcm_start(&gcm, version);
	if (mbedtls_gcm_auth_decrypt(&gcm, length, (unsigned char *)iv->data, iv->length,
				     (unsigned char *)bound->data, bound->length, data + length,
				     TAG, data, plaintext))
		return false;
	buffer_append(ret, plaintext, length);
	return true;
}

enum envelope_result envelope_open(const struct key *key, const char *text, const cJSON *aad,
				   struct buffer *ret_plaintext,
				   const struct key_version **ret_version)
{
	_cleanup_buffer_ struct buffer outer = { 0 }, sealed = { 0 }, iv = { 0 }, bound = { 0 };
	_cleanup_json_ cJSON *json = NULL;
	const char *sealed_text, *iv_text, *handle, *version;

	if (!base64_decode(text, &outer))
		return ENVELOPE_FORMAT;
	json = json_parse(outer.data, outer.length);
	sealed_text = json_string(json, "ciphertext");
	iv_text = json_string(json, "iv");
	handle = json_string(json, "handle");
	version = json_string(json, "version");
	if (!sealed_text || !iv_text || !handle || !version || strcmp(version, FORMAT_VERSION) ||
	    !base64_decode(sealed_text, &sealed) || !base64_decode(iv_text, &iv) ||
	    sealed.length < TAG || (iv.length != 12 && iv.length != 16))
		return ENVELOPE_FORMAT;

	bind_data(&bound, handle, aad);
	for (unsigned i = key->versions_count; i; i--)
		if (open_with(&key->versions[i - 1], &sealed, &iv, &bound, ret_plaintext)) {
			*ret_version = &key->versions[i - 1];
			return ENVELOPE_OK;
		}
	return ENVELOPE_REFUSED;
}
