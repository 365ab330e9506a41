/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a certificate says of itself: until when it is valid, whose it is, for which hosts, and who signed it. Checks
 * nothing, no signature either: that is TLS's work, and done before.
 * Source: RFC 5280 sections 4.1 and 4.2.1.6; RFC 7468.
 */
#ifndef CEXLUKS_BASE_CERTIFICATE_H
#define CEXLUKS_BASE_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct certificate {
	int64_t ends; /* seconds since 1970: notAfter */
	unsigned char *der;
	const unsigned char *issuer, *subject; /* distinguished names, in @der */
	size_t issuer_len, subject_len;
	const unsigned char *names; /* what is in the subjectAltName, in @der; NULL without exactly one */
	size_t names_len;
};

/**
 * certificate_next() - the next one in PEM text
 * @text: goes on behind it
 * @ret:  to be released with certificate_done() before the next call
 *
 * Return: 0; -ENOENT when none follows; -EBADMSG when it is none, and @text is behind it all the same; -ENOMEM.
 */
int certificate_next(const char **text, const char *end, struct certificate *ret) _must_check_;
void certificate_done(struct certificate *certificate);

/* Whether @issuer's name is the one that @certificate says has signed it; also of one that signed itself. */
bool certificate_is_by(const struct certificate *certificate, const struct certificate *issuer);

/* Whether it has an alternative name of the kind, any: without one a subject may be taken for a host's name. */
enum certificate_name {
	CERTIFICATE_DNS = 0x82,	    /* dNSName */
	CERTIFICATE_ADDRESS = 0x87, /* iPAddress */
};
bool certificate_has_name(const struct certificate *certificate, enum certificate_name kind);

/* "2027-03-28"; "" for 0. */
#define CERTIFICATE_DATE_SIZE 16
void certificate_date(int64_t ends, char ret[static CERTIFICATE_DATE_SIZE]);

#endif
