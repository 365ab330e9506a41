/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Certificates as whoever answers shows them: PEM text, or else DER, which comes as PEM text as
 * well. What is taken from one lies within it.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "base/base64.h"
#include "base/certificate.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/secret.h"

/* Where something is read that is not there, the sanitizer says so. */
static volatile unsigned char seen;

static void check_bytes(const unsigned char *p, size_t len)
{
	PROMISE(p);
	for (size_t i = 0; i < len; i++)
		seen = p[i];
}

static void check(const struct certificate *c)
{
	char date[CERTIFICATE_DATE_SIZE];

	PROMISE(c->der);
	check_bytes(c->issuer, c->issuer_len);
	check_bytes(c->subject, c->subject_len);
	if (c->names)
		check_bytes(c->names, c->names_len);
	PROMISE(!certificate_has_name(c, CERTIFICATE_DNS) || c->names);
	PROMISE(!certificate_has_name(c, CERTIFICATE_ADDRESS) || c->names);
	certificate_date(c->ends, date);
	PROMISE(strlen(date) < sizeof(date));
	PROMISE(strspn(date, "0123456789-") == strlen(date));
}

static void check_text(const char *text, size_t len)
{
	_cleanup_(certificate_done) struct certificate last = { 0 };
	const char *end = text + len, *before = text;
	int r;

	for (;; before = text) {
		_cleanup_(certificate_done) struct certificate c = { 0 };

		r = certificate_next(&text, end, &c);
		PROMISE(text >= before && text <= end);
		if (r == -ENOENT)
			break;
		PROMISE(r == 0 || r == -EBADMSG);
		PROMISE(text > before && (r == 0) == (c.der != NULL));
		if (r != 0)
			continue;
		check(&c);
		if (last.der)
			PROMISE(!certificate_is_by(&c, &last) || c.issuer_len == last.subject_len);
		certificate_done(&last);
		last = c;
		c = (struct certificate){ 0 };
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_secret_ struct secret *der = NULL, *base64 = NULL;
	_cleanup_free_ char *text = NULL;
	int n;

	if (len >= 5 && !memcmp(data, "-----", 5)) {
		check_text((const char *)data, len);
		return 0;
	}
	if (!len || len > LIMIT_CERTIFICATE)
		return 0;
	PROMISE(secret_new(len, &der) == 0);
	memcpy(secret_data(der), data, len);
	PROMISE(base64_encode_secret(der, &base64) == 0);
	n = asprintf(&text, "-----BEGIN CERTIFICATE-----\n%.*s\n-----END CERTIFICATE-----\n",
		     (int)secret_len(base64), (const char *)secret_bytes(base64));
	PROMISE(n > 0);
	check_text(text, (size_t)n);
	return 0;
}
