/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"

static char *directory;

void credential_set_directory(const char *path)
{
	free(directory);
	directory = path ? strdup(path) : NULL;
}

/* An API key file usually ends with a newline that is not part of the key. */
static void trim(struct secret *key)
{
	const unsigned char *p = secret_bytes(key);
	size_t len = secret_len(key);

	while (len && (p[len - 1] == '\n' || p[len - 1] == '\r' || p[len - 1] == ' '))
		len--;
	secret_shorten(key, len);
}

static enum outcome check_key(const struct secret *key, const char *path, struct verdict *v)
{
	const unsigned char *p = secret_bytes(key);
	bool good = secret_len(key) > 0;

	for (size_t i = 0; i < secret_len(key); i++)
		good = good && p[i] > 0x20 && p[i] < 0x7f;
	if (good)
		return OUTCOME_OK;
	verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "%s does not hold an API key", path);
	return verdict_hint(v, "put the key alone on one line of that file");
}

static enum outcome read_key(const char *path, struct secret **ret, struct verdict *v)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	_cleanup_secret_ struct secret *key = NULL;
	struct stat st;
	enum outcome o;
	int r;

	if (fd < 0 && errno == ENOENT)
		return verdict_set(v, OUTCOME_CREDENTIAL_MISSING, "%s does not exist", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return verdict_errno(v, errno, path);
	if (!S_ISREG(st.st_mode))
		return verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "%s is not a regular file", path);
	if (st.st_mode & 077) {
		verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "others can read %s (mode %04o)", path,
			    st.st_mode & 07777u);
		return verdict_hint(v, "chmod 0600 %s", path);
	}
	r = secret_read_fd(fd, LIMIT_API_KEY_MAX, &key);
	if (r == -EFBIG || r == -ENODATA)
		return verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "%s does not hold an API key",
				   path);
	if (r < 0)
		return verdict_errno(v, r, path);
	trim(key);
	o = check_key(key, path, v);
	if (o == OUTCOME_OK)
		*ret = take_ptr(key);
	return o;
}

static enum outcome read_source(const char *sysroot, const char *source, struct secret **ret,
				struct verdict *v)
{
	_cleanup_free_ char *path = NULL;
	int n;

	if (!strncmp(source, "file:", 5)) {
		n = asprintf(&path, "%s%s", sysroot, source + 5);
	} else if (!strncmp(source, "credential:", 11)) {
		if (strchr(source + 11, '/') || !source[11])
			return verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE,
					   "%s is not a credential's name", source);
		if (!directory)
			return verdict_set(v, OUTCOME_CREDENTIAL_MISSING,
					   "the service manager passed no credential for %s", source);
		n = asprintf(&path, "%s/%s", directory, source + 11);
	} else {
		return verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE,
				   "this version cannot read API keys from %s", source);
	}
	if (n < 0)
		return verdict_errno(v, ENOMEM, source);
	return read_key(path, ret, v);
}

/* What was read before a source was refused must not be used by whoever asks next. */
static enum outcome drop_keys(struct kms_profile *kms, enum outcome o)
{
	for (size_t i = 0; i < kms->n_api_keys; i++)
		secret_free(take_ptr(kms->api_keys[i]));
	kms->n_api_keys = 0;
	return o;
}

static enum outcome load_keys(const char *sysroot, struct kms_profile *kms, const char *sources,
			      struct verdict *v)
{
	_cleanup_free_ char *text = strdup(sources);
	enum outcome worst = OUTCOME_OK;
	char *rest = NULL;

	if (!text)
		return verdict_errno(v, ENOMEM, "api-key");
	for (char *p = strtok_r(text, ", \t", &rest); p && kms->n_api_keys < LIMIT_API_KEYS;
	     p = strtok_r(NULL, ", \t", &rest)) {
		enum outcome o = read_source(sysroot, p, &kms->api_keys[kms->n_api_keys], v);

		if (o == OUTCOME_OK)
			kms->n_api_keys++;
		else if (o != OUTCOME_CREDENTIAL_MISSING)
			return drop_keys(kms, o); /* a readable secret is not to be skipped */
		else
			worst = o;
	}
	if (kms->n_api_keys)
		return OUTCOME_OK;
	return worst;
}

static enum outcome load_ca(const char *sysroot, struct config_profile *profile, struct verdict *v)
{
	_cleanup_free_ char *path = NULL, *ca = NULL;
	struct kms_profile *kms = &profile->kms;
	size_t len;
	int r;

	if (kms->ca)
		return OUTCOME_OK;
	if (!kms->ca_file) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "[kms %s] has no ca-file", kms->name);
		return verdict_hint(v, "name the roots to trust, e.g. ca-file = "
				       "/etc/ssl/certs/ca-certificates.crt");
	}
	if (asprintf(&path, "%s%s", sysroot, kms->ca_file) < 0)
		return verdict_errno(v, ENOMEM, kms->ca_file);
	r = file_read(path, LIMIT_CA_FILE, &ca, &len);
	if (r == -ENOENT) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "ca-file %s does not exist", path);
		return verdict_hint(v, "put the service's CA there, or correct ca-file");
	}
	if (r == -EFBIG)
		return verdict_set(v, OUTCOME_CONFIG_ERROR, "ca-file %s is larger than %u bytes",
				   path, LIMIT_CA_FILE);
	if (r < 0)
		return verdict_errno(v, r, path);
	if (!strstr(ca, "-----BEGIN CERTIFICATE-----"))
		return verdict_set(v, OUTCOME_CONFIG_ERROR, "ca-file %s holds no PEM certificate",
				   path);
	kms->ca = take_ptr(ca);
	kms->ca_len = len;
	return OUTCOME_OK;
}

enum outcome credential_load(const char *sysroot, struct config_profile *profile, struct verdict *v)
{
	enum outcome o;

	o = load_ca(sysroot, profile, v);
	if (o != OUTCOME_OK || profile->kms.n_api_keys)
		return o;
	return load_keys(sysroot, &profile->kms, profile->api_key_source, v);
}

enum outcome credential_each_file(const struct config_profile *profile,
				  enum outcome (*visit)(const char *path, void *userdata),
				  void *userdata, struct verdict *v)
{
	_cleanup_free_ char *text = strdup(profile->api_key_source);
	enum outcome o;
	char *rest = NULL;

	if (!text)
		return verdict_errno(v, ENOMEM, "api-key");
	if (!profile->kms.ca_file) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "[kms %s] has no ca-file", profile->kms.name);
		return verdict_hint(v, "an image without a CA cannot trust the service; set ca-file");
	}
	o = visit(profile->kms.ca_file, userdata);
	for (char *p = strtok_r(text, ", \t", &rest); p && o == OUTCOME_OK;
	     p = strtok_r(NULL, ", \t", &rest)) {
		if (!strncmp(p, "file:", 5))
			o = visit(p + 5, userdata);
		else if (!strncmp(p, "tpm:", 4) || !strncmp(p, "sealed:", 7) ||
			 !strncmp(p, "header:", 7))
			o = verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE,
					"[kms %s]: %s cannot work in an initramfs of this version",
					profile->kms.name, p);
	}
	return o;
}
