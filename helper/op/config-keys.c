/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/config-keys.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/uuid.h"

#define NO_MEMORY "out of memory"

static const char *copy(char **to, const char *value)
{
	*to = strdup(value);
	return *to ? NULL : NO_MEMORY;
}

/* "60s", "60" or "2min" in milliseconds. */
static const char *parse_seconds(const char *value, uint64_t max_s, uint64_t *ret_s)
{
	unsigned long n;
	char *end;

	if (!isdigit((unsigned char)*value))
		return "is not a time such as 60s";
	errno = 0;
	n = strtoul(value, &end, 10);
	if (*end && strcmp(end, "s") != 0 && strcmp(end, "min") != 0)
		return "is not a time such as 60s";
	if (errno || n < 1 || n > max_s)
		return "is out of range";
	if (!strcmp(end, "min"))
		n *= 60; /* cannot overflow: max_s is checked on both sides */
	if (n > max_s)
		return "is out of range";
	*ret_s = n;
	return NULL;
}

static const char *set_timeout(struct config_target *t, const char *value)
{
	uint64_t s;
	const char *wrong = parse_seconds(value, LIMIT_TIMEOUT_MS / 1000, &s);

	if (!wrong)
		t->config->timeout_ms = s * 1000;
	return wrong;
}

static const char *set_key_expiry(struct config_target *t, const char *value)
{
	uint64_t s;
	const char *wrong = parse_seconds(value, LIMIT_KEY_EXPIRY_MAX_S, &s);

	if (!wrong)
		t->config->key_expiry_s = (unsigned)s;
	return wrong;
}

/* One of two words. */
static const char *parse_choice(const char *value, const char *no, const char *yes,
				const char *wrong, bool *ret)
{
	if (!strcmp(value, yes))
		*ret = true;
	else if (!strcmp(value, no))
		*ret = false;
	else
		return wrong;
	return NULL;
}

static const char *set_keys_profile(struct config_target *t, const char *value)
{
	return copy(&t->config->keys_profile, value); /* whether it exists is known at the end */
}

static const char *set_keys_at_boot(struct config_target *t, const char *value)
{
	return parse_choice(value, "no", "yes", "is not one of: yes no", &t->config->keys_at_boot);
}

static const char *set_keys_expiry(struct config_target *t, const char *value)
{
	uint64_t s = 0;
	const char *wrong = strcmp(value, "never") != 0 ? parse_seconds(value, LIMIT_KEYS_EXPIRY_MAX_S, &s) :
							  NULL;

	t->config->keys_expiry_s = (unsigned)s;
	return wrong;
}

static const char *set_on_failure(struct config_target *t, const char *value)
{
	static const char *const words[] = { "prompt", "retry", "reboot", "poweroff", "halt" };

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(value, words[i])) {
			t->config->on_failure = (enum config_on_failure)i;
			return NULL;
		}
	return "is not one of: prompt retry reboot poweroff halt";
}

static const char *set_on_refusal(struct config_target *t, const char *value)
{
	static const char *const words[] = { "block", "halt", "prompt" };

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(value, words[i])) {
			t->config->on_refusal = (enum config_on_refusal)i;
			return NULL;
		}
	return "is not one of: block halt prompt";
}

static const char *set_require(struct config_target *t, const char *value)
{
	return parse_choice(value, "any", "secure-key", "is not one of: any secure-key",
			    t->volume ? &t->volume->secure_key : &t->config->secure_key);
}

static const char *set_open(struct config_target *t, const char *value)
{
	return parse_choice(value, "helper", "systemd", "is not one of: helper systemd",
			    &t->config->open_by_systemd);
}

static const char *set_debug_shell(struct config_target *t, const char *value)
{
	return parse_choice(value, "refuse", "allow", "is not one of: refuse allow",
			    &t->config->debug_shell);
}

/* A CRN cannot tell Key Protect from its dedicated kind; it can tell both from HPCS. */
static bool same_kind(enum kms_service a, enum kms_service b)
{
	return (a == KMS_SERVICE_HPCS) == (b == KMS_SERVICE_HPCS);
}

static const char *set_service(struct config_target *t, const char *value)
{
	struct config_profile *p = t->profile;
	enum kms_service service;

	if (!kms_service_parse(value, &service))
		return "is not one of: hpcs key-protect key-protect-dedicated";
	if (p->crn && !same_kind(service, p->kms.service))
		return "is not the service that crn names";
	p->kms.service = service;
	p->service_given = true;
	return NULL;
}

static const char *set_endpoint(struct config_target *t, const char *value)
{
	return kms_profile_check_endpoint(value, &t->profile->kms.endpoint);
}

static const char *set_iam_endpoint(struct config_target *t, const char *value)
{
	return kms_profile_check_endpoint(value, &t->profile->kms.iam_endpoint);
}

static const char *set_instance(struct config_target *t, const char *value)
{
	if (!uuid_is_valid(value))
		return "is not an instance id (UUID)";
	if (t->profile->crn)
		return "repeats what crn says: keep one of them";
	return copy(&t->profile->kms.instance, value);
}

