/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/profile.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kms/address.h"

#define HOST_MAX  253
#define LABEL_MAX 63

void kms_profile_done(struct kms_profile *p)
{
	free(p->name);
	free(p->endpoint);
	free(p->iam_endpoint);
	free(p->instance);
	free(p->root_key);
	free(p->proxy);
	free(p->address);
	free(p->ca_file);
	free(p->ca);
	for (size_t i = 0; i < ARRAY_SIZE(p->api_keys); i++)
		secret_free(p->api_keys[i]);
	*p = (struct kms_profile){ 0 };
}

static const char *const service_names[] = {
	[KMS_SERVICE_HPCS] = "hpcs",
	[KMS_SERVICE_KEY_PROTECT] = "key-protect",
	[KMS_SERVICE_KEY_PROTECT_DEDICATED] = "key-protect-dedicated",
};

const char *kms_service_name(enum kms_service service)
{
	return service_names[service];
}

bool kms_service_parse(const char *word, enum kms_service *ret)
{
	for (unsigned i = 0; i < ARRAY_SIZE(service_names); i++)
		if (!strcmp(word, service_names[i])) {
			*ret = (enum kms_service)i;
			return true;
		}
	return false;
}

bool kms_address_is_numeric(const char *host)
{
	struct in6_addr a;

	return inet_pton(AF_INET, host, &a) == 1 || inet_pton(AF_INET6, host, &a) == 1;
}

/*
 * A last label that looks like a number makes resolvers read the whole as an address in one of
 * inet_aton(3)'s forms ("127.1", "0x7f000001"): only the dotted form that inet_pton(3) reads passes.
 */
static bool label_is_number(const char *label, size_t len)
{
	size_t i = 0;

	if (len > 1 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X'))
		i = 2;
	for (; i < len; i++)
		if (!isdigit((unsigned char)label[i]))
			return label[0] == '0' && len > 1 && tolower((unsigned char)label[1]) == 'x';
	return true;
}

static bool label_is_valid(const char *label, size_t len)
{
	if (!len || len > LABEL_MAX || label[0] == '-' || label[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)label[i]) && label[i] != '-')
			return false;
	return true;
}

/* A DNS name or a dotted address; NULL or what is wrong. */
static const char *check_name(const char *host)
{
	struct in_addr a;
	const char *label = host;

	if (strlen(host) > HOST_MAX)
		return "the host name is too long";
	for (;;) {
		size_t len = strcspn(label, ".");

		if (!label_is_valid(label, len))
			return "the host is neither a DNS name nor an address";
		if (!label[len])
			break;
		label += len + 1;
	}
	if (label_is_number(label, strlen(label)) && inet_pton(AF_INET, host, &a) != 1)
		return "the host looks like an address but is not a dotted one";
	return NULL;
}

static const char *check_port(const char *port)
{
	size_t len = strspn(port, "0123456789");
	unsigned long n;

	if (!len || len > 5 || port[len] || port[0] == '0')
		return "the port is not a number from 1 to 65535";
	n = strtoul(port, NULL, 10);
	return n > 65535 ? "the port is not a number from 1 to 65535" : NULL;
}

/* Splits "host:port", "[v6]:port" in place. *ret_port is NULL without a port. */
static const char *split_authority(char *text, char **ret_host, char **ret_port)
{
	struct in6_addr a;
	char *end;

	*ret_port = NULL;
	*ret_host = text;
	if (*text != '[') {
		end = strchr(text, ':');
		if (end) {
			*end = '\0';
			*ret_port = end + 1;
		}
		return check_name(text);
	}
	end = strchr(text, ']');
	if (!end)
		return "the address has no closing bracket";
	*end = '\0';
	*ret_host = text + 1;
	if (end[1] == ':')
		*ret_port = end + 2;
	else if (end[1])
		return "only a port may follow the address";
	return inet_pton(AF_INET6, text + 1, &a) == 1 ? NULL : "the address in brackets is not IPv6";
}

