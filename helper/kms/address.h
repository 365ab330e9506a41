/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fixed addresses of a profile ("address" in the configuration): which ones belong to a host.
 */
#ifndef CEXLUKS_KMS_ADDRESS_H
#define CEXLUKS_KMS_ADDRESS_H

#include <stdbool.h>

#include "base/attributes.h"

/* Whether @host is a dotted IPv4 or a plain (not bracketed) IPv6 address. */
bool kms_address_is_numeric(const char *host);

/**
 * kms_address_for() - the configured addresses of one host
 * @text:     a profile's address that passed kms_profile_check_address(), or NULL
 * @host:     without port or brackets
 * @endpoint: whether @host is the endpoint's, to which addresses without a name belong
 * @ret:      comma separated, IPv6 in brackets, as CURLOPT_RESOLVE wants them; owned by the
 *            caller; NULL when none is configured for @host
 *
 * Return: 0, -ENOMEM.
 */
int kms_address_for(const char *text, const char *host, bool endpoint, char **ret) _must_check_;

#endif
