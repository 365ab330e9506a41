/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/certificate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "base/cleanup.h"
#include "base/limits.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END   "-----END CERTIFICATE-----"

#define TAG_BOOLEAN  0x01u
#define TAG_INTEGER  0x02u
#define TAG_OCTETS   0x04u
#define TAG_OID	     0x06u
#define TAG_SEQUENCE 0x30u
#define TAG_VERSION  0xa0u
#define TAG_UTC	     0x17u
#define TAG_TIME     0x18u
#define TAG_ISSUER_ID 0x81u
#define TAG_SUBJECT_ID 0x82u
#define TAG_EXTENSIONS 0xa3u

/* --- DER ------------------------------------------------------------------------------------ */

struct der {
	const unsigned char *p;
	size_t left;
};

/* A length of one byte, or of as many as the first one says. */
static bool take_length(struct der *d, size_t *ret)
{
	size_t n;

	if (!d->left)
		return false;
	n = *d->p++;
	d->left--;
	*ret = n;
	if (n < 0x80)
		return true;
	n -= 0x80;
	if (!n || n > 3 || n > d->left)
		return false;
	for (*ret = 0; n; n--, d->left--)
		*ret = *ret << 8 | *d->p++;
	return true;
}

/* The next element, which has to be a @tag; *ret is what is in it. */
static bool take(struct der *d, unsigned tag, struct der *ret)
{
	size_t len;

	if (!d->left || *d->p != tag)
		return false;
	d->p++;
	d->left--;
	if (!take_length(d, &len) || len > d->left)
		return false;
	*ret = (struct der){ d->p, len };
	d->p += len;
	d->left -= len;
	return true;
}

static bool digits(const unsigned char *p, size_t n, int *ret)
{
	*ret = 0;
	for (; n; n--, p++) {
		if (*p < '0' || *p > '9')
			return false;
		*ret = *ret * 10 + (*p - '0');
	}
	return true;
}

/* Two digits of a year up to 2049, four of a later one; always seconds, always UTC. */
static bool take_time(struct der *d, int64_t *ret)
{
	struct tm tm = { .tm_isdst = 0 };
	struct der time;
	size_t year = 4;

	if (take(d, TAG_UTC, &time))
		year = 2;
	else if (!take(d, TAG_TIME, &time))
		return false;
	if (time.left != year + 11 || time.p[year + 10] != 'Z' || !digits(time.p, year, &tm.tm_year) ||
	    !digits(time.p + year, 2, &tm.tm_mon) || !digits(time.p + year + 2, 2, &tm.tm_mday) ||
	    !digits(time.p + year + 4, 2, &tm.tm_hour) || !digits(time.p + year + 6, 2, &tm.tm_min) ||
	    !digits(time.p + year + 8, 2, &tm.tm_sec))
		return false;
	if (year == 4)
		tm.tm_year -= 1900;
	else if (tm.tm_year < 50)
		tm.tm_year += 100;
	tm.tm_mon--;
	*ret = timegm(&tm);
	return true;
}

/* The next extension: its number, and what is in its value. */
static bool take_extension(struct der *extensions, struct der *ret_oid, struct der *ret_value)
{
	struct der extension, critical;

	if (!take(extensions, TAG_SEQUENCE, &extension) || !take(&extension, TAG_OID, ret_oid))
		return false;
	(void)take(&extension, TAG_BOOLEAN, &critical); /* left out where it is false */
	return take(&extension, TAG_OCTETS, ret_value) && !extension.left;
}

/* @rest is what follows the subject. A second list of names makes both worthless. */
static void find_names(struct der rest, struct certificate *c)
{
	static const unsigned char subject_alt_name[] = { 0x55, 0x1d, 0x11 };
	struct der skipped, outer, extensions, oid, value, names;

	if (!take(&rest, TAG_SEQUENCE, &skipped)) /* the public key */
		return;
	(void)take(&rest, TAG_ISSUER_ID, &skipped);
	(void)take(&rest, TAG_SUBJECT_ID, &skipped);
	if (!take(&rest, TAG_EXTENSIONS, &outer) || !take(&outer, TAG_SEQUENCE, &extensions))
		return;
	while (take_extension(&extensions, &oid, &value)) {
		if (oid.left != sizeof(subject_alt_name) || memcmp(oid.p, subject_alt_name, oid.left) != 0)
			continue;
		if (c->names || !take(&value, TAG_SEQUENCE, &names) || value.left) {
			c->names = NULL;
			return;
		}
		c->names = names.p;
		c->names_len = names.left;
	}
	if (extensions.left)
		c->names = NULL;
}

static bool parse(struct der all, struct certificate *c)
{
	struct der certificate, signed_part, validity, skipped, name;
	int64_t begins;

	if (!take(&all, TAG_SEQUENCE, &certificate) || !take(&certificate, TAG_SEQUENCE, &signed_part))
		return false;
	(void)take(&signed_part, TAG_VERSION, &skipped); /* the first version has none */
	if (!take(&signed_part, TAG_INTEGER, &skipped) || !take(&signed_part, TAG_SEQUENCE, &skipped) ||
	    !take(&signed_part, TAG_SEQUENCE, &name))
		return false;
	c->issuer = name.p;
	c->issuer_len = name.left;
	if (!take(&signed_part, TAG_SEQUENCE, &validity) || !take_time(&validity, &begins) ||
	    !take_time(&validity, &c->ends) || !take(&signed_part, TAG_SEQUENCE, &name))
		return false;
	c->subject = name.p;
	c->subject_len = name.left;
	find_names(signed_part, c);
	return true;
}

/* --- PEM ------------------------------------------------------------------------------------ */

int certificate_next(const char **text, const char *end, struct certificate *ret)
{
	const char *begin = memmem(*text, (size_t)(end - *text), BEGIN, strlen(BEGIN)), *stop;
	struct certificate c = { 0 };
	size_t len = 0;
	int r;

	if (!begin)
		return -ENOENT;
	begin += strlen(BEGIN);
	stop = memmem(begin, (size_t)(end - begin), END, strlen(END));
	if (!stop)
		return -ENOENT;
	*text = stop + strlen(END);
	r = base64_decode_lines(begin, (size_t)(stop - begin), LIMIT_CERTIFICATE, &c.der, &len);
	if (r < 0)
		return r == -EFBIG ? -EBADMSG : r;
	if (!parse((struct der){ c.der, len }, &c)) {
		free(c.der);
		return -EBADMSG;
	}
	*ret = c;
	return 0;
}

void certificate_done(struct certificate *certificate)
{
	free(certificate->der);
	*certificate = (struct certificate){ 0 };
}

bool certificate_is_by(const struct certificate *certificate, const struct certificate *issuer)
{
	return certificate->issuer_len == issuer->subject_len &&
	       !memcmp(certificate->issuer, issuer->subject, issuer->subject_len);
}

bool certificate_has_name(const struct certificate *certificate, enum certificate_name kind)
{
	struct der names = { certificate->names, certificate->names ? certificate->names_len : 0 }, name;
	bool found = false;

	while (names.left) {
		unsigned tag = *names.p;

		if (!take(&names, tag, &name))
			return false;
		found |= tag == (unsigned)kind;
	}
	return found;
}

void certificate_date(int64_t ends, char ret[static CERTIFICATE_DATE_SIZE])
{
	time_t time = ends;
	struct tm tm;

	if (!ends || !gmtime_r(&time, &tm) || !strftime(ret, CERTIFICATE_DATE_SIZE, "%Y-%m-%d", &tm))
		ret[0] = '\0';
}