static const char *set_root_key(struct config_target *t, const char *value)
{
	if (!kms_key_name_is_valid(value))
		return "is neither a key id (UUID) nor an alias";
	if (t->profile->crn)
		return "repeats what crn says: keep one of them";
	return copy(&t->profile->kms.root_key, value);
}

/* crn:v1:bluemix:public:SERVICE:REGION:a/ACCOUNT:INSTANCE:key:KEY; kms-api.md 2.1 */
static const char *set_crn(struct config_target *t, const char *value)
{
	static const char wrong[] =
		"is not a key's CRN (crn:v1:bluemix:public:SERVICE:REGION:a/ACCOUNT:INSTANCE:key:KEY)";
	_cleanup_free_ char *text = strdup(value);
	char *part[10] = { text }, *p = text;
	struct kms_profile *kms = &t->profile->kms;
	enum kms_service service;

	if (!text)
		return NO_MEMORY;
	for (size_t i = 1; i < ARRAY_SIZE(part); i++) {
		p = strchr(p, ':');
		if (!p)
			return wrong;
		*p++ = '\0';
		part[i] = p;
	}
	if (strchr(p, ':') || strcmp(part[0], "crn") != 0 || strcmp(part[1], "v1") != 0 ||
	    strcmp(part[8], "key") != 0 || !uuid_is_valid(part[7]) || !uuid_is_valid(part[9]))
		return wrong;
	if (!strcmp(part[4], "hs-crypto"))
		service = KMS_SERVICE_HPCS;
	else if (!strcmp(part[4], "kms"))
		service = KMS_SERVICE_KEY_PROTECT;
	else
		return "names a service that is neither kms nor hs-crypto";
	if (t->profile->service_given && !same_kind(kms->service, service))
		return "is not a key of the service that \"service\" names";
	if (!t->profile->service_given)
		kms->service = service;
	if (kms->instance || kms->root_key)
		return "repeats what instance or root-key say: keep one of them";
	if (copy(&kms->instance, part[7]) || copy(&kms->root_key, part[9]))
		return NO_MEMORY;
	return copy(&t->profile->crn, value);
}

static const char *check_source(const char *source)
{
	if (!strncmp(source, "file:", 5))
		return source[5] == '/' ? NULL : "file: needs an absolute path";
	if (!strncmp(source, "sealed:", 7))
		return source[7] == '/' ? NULL : "sealed: needs an absolute path";
	if (!strncmp(source, "tpm:", 4))
		return source[4] == '/' ? NULL : "tpm: needs an absolute path";
	if (!strncmp(source, "credential:", 11))
		return source[11] && !strchr(source + 11, '/')
			       ? NULL
			       : "credential: needs a name without \"/\"";
	if (!strncmp(source, "header:", 7))
		return source[7] ? "header: stands alone: the volumes' headers have the API key" : NULL;
	return "is not a source: file:PATH, sealed:PATH, header:, credential:NAME or tpm:PATH, comma separated";
}

static const char *set_api_key(struct config_target *t, const char *value)
{
	_cleanup_free_ char *text = strdup(value);
	char *rest = NULL;
	size_t n = 0;

	if (!text)
		return NO_MEMORY;
	for (char *p = strtok_r(text, ", \t", &rest); p; p = strtok_r(NULL, ", \t", &rest), n++) {
		const char *wrong = check_source(p);

		if (wrong)
			return wrong;
	}
	if (!n || n > LIMIT_API_KEYS)
		return "needs one to four sources";
	return copy(&t->profile->api_key_source, value);
}

static const char *set_ca_file(struct config_target *t, const char *value)
{
	if (*value != '/')
		return "is not an absolute path";
	return copy(&t->profile->kms.ca_file, value);
}

static const char *set_proxy(struct config_target *t, const char *value)
{
	return kms_profile_check_proxy(value, &t->profile->kms.proxy);
}

static const char *set_address(struct config_target *t, const char *value)
{
	const char *wrong = kms_profile_check_address(value);

	return wrong ? wrong : copy(&t->profile->kms.address, value);
}

static const char *set_uuid(struct config_target *t, const char *value)
{
	if (!uuid_is_valid(value))
		return "is not a UUID (cryptsetup luksUUID DEVICE shows it)";
	for (size_t i = 0; i < t->config->n_volumes; i++)
		if (t->config->volumes[i].uuid && uuid_equal(t->config->volumes[i].uuid, value))
			return "belongs to another [volume …] section already";
	if (copy(&t->volume->uuid, value))
		return NO_MEMORY;
	/* udev's links are lower case, and mapper names are made from this. */
	for (char *p = t->volume->uuid; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return NULL;
}

static const char *set_cipher(struct config_target *t, const char *value)
{
	return copy(&t->volume->cipher, value);
}

static const char *set_pattern(struct config_target *t, const char *value)
{
	size_t n = strspn(value, "0123456789abcdefABCDEF");

	if (value[n] || n != CONFIG_PATTERN_LEN)
		return "is not a verification pattern (64 hexadecimal digits)";
	return copy(&t->volume->verification_pattern, value);
}

static const char *set_min_serial(struct config_target *t, const char *value)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(value, &end, 10);
	if (errno || *end || end == value || n < 1 || n > LIMIT_SERIAL)
		return "is not a number from 1";
	t->volume->min_serial = n;
	return NULL;
}

