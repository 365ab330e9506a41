/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/config-old.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/uuid.h"
#include "op/config-file.h"

#define NO_MEMORY "out of memory"

/* A piece of the file, which is a secret: not terminated, and copied only where it holds none. */
struct part {
	const char *text;
	size_t len;
};

struct old_key {
	const char *name;
	const char *(*set)(struct config_profile *p, const char *value);
};

static struct part trim(struct part p)
{
	while (p.len && strchr(" \t\r", p.text[0]))
		p = (struct part){ p.text + 1, p.len - 1 };
	while (p.len && strchr(" \t\r", p.text[p.len - 1]))
		p.len--;
	return p;
}

static bool is(struct part p, const char *word)
{
	return p.len == strlen(word) && !strncasecmp(p.text, word, p.len);
}

/* Without the comment that may stand behind a value, after a blank. */
static struct part value_of(struct part p)
{
	for (size_t i = 1; i < p.len; i++)
		if ((p.text[i] == '#' || p.text[i] == ';') && strchr(" \t", p.text[i - 1]))
			p.len = i;
	return trim(p);
}

static const char *set_endpoint(struct config_profile *p, const char *value)
{
	return kms_profile_check_endpoint(value, &p->kms.endpoint);
}

static const char *set_iam_endpoint(struct config_profile *p, const char *value)
{
	return kms_profile_check_endpoint(value, &p->kms.iam_endpoint);
}

static const char *set_instance(struct config_profile *p, const char *value)
{
	if (!uuid_is_valid(value))
		return "is not an instance id (UUID)";
	p->kms.instance = strdup(value);
	return p->kms.instance ? NULL : NO_MEMORY;
}

static const char *set_root_key(struct config_profile *p, const char *value)
{
	if (!strcasecmp(value, "placeholder"))
		return NULL;
	if (!kms_key_name_is_valid(value))
		return "is neither a key id (UUID) nor an alias";
	p->kms.root_key = strdup(value);
	return p->kms.root_key ? NULL : NO_MEMORY;
}

static const char *set_nothing(struct config_profile *p, const char *value)
{
	(void)p;
	(void)value; /* the endpoint says it all */
	return NULL;
}

static const struct old_key keys[] = {
	{ "endpoint_url", set_endpoint },     { "iam_endpoint_url", set_iam_endpoint },
	{ "service_instance_id", set_instance }, { "default_crk_uuid", set_root_key },
	{ "region", set_nothing },
};

static const char *set_api_key(struct config_profile *p, struct part value)
{
	_cleanup_secret_ struct secret *key = NULL;

	if (p->api_key_source)
		return "is given twice";
	p->api_key_source = strdup(is(value, "TPM") ? "tpm:" CONFIG_OLD_BLOB : "");
	if (!p->api_key_source)
		return NO_MEMORY;
	if (*p->api_key_source)
		return NULL;
	for (size_t i = 0; i < value.len; i++)
		if (value.text[i] <= 0x20 || value.text[i] == 0x7f)
			return "is not an API key";
	if (value.len > LIMIT_API_KEY_MAX)
		return "is not an API key";
	if (secret_new(value.len, &key) < 0)
		return NO_MEMORY;
	memcpy(secret_data(key), value.text, value.len);
	p->kms.api_keys[p->kms.n_api_keys++] = take_ptr(key);
	return NULL;
}

/* NULL, or what is wrong with the value; "": nobody knows that key, as nobody did before. */
static const char *set(struct config_profile *p, struct part name, struct part value, bool *seen)
{
	char text[LIMIT_URL + 1];

	if (is(name, "api_key"))
		return value.len ? set_api_key(p, value) : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!is(name, keys[i].name))
			continue;
		if (seen[i])
			return "is given twice";
		seen[i] = true;
		if (value.len >= sizeof(text))
			return "is too long";
		memcpy(text, value.text, value.len);
		text[value.len] = '\0';
		if (strlen(text) < value.len)
			return "holds a NUL byte";
		return *text ? keys[i].set(p, text) : NULL;
	}
	return NULL;
}

static enum outcome wrong(const struct config *c, unsigned line, struct part name, const char *complaint,
			  struct verdict *v)
{
	/* Never the value: it may be the API key. */
	verdict_set(v, OUTCOME_CONFIG_ERROR, "%s, line %u: %.*s %s", c->path, line,
		    (int)(name.len < 40 ? name.len : 40), name.text, complaint);
	return verdict_hint(v, "see hpcs-for-luks(8)");
}

