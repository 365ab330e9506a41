/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The certificates that a server sent, of a handle with CURLOPT_CERTINFO. */
#ifndef CEXLUKS_KMS_SENT_H
#define CEXLUKS_KMS_SENT_H

#include <curl/curl.h>

#include "base/attributes.h"
#include "base/certificate.h"

/**
 * sent_certificate() - one of them, the server's own first
 * @ret: to be released with certificate_done()
 *
 * There are none on a connection that another handle made.
 *
 * Return: 0; -ENOENT when there are no more; -EBADMSG when it is none; -ENOMEM.
 */
int sent_certificate(CURL *easy, int i, struct certificate *ret) _must_check_;

/**
 * sent_name() - whether the server's own certificate says for which host it is where that belongs
 * @host: without port; a name or an address
 *
 * libcurl and its TLS libraries compare the names, and where there are none they take the subject for one: that is what
 * this is against. True on a connection that another handle made, and that had to pass this then.
 *
 * Return: 1; 0 when not; -ENOMEM.
 */
int sent_name(CURL *easy, const char *host) _must_check_;

#endif