static const char *set_bindings(struct config_target *t, const char *value)
{
	_cleanup_free_ char *text = strdup(value);
	struct config_volume *vol = t->volume;
	char *rest = NULL;

	if (!text)
		return NO_MEMORY;
	for (char *p = strtok_r(text, ", \t", &rest); p; p = strtok_r(NULL, ", \t", &rest)) {
		if (!config_binding_is_valid(p))
			return "is not a list of: card kms:PROFILE keyfile:PATH";
		if (vol->n_bindings == LIMIT_BINDINGS)
			return "names too many bindings";
		if (copy(&vol->bindings[vol->n_bindings], p))
			return NO_MEMORY;
		vol->n_bindings++;
	}
	return vol->n_bindings ? NULL : "names no binding";
}

/* It also goes into a crypttab line, where a blank would end the field. */
static const char *set_options(struct config_target *t, const char *value)
{
	char *to;

	if (copy(&t->volume->options, value))
		return NO_MEMORY;
	to = t->volume->options;
	for (const char *p = value; *p; p++) {
		if (*p == '#' || *p == '"' || *p == '\'')
			return "holds a character that crypttab(5) has no use for";
		if (*p != ' ' && *p != '\t')
			*to++ = *p;
	}
	*to = '\0';
	return NULL;
}

static const char *set_nofail(struct config_target *t, const char *value)
{
	return parse_choice(value, "no", "yes", "is not one of: yes no", &t->volume->nofail);
}

#define MAIN(name, fallback, set, help)	  { SECTION_MAIN, { "cexluks", name, fallback, help }, set }
#define KMS(name, fallback, set, help)	  { SECTION_KMS, { "kms", name, fallback, help }, set }
#define VOLUME(name, fallback, set, help) { SECTION_VOLUME, { "volume", name, fallback, help }, set }

static const struct config_setter setters[] = {
	MAIN("timeout", "60s", set_timeout, "how long the automatic attempt may hold back the prompt"),
	MAIN("on-failure", "prompt", set_on_failure, "what to do when it did not work"),
	MAIN("on-refusal", "block", set_on_refusal, "what to do with a volume that breaks a rule"),
	MAIN("require", "any", set_require, "refuse volumes that no card protects"),
	MAIN("open", "helper", set_open, "who opens: cexluks, or systemd with a key we load"),
	MAIN("debug-shell", "refuse", set_debug_shell, "unlock although a debug shell is asked for"),
	MAIN("key-expiry", "300s", set_key_expiry, "lifetime of keys put into the kernel keyring"),
	MAIN("keys-profile", NULL, set_keys_profile, "the [kms NAME] that wrapped the keys directory"),
	MAIN("keys-at-boot", "no", set_keys_at_boot, "load the keys directory in the initramfs"),
	MAIN("keys-expiry", "never", set_keys_expiry, "lifetime of keys from the keys directory"),
	KMS("service", NULL, set_service, "hpcs, key-protect or key-protect-dedicated"),
	KMS("endpoint", NULL, set_endpoint, "https address of the instance"),
	KMS("iam-endpoint", "https://iam.cloud.ibm.com", set_iam_endpoint, "https address of IAM"),
	KMS("instance", NULL, set_instance, "instance id"),
	KMS("root-key", NULL, set_root_key, "id or alias of the key that wraps"),
	KMS("crn", NULL, set_crn, "a key's CRN instead of service, instance and root-key"),
	KMS("api-key", NULL, set_api_key, "where the API key comes from"),
	KMS("ca-file", NULL, set_ca_file, "the only roots of trust for this service, PEM"),
	KMS("proxy", NULL, set_proxy, "http proxy; TLS stays end to end"),
	KMS("address", NULL, set_address, "fixed address instead of DNS"),
	VOLUME("uuid", NULL, set_uuid, "UUID of the LUKS2 header"),
	VOLUME("cipher", NULL, set_cipher, "pinned cipher"),
	VOLUME("verification-pattern", NULL, set_pattern, "pinned verification pattern"),
	VOLUME("min-serial", NULL, set_min_serial, "oldest acceptable binding serial"),
	VOLUME("require", "any", set_require, "refuse this volume unless a card protects it"),
	VOLUME("bindings", NULL, set_bindings, "bindings to try, in this order"),
	VOLUME("options", NULL, set_options, "crypttab options"),
	VOLUME("nofail", "no", set_nofail, "the boot goes on without it"),
};

size_t config_setters(const struct config_setter **ret)
{
	*ret = setters;
	return ARRAY_SIZE(setters);
}

size_t config_keys(const struct config_key **ret)
{
	static struct config_key keys[ARRAY_SIZE(setters)];

	for (size_t i = 0; i < ARRAY_SIZE(setters); i++)
		keys[i] = setters[i].key;
	*ret = keys;
	return ARRAY_SIZE(keys);
}
