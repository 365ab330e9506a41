/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/lifetime.h"

#include "base/attributes.h"
#include "base/certificate.h"
#include "base/cleanup.h"
#include "kms/sent.h"

/* Until when the profile's own CA vouches for @by, or 0. */
static int64_t anchored_until(const struct certificate *by, const char *ca, size_t ca_len)
{
	const char *text = ca;
	int64_t ends = 0;

	for (size_t left = ca_len; left; left = ca_len - (size_t)(text - ca)) {
		_cleanup_(certificate_done) struct certificate anchor = { 0 };
		const char *before = text;

		if (certificate_next(&text, ca + ca_len, &anchor) == 0 && certificate_is_by(by, &anchor) &&
		    anchor.ends > ends)
			ends = anchor.ends;
		if (text == before)
			break;
	}
	return ends;
}

void lifetime_read(CURL *easy, const char *ca, size_t ca_len, struct lifetime *ret)
{
	*ret = (struct lifetime){ 0 };
	for (int i = 0; !ret->ca_ends; i++) {
		_cleanup_(certificate_done) struct certificate one = { 0 };

		if (sent_certificate(easy, i, &one) != 0)
			return;
		if (i == 0)
			ret->server_ends = one.ends;
		ret->ca_ends = anchored_until(&one, ca, ca_len);
	}
}

static int64_t earlier(int64_t a, int64_t b)
{
	return !a || (b && b < a) ? b : a;
}

void lifetime_join(struct lifetime *lifetime, const struct lifetime *other)
{
	lifetime->server_ends = earlier(lifetime->server_ends, other->server_ends);
	lifetime->ca_ends = earlier(lifetime->ca_ends, other->ca_ends);
}