static struct part next_line(struct part *rest)
{
	const char *end = memchr(rest->text, '\n', rest->len);
	struct part line = { rest->text, end ? (size_t)(end - rest->text) : rest->len };
	size_t used = line.len + (end ? 1 : 0);

	*rest = (struct part){ rest->text + used, rest->len - used };
	return trim(line);
}

/* Where "=" or ":" ends the name; the length of the line when neither is there. */
static size_t name_length(struct part line)
{
	size_t i = 0;

	while (i < line.len && line.text[i] != '=' && line.text[i] != ':')
		i++;
	return i;
}

static enum outcome parse(struct part rest, struct config *c, struct config_profile *p, struct verdict *v)
{
	bool seen[ARRAY_SIZE(keys)] = { false }, ours = false;

	for (unsigned n = 1; rest.len; n++) {
		struct part line = next_line(&rest), name, value;
		const char *complaint;
		size_t at;

		if (!line.len || strchr("#;", line.text[0]))
			continue;
		if (line.text[0] == '[') {
			ours = is(value_of(line), "[KP]");
			p->line = ours ? n : p->line;
			continue;
		}
		if (!ours)
			continue;
		at = name_length(line);
		name = trim((struct part){ line.text, at });
		if (at == line.len)
			return wrong(c, n, (struct part){ "the line", 8 }, "is not \"key = value\"", v);
		value = value_of((struct part){ line.text + at + 1, line.len - at - 1 });
		complaint = set(p, name, value, seen);
		if (complaint)
			return wrong(c, n, name, complaint, v);
	}
	return OUTCOME_OK;
}

/* The Python tool sends to both alike; who they are decides about additional data only. */
static enum kms_service service_of(const char *endpoint)
{
	if (strstr(endpoint, ".kms.appdomain.cloud"))
		return KMS_SERVICE_KEY_PROTECT_DEDICATED;
	if (strstr(endpoint, ".kms.cloud.ibm.com"))
		return KMS_SERVICE_KEY_PROTECT;
	return KMS_SERVICE_HPCS;
}

static enum outcome complete(struct config *c, struct config_profile *p, struct verdict *v)
{
	const char *missing = !p->line		? "section [KP]" :
			      !p->kms.endpoint	? "endpoint_url" :
			      !p->kms.instance	? "service_instance_id" :
			      !p->api_key_source ? "api_key" :
						   NULL;

	if (missing) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "%s has no %s", c->path, missing);
		return verdict_hint(v, "see hpcs-for-luks(8)");
	}
	p->kms.service = service_of(p->kms.endpoint);
	p->kms.ca_file = config_find_ca(c->sysroot);
	if (!p->kms.iam_endpoint)
		p->kms.iam_endpoint = strdup("https://iam.cloud.ibm.com");
	return p->kms.ca_file && p->kms.iam_endpoint ? OUTCOME_OK : verdict_errno(v, ENOMEM, c->path);
}

enum outcome config_old_read(const char *path, struct config *c, struct verdict *v)
{
	_cleanup_secret_ struct secret *text = NULL;
	_cleanup_close_ int fd = -1;
	struct config_profile *p = &c->profiles[0];
	enum outcome o = config_file_open(path, 07, &fd, v);
	int r;

	if (o != OUTCOME_OK)
		return o;
	r = secret_read_fd(fd, LIMIT_OLD_CONFIG, &text);
	if (r == -EFBIG || r == -ENODATA)
		return verdict_set(v, OUTCOME_CONFIG_ERROR, "%s is %s", path,
				   r == -ENODATA ? "empty" : "too large");
	if (r < 0)
		return verdict_errno(v, r, path);
	c->old_format = true;
	c->keys_at_boot = true; /* in an image that somebody asked for */
	c->n_profiles = 1;
	p->from_old = true;
	p->kms.name = strdup("default");
	if (!p->kms.name)
		return verdict_errno(v, ENOMEM, path);
	o = parse((struct part){ (const char *)secret_bytes(text), secret_len(text) }, c, p, v);
	return o == OUTCOME_OK ? complete(c, p, v) : o;
}
