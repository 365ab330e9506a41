/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE 1
#include "hostile.h"
#include "base64.h"
#include "cleanup.h"
#include "json.h"
#include "random.h"

#include <stdint.h>
#include <string.h>

/* Owned by the caller; NULL when the body is not an object. */
static cJSON *parse_object(const struct buffer *body)
{
	cJSON *json = json_parse(body->data, body->length);

	if (cJSON_IsObject(json))
		return json;
	cJSON_Delete(json);
	return NULL;
}

static void print_object(const cJSON *json, struct buffer *body)
{
	_cleanup_free_ char *text = cJSON_PrintUnformatted(json);

	buffer_clear(body);
	buffer_append(body, text, strlen(text));
}

static cJSON *other_type(const cJSON *item)
{
	if (cJSON_IsString(item))
		return cJSON_CreateNumber(12345);
	if (cJSON_IsArray(item))
		return cJSON_CreateObject();
	if (cJSON_IsObject(item))
		return cJSON_CreateArray();
	return cJSON_CreateString("3600");
}

static cJSON *null_for(const cJSON *item)
{
	(void)item;
	return cJSON_CreateNull();
}

static void replace_members(struct buffer *body, cJSON *(*by)(const cJSON *item))
{
	_cleanup_json_ cJSON *json = parse_object(body), *replaced = cJSON_CreateObject();
	const cJSON *item;

	if (!json)
		return;
	cJSON_ArrayForEach(item, json)
		cJSON_AddItemToObject(replaced, item->string, by(item));
	print_object(replaced, body);
}

void hostile_wrong_types(struct buffer *body)
{
	replace_members(body, other_type);
}

void hostile_nulls(struct buffer *body)
{
	replace_members(body, null_for);
}

/* For a plaintext: other random bytes of the same length, in base64. Owned by the caller. */
static char *decoy_for(const char *text)
{
	_cleanup_buffer_ struct buffer bytes = { 0 };

	if (!base64_decode(text, &bytes))
		return must_strdup("decoy");
	if (bytes.length)
		random_bytes(bytes.data, bytes.length);
	return base64_encode(bytes.data, bytes.length);
}

void hostile_duplicates(struct buffer *body)
{
	_cleanup_json_ cJSON *json = parse_object(body);
	_cleanup_buffer_ struct buffer text = { 0 };
	const cJSON *item;

	if (!json)
		return;
	cJSON_ArrayForEach(item, json) {
		_cleanup_free_ char *real = cJSON_PrintUnformatted(item), *decoy = NULL;

		buffer_append(&text, text.length ? "," : "{", 1);
		if (cJSON_IsString(item)) {
			decoy = decoy_for(item->valuestring);
			buffer_printf(&text, "\"%s\":\"%s\",", item->string, decoy);
		} else {
			buffer_printf(&text, "\"%s\":0,", item->string);
		}
		buffer_printf(&text, "\"%s\":%s", item->string, real);
	}
	buffer_append(&text, "}", 1);
	buffer_clear(body);
	buffer_append(body, text.data, text.length);
}

/* Puts text, which ends with a comma, right after the opening brace. */
static void insert_first(struct buffer *body, const struct buffer *text)
{
	_cleanup_buffer_ struct buffer old = *body;

	*body = (struct buffer){ 0 };
	buffer_append(body, "{", 1);
	buffer_append(body, text->data, text->length);
	buffer_append(body, old.data + 1, old.length - 1);
}

static bool is_object(const struct buffer *body)
{
	return body->length > 2 && body->data[0] == '{';
}

void hostile_unknown_members(struct buffer *body)
{
	static const char extra[] =
		"\"\":\"\",\"x\":{\"plaintext\":\"AAAA\",\"y\":[1,-0.5e-3,null,true,{}]},"
		"\"__proto__\":[],\"\\u0061\\ud83d\\ude00\":\"\\n\\u0001\",\"n\":12345678901234567890,";
	_cleanup_json_ cJSON *json = parse_object(body);
	_cleanup_buffer_ struct buffer text = { 0 };
	_cleanup_free_ char *decoy = NULL;
	const char *plaintext = json_string(json, "plaintext");

	if (!is_object(body))
		return;
	buffer_append(&text, extra, sizeof(extra) - 1);
	if (plaintext) {
		decoy = decoy_for(plaintext);
		buffer_printf(&text, "\"PlainText\":\"%s\",", decoy);
	}
	insert_first(body, &text);
}

