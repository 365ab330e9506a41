/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A throw-away certificate authority, made at every start, and server certificates from it:
 * good ones, and ones with exactly one thing wrong, by mode name. "file:PATH" is a key and a chain of
 * the caller's own, in one PEM file, to be looked at no further.
 */
#ifndef SIM_CERTS_H
#define SIM_CERTS_H

#include <stdbool.h>

struct authority;

struct tls_material {
	char *certificate;	/* PEM; owned */
	char *key;		/* PEM; owned */
	const char *priorities;	/* GnuTLS priority string; static */
	bool plain;		/* speak plain HTTP where TLS is expected */
};

struct authority *authority_new(const char *common_name);
void authority_free(struct authority *ca);
/** authority_pem() - the CA certificate; owned by the caller */
char *authority_pem(const struct authority *ca);

/** tls_mode_is_known() - and tls_modes() lists them for the usage text */
bool tls_mode_is_known(const char *mode);
const char *tls_modes(void);

/**
 * tls_material_make() - key, certificate and protocol versions for one listener
 * @ca:     signs, unless the mode says otherwise
 * @mode:   known to tls_mode_is_known()
 * @hosts:  NULL-terminated names and addresses for the subject alternative names
 * @tls12:  the service has no TLS 1.3 (HPCS documents 1.2 only)
 */
void tls_material_make(const struct authority *ca, const char *mode, const char *const *hosts,
		       bool tls12, struct tls_material *ret);
void tls_material_done(struct tls_material *tls);

#endif
