/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One key management service as the configuration describes it: where it is, who we are there, whom
 * we trust to be it. Plain data; op/config.c fills it, the net child uses it. Everything was
 * validated when it was read (kms_profile_check()).
 */
#ifndef CEXLUKS_KMS_PROFILE_H
#define CEXLUKS_KMS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/secret.h"

enum kms_service {
	KMS_SERVICE_HPCS,
	KMS_SERVICE_KEY_PROTECT,
	KMS_SERVICE_KEY_PROTECT_DEDICATED,
};

struct kms_profile {
	char *name;	    /* [A-Za-z0-9_-]{1,64} */
	enum kms_service service;
	char *endpoint;	    /* https://host[:port], no path, no final slash */
	char *iam_endpoint; /* the same */
	char *instance;	    /* UUID */
	char *root_key;	    /* UUID or alias; NULL: none configured yet ("placeholder") */
	char *proxy;	    /* http://host:port or NULL */
	char *address;	    /* "IP" for the endpoint's host and/or "HOST=IP", comma separated; or NULL */
	char *ca_file;	    /* where ca came from, for messages */
	char *ca;	    /* PEM text, NUL-terminated */
	size_t ca_len;
	struct secret *api_keys[LIMIT_API_KEYS]; /* in the order to be tried */
	size_t n_api_keys;
};

/* Releases what @p points to, not @p; NULL members are fine. */
void kms_profile_done(struct kms_profile *p);

/* The words of the configuration: "hpcs", "key-protect", "key-protect-dedicated". */
const char *kms_service_name(enum kms_service service);
bool kms_service_parse(const char *word, enum kms_service *ret);

/**
 * kms_profile_check_endpoint() - refuse what must never be an endpoint
 * @url: configured text, borrowed
 * @ret: normalised copy without a final slash, owned by the caller
 *
 * Accepts https://HOST[:PORT][/] only: no user info, path, query, fragment, blank or control
 * character; HOST is a DNS name or a bracketed or dotted address.
 *
 * Return: NULL, or a static sentence that says what is wrong (then *ret is untouched).
 */
const char *kms_profile_check_endpoint(const char *url, char **ret);

/* "http://host:port" of a proxy; same rules otherwise. NULL or a static sentence. */
const char *kms_profile_check_proxy(const char *url, char **ret);

/* Whether @text is "IP" or a comma separated list of "IP" and "HOST=IP". NULL or a sentence. */
const char *kms_profile_check_address(const char *text);

/* A key id (UUID) or an alias: letters, digits, '-', '_', 2 to 90 characters. */
bool kms_key_name_is_valid(const char *text);

/* Whether the host of a service, or of the proxy in front, is a name without a configured address. */
bool kms_profile_needs_names(const struct kms_profile *profile);

/* The host of a checked endpoint, without port or brackets. Owned by the caller; NULL: no memory. */
char *kms_endpoint_host(const char *endpoint);

#endif
