/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/sent.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "kms/address.h"

#define CERT "Cert:"

/* libcurl has each as PEM among what it found in it. */
int sent_certificate(CURL *easy, int i, struct certificate *ret)
{
	struct curl_certinfo *info = NULL;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info) != CURLE_OK || !info || i >= info->num_of_certs)
		return -ENOENT;
	for (const struct curl_slist *line = info->certinfo[i]; line; line = line->next) {
		const char *text = line->data + strlen(CERT);

		if (!strncmp(line->data, CERT, strlen(CERT)))
			return certificate_next(&text, text + strlen(text), ret);
	}
	return -EBADMSG;
}

int sent_name(CURL *easy, const char *host)
{
	_cleanup_(certificate_done) struct certificate own = { 0 };
	long connections = 1;
	int r;

	(void)curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connections); /* only fails for a handle that is none */
	if (connections == 0)
		return 1;
	r = sent_certificate(easy, 0, &own);
	if (r == -ENOMEM)
		return r;
	return r == 0 &&
	       certificate_has_name(&own, kms_address_is_numeric(host) ? CERTIFICATE_ADDRESS : CERTIFICATE_DNS);
}