void hostile_escapes(struct buffer *body)
{
	_cleanup_buffer_ struct buffer old = *body;

	/* none of the three can stand outside a string in what cJSON prints here */
	*body = (struct buffer){ 0 };
	for (size_t i = 0; i < old.length; i++) {
		const char *p = old.data + i;

		if (*p == '/')
			buffer_append(body, "\\/", 2);
		else if (*p == '+')
			buffer_append(body, "\\u002b", 6);
		else if (*p == '=')
			buffer_append(body, "\\u003d", 6);
		else
			buffer_append(body, p, 1);
	}
}

void hostile_nul(struct buffer *body, const char *nul, size_t length)
{
	static const char *const precious[] = { "\"plaintext\":\"", "\"access_token\":\"",
						"\"ciphertext\":\"", ":\"" };
	_cleanup_buffer_ struct buffer old = { 0 };
	char *value = NULL;
	size_t at;

	for (size_t i = 0; body->data && !value && i < sizeof(precious) / sizeof(precious[0]); i++) {
		value = strstr(body->data, precious[i]);
		value = value ? value + strlen(precious[i]) : NULL;
	}
	if (!value)
		return;
	/* after a whole group of base64, so that what is before the NUL looks like a whole value */
	at = (size_t)(value - body->data) + strcspn(value, "\"") / 8 * 4;
	old = *body;
	*body = (struct buffer){ 0 };
	buffer_append(body, old.data, at);
	buffer_append(body, nul, length);
	buffer_append(body, old.data + at, old.length - at);
}

void hostile_deep(struct buffer *body, size_t nesting)
{
	_cleanup_buffer_ struct buffer text = { 0 };

	if (!is_object(body))
		return;
	buffer_printf(&text, "\"deep\":");
	buffer_fill(&text, '[', nesting);
	buffer_fill(&text, ']', nesting);
	buffer_append(&text, ",", 1);
	insert_first(body, &text);
}

void hostile_huge(struct buffer *body, size_t bytes)
{
	_cleanup_buffer_ struct buffer text = { 0 };

	if (!is_object(body)) {
		buffer_fill(body, ' ', bytes);
		return;
	}
	buffer_printf(&text, "\"pad\":\"");
	buffer_fill(&text, 'A', bytes);
	buffer_printf(&text, "\",");
	insert_first(body, &text);
}

static void set_plaintext(struct buffer *body, char *(*make)(const char *old))
{
	_cleanup_json_ cJSON *json = parse_object(body);
	_cleanup_free_ char *made = NULL;
	const char *old = json_string(json, "plaintext");

	if (!old)
		return;
	made = make(old);
	cJSON_ReplaceItemInObject(json, "plaintext", cJSON_CreateString(made));
	print_object(json, body);
}

static char *nothing_for(const char *text)
{
	(void)text;
	return must_strdup("");
}

void hostile_empty_plaintext(struct buffer *body)
{
	set_plaintext(body, nothing_for);
}

void hostile_other_plaintext(struct buffer *body)
{
	set_plaintext(body, decoy_for);
}

static uint32_t crc32_of(const unsigned char *p, size_t length)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < length; i++) {
		crc ^= p[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void append_little(struct buffer *b, uint32_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++) {
		char c = (char)(value >> 8 * i);

		buffer_append(b, &c, 1);
	}
}

/* Stored blocks only: a valid gzip file needs no compressor. */
void hostile_gzip(struct buffer *body)
{
	static const char header[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff";
	_cleanup_buffer_ struct buffer old = *body;
	size_t done = 0;

	*body = (struct buffer){ 0 };
	buffer_append(body, header, sizeof(header) - 1);
	do {
		size_t n = old.length - done < 0xffff ? old.length - done : 0xffff;

		append_little(body, done + n == old.length, 1);
		append_little(body, (uint32_t)n, 2);
		append_little(body, (uint32_t)~n & 0xffff, 2);
		buffer_append(body, old.data ? old.data + done : "", n);
		done += n;
	} while (done < old.length);
	append_little(body, crc32_of((unsigned char *)old.data, old.length), 4);
	append_little(body, (uint32_t)old.length, 4);
}