/* Everything behind the scheme; the normalised text is written to *ret. */
static const char *check_authority(const char *scheme, const char *text, bool need_port, char **ret)
{
	_cleanup_free_ char *copy = NULL;
	char *host = NULL, *port = NULL, *url = NULL;
	const char *wrong;
	size_t len;
	bool v6;

	len = strlen(text);
	if (len && text[len - 1] == '/')
		len--;
	copy = strndup(text, len);
	if (!copy)
		return "out of memory";
	if (strpbrk(copy, "/?#"))
		return "a path, query or fragment is not allowed";
	if (strchr(copy, '@'))
		return "a user name or password is not allowed";
	v6 = *copy == '[';
	wrong = split_authority(copy, &host, &port);
	if (!wrong && port)
		wrong = check_port(port);
	if (!wrong && need_port && !port)
		wrong = "the port is missing";
	if (wrong)
		return wrong;
	for (char *p = host; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (asprintf(&url, "%s%s%s%s%s%s", scheme, v6 ? "[" : "", host, v6 ? "]" : "",
		     port ? ":" : "", port ? port : "") < 0)
		return "out of memory";
	*ret = url;
	return NULL;
}

static const char *check_url(const char *scheme, const char *complaint, const char *url,
			     bool need_port, char **ret)
{
	if (strlen(url) > LIMIT_URL)
		return "it is too long";
	for (const char *p = url; *p; p++)
		if (*p <= 0x20 || *p >= 0x7f)
			return "blanks, control and non-ASCII characters are not allowed";
	if (strncmp(url, scheme, strlen(scheme)) != 0)
		return complaint;
	return check_authority(scheme, url + strlen(scheme), need_port, ret);
}

const char *kms_profile_check_endpoint(const char *url, char **ret)
{
	return check_url("https://", "it must begin with https://", url, false, ret);
}

const char *kms_profile_check_proxy(const char *url, char **ret)
{
	return check_url("http://", "it must begin with http://", url, true, ret);
}

/* One "IP" or "HOST=IP" of a list, in place; *ret_host is NULL without a host. */
static const char *split_address(char *entry, char **ret_host, char **ret_ip)
{
	char *ip, *equals;
	size_t len;

	entry += strspn(entry, " \t");
	len = strlen(entry);
	while (len && (entry[len - 1] == ' ' || entry[len - 1] == '\t'))
		entry[--len] = '\0';
	equals = strchr(entry, '=');
	*ret_host = equals ? entry : NULL;
	ip = equals ? equals + 1 : entry;
	if (equals) {
		const char *wrong;

		*equals = '\0';
		wrong = check_name(entry);
		if (wrong)
			return wrong;
	}
	len = strlen(ip);
	if (len > 2 && ip[0] == '[' && ip[len - 1] == ']') {
		ip[len - 1] = '\0';
		ip++;
	}
	*ret_ip = ip;
	return kms_address_is_numeric(ip) ? NULL : "it is not an IP address or HOST=IP";
}

const char *kms_profile_check_address(const char *text)
{
	_cleanup_free_ char *copy = NULL;
	char *rest, *entry, *host, *ip;

	if (strlen(text) > LIMIT_CONFIG_LINE)
		return "it is too long";
	copy = strdup(text);
	if (!copy)
		return "out of memory";
	rest = copy;
	while ((entry = strsep(&rest, ","))) {
		const char *wrong = split_address(entry, &host, &ip);

		if (wrong)
			return wrong;
	}
	return NULL;
}

/* Appends "," and @ip, bracketed if it is IPv6, to *list. */
static bool append_address(char **list, const char *ip)
{
	bool v6 = strchr(ip, ':');
	char *longer = NULL;

	if (asprintf(&longer, "%s%s%s%s%s", *list ? *list : "", *list ? "," : "", v6 ? "[" : "", ip,
		     v6 ? "]" : "") < 0)
		return false;
	free(*list);
	*list = longer;
	return true;
}

int kms_address_for(const char *text, const char *host, bool endpoint, char **ret)
{
	_cleanup_free_ char *copy = NULL;
	_cleanup_free_ char *list = NULL;
	char *rest, *entry, *name = NULL, *ip = NULL;

	copy = strdup(text ? text : "");
	if (!copy)
		return -ENOMEM;
	rest = *copy ? copy : NULL;
	while ((entry = strsep(&rest, ","))) {
		if (split_address(entry, &name, &ip))
			continue;
		if (name ? strcasecmp(name, host) != 0 : !endpoint)
			continue;
		if (!append_address(&list, ip))
			return -ENOMEM;
	}
	*ret = take_ptr(list);
	return 0;
}

bool kms_key_name_is_valid(const char *text)
{
	size_t len = strlen(text);

	if (len < LIMIT_ALIAS_MIN || len > LIMIT_ALIAS_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '_')
			return false;
	return true;
}

char *kms_endpoint_host(const char *endpoint)
{
	const char *host = strstr(endpoint, "://");

	host = host ? host + 3 : endpoint;
	if (*host == '[') {
		host++;
		return strndup(host, strcspn(host, "]"));
	}
	return strndup(host, strcspn(host, ":/"));
}

/* How kms/exchange.c decides. */
static bool is_looked_up(const struct kms_profile *profile, const char *url)
{
	_cleanup_free_ char *host = kms_endpoint_host(url);
	_cleanup_free_ char *fixed = NULL;

	if (!host)
		return true;
	if (kms_address_is_numeric(host))
		return false;
	return kms_address_for(profile->address, host, url == profile->endpoint, &fixed) < 0 || !fixed;
}

bool kms_profile_needs_names(const struct kms_profile *profile)
{
	if (profile->proxy)
		return is_looked_up(profile, profile->proxy);
	return is_looked_up(profile, profile->endpoint) || is_looked_up(profile, profile->iam_endpoint);
}
