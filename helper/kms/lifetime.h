/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long the certificates of a connection last, once TLS has accepted them. */
#ifndef CEXLUKS_KMS_LIFETIME_H
#define CEXLUKS_KMS_LIFETIME_H

#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

/* Seconds since 1970; 0: not known. */
struct lifetime {
	int64_t server_ends;
	int64_t ca_ends; /* of the one in the profile's ca-file that the server's chain leads to */
};

/**
 * lifetime_read() - of a handle with CURLOPT_CERTINFO that made its connection itself, and whose transfer succeeded
 * @ca: PEM, @ca_len bytes
 *
 * Of several trust anchors with the right name the one that lasts longest counts.
 */
void lifetime_read(CURL *easy, const char *ca, size_t ca_len, struct lifetime *ret);

/* What ends first; what is not known ends never. */
void lifetime_join(struct lifetime *lifetime, const struct lifetime *other);

#endif
