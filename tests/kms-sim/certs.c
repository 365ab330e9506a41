/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE 1
#include "certs.h"
#include "cleanup.h"
#include "random.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY (24L * 60 * 60)
#define MODERN "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define ONLY_1_3 "NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define ONLY_1_2 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define ONLY_1_1 "NORMAL:-VERS-ALL:+VERS-TLS1.1:+SHA1:%VERIFY_ALLOW_SIGN_WITH_SHA1"

enum names { NAMES_ALL, NAMES_NO_IP, NAMES_NONE, NAMES_WRONG };
enum signer { SIGNED_BY_CA, SIGNED_BY_STRANGER, SIGNED_BY_SELF };
enum kind { KIND_EC, KIND_RSA, KIND_PLAIN };

struct authority {
	gnutls_x509_crt_t certificate;
	gnutls_x509_privkey_t key;
};

static const struct mode {
	const char *name;
	enum signer signer;
	enum names names;
	long from_days, to_days;
	enum kind kind;
	const char *priorities;	/* NULL: what the service would offer */
} modes[] = {
	{ "good",          SIGNED_BY_CA,       NAMES_ALL,   -1,   800, KIND_EC,    NULL },
	{ "rsa",           SIGNED_BY_CA,       NAMES_ALL,   -1,   800, KIND_RSA,   NULL },
	{ "unknown-ca",    SIGNED_BY_STRANGER, NAMES_ALL,   -1,   800, KIND_EC,    NULL },
	{ "self-signed",   SIGNED_BY_SELF,     NAMES_ALL,   -1,   800, KIND_EC,    NULL },
	{ "expired",       SIGNED_BY_CA,       NAMES_ALL,   -400, -2,  KIND_EC,    NULL },
	{ "ends-soon",     SIGNED_BY_CA,       NAMES_ALL,   -1,   10,  KIND_EC,    NULL },
	{ "not-yet-valid", SIGNED_BY_CA,       NAMES_ALL,   400,  800, KIND_EC,    NULL },
	{ "wrong-host",    SIGNED_BY_CA,       NAMES_WRONG, -1,   800, KIND_EC,    NULL },
	{ "no-san-ip",     SIGNED_BY_CA,       NAMES_NO_IP, -1,   800, KIND_EC,    NULL },
	{ "cn-only",       SIGNED_BY_CA,       NAMES_NONE,  -1,   800, KIND_EC,    NULL },
	{ "tls11",         SIGNED_BY_CA,       NAMES_ALL,   -1,   800, KIND_RSA,   ONLY_1_1 },
	{ "tls12",         SIGNED_BY_CA,       NAMES_ALL,   -1,   800, KIND_EC,    ONLY_1_2 },
	{ "tls13",         SIGNED_BY_CA,       NAMES_ALL,   -1,   800, KIND_EC,    ONLY_1_3 },
	{ "plain",         SIGNED_BY_CA,       NAMES_ALL,   -1,   800, KIND_PLAIN, NULL },
};

static void check(int r, const char *what)
{
	if (r >= 0)
		return;
	fprintf(stderr, "kms-sim: cannot %s: %s\n", what, gnutls_strerror(r));
	exit(1);
}

static const struct mode *mode_find(const char *name)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(modes[i].name, name))
			return &modes[i];
	return NULL;
}

#define FROM_FILE "file:"

static bool is_file(const char *mode)
{
	return !strncmp(mode, FROM_FILE, strlen(FROM_FILE));
}

bool tls_mode_is_known(const char *mode)
{
	return is_file(mode) || mode_find(mode);
}

const char *tls_modes(void)
{
	return "good rsa unknown-ca self-signed expired ends-soon not-yet-valid wrong-host no-san-ip cn-only "
	       "tls11 tls12 tls13 plain file:PATH";
}

static gnutls_x509_privkey_t key_new(bool rsa)
{
	gnutls_x509_privkey_t key = NULL;
	unsigned bits = rsa ? 2048 : GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);

	check(gnutls_x509_privkey_init(&key), "make a key");
	check(gnutls_x509_privkey_generate(key, rsa ? GNUTLS_PK_RSA : GNUTLS_PK_ECDSA, bits, 0),
	      "make a key");
	return key;
}

static gnutls_x509_crt_t certificate_new(gnutls_x509_privkey_t key, const char *common_name,
					 long from_days, long to_days)
{
	gnutls_x509_crt_t crt = NULL;
	unsigned char serial[16], id[64];
	size_t id_size = sizeof(id);
	time_t now = time(NULL);

	random_bytes(serial, sizeof(serial));
	serial[0] = (serial[0] & 0x3f) | 0x40; /* positive, and of full length */
	check(gnutls_x509_crt_init(&crt), "make a certificate");
	check(gnutls_x509_crt_set_version(crt, 3), "make a certificate");
	check(gnutls_x509_crt_set_serial(crt, serial, sizeof(serial)), "make a certificate");
	check(gnutls_x509_crt_set_key(crt, key), "make a certificate");
	check(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, common_name,
					    (unsigned)strlen(common_name)), "name a certificate");
	check(gnutls_x509_crt_set_activation_time(crt, now + from_days * DAY), "date a certificate");
	check(gnutls_x509_crt_set_expiration_time(crt, now + to_days * DAY), "date a certificate");
	check(gnutls_x509_crt_get_key_id(crt, 0, id, &id_size), "make a certificate");
	check(gnutls_x509_crt_set_subject_key_id(crt, id, id_size), "make a certificate");
	return crt;
}

struct authority *authority_new(const char *common_name)
{
	struct authority *ca = must_calloc(1, sizeof(*ca));

	ca->key = key_new(false);
	ca->certificate = certificate_new(ca->key, common_name, -500, 3650);
	check(gnutls_x509_crt_set_basic_constraints(ca->certificate, 1, -1), "make a CA");
	check(gnutls_x509_crt_set_key_usage(ca->certificate,
					    GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN),
	      "make a CA");
	check(gnutls_x509_crt_sign2(ca->certificate, ca->certificate, ca->key, GNUTLS_DIG_SHA256, 0),
	      "sign a CA");
	return ca;
}

void authority_free(struct authority *ca)
{
	if (!ca)
		return;
	gnutls_x509_crt_deinit(ca->certificate);
	gnutls_x509_privkey_deinit(ca->key);
	free(ca);
}

static char *text_take(gnutls_datum_t *pem)
{
	char *text = must_calloc(pem->size + 1, 1);

	memcpy(text, pem->data, pem->size);
	gnutls_free(pem->data);
	return text;
}

static char *certificate_pem(gnutls_x509_crt_t crt)
{
	gnutls_datum_t pem = { 0 };

	check(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem), "write a certificate");
	return text_take(&pem);
}

char *authority_pem(const struct authority *ca)
{
	return certificate_pem(ca->certificate);
}

static void add_name(gnutls_x509_crt_t crt, const char *host, bool with_addresses)
{
	unsigned char address[16];
	unsigned size = inet_pton(AF_INET, host, address) == 1  ? 4 :
			inet_pton(AF_INET6, host, address) == 1 ? 16 : 0;

	if (!size)
		check(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, host,
							   (unsigned)strlen(host),
							   GNUTLS_FSAN_APPEND), "add a name");
	else if (with_addresses)
		check(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, address, size,
							   GNUTLS_FSAN_APPEND), "add an address");
}

static void add_names(gnutls_x509_crt_t crt, enum names names, const char *const *hosts)
{
	if (names == NAMES_WRONG)
		add_name(crt, "elsewhere.example.test", false);
	if (names == NAMES_ALL || names == NAMES_NO_IP)
		for (; *hosts; hosts++)
			add_name(crt, *hosts, names == NAMES_ALL);
}

static void sign(gnutls_x509_crt_t crt, const struct authority *ca)
{
	unsigned char id[64];
	size_t id_size = sizeof(id);

	check(gnutls_x509_crt_get_subject_key_id(ca->certificate, id, &id_size, NULL), "sign");
	check(gnutls_x509_crt_set_authority_key_id(crt, id, id_size), "sign");
	check(gnutls_x509_crt_sign2(crt, ca->certificate, ca->key, GNUTLS_DIG_SHA256, 0), "sign");
}

/* Key and chain as somebody made them elsewhere, in one file. */
static char *file_text(const char *path)
{
	gnutls_datum_t pem = { 0 };

	check(gnutls_load_file(path, &pem), path);
	return text_take(&pem);
}

void tls_material_make(const struct authority *ca, const char *mode_name, const char *const *hosts,
		       bool tls12, struct tls_material *ret)
{
	const struct mode *mode = mode_find(mode_name);
	struct authority *stranger = NULL;
	gnutls_datum_t pem = { 0 };
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;

	if (!mode) {
		const char *path = mode_name + strlen(FROM_FILE);

		*ret = (struct tls_material){ .certificate = file_text(path), .key = file_text(path),
					      .priorities = MODERN };
		return;
	}
	key = key_new(mode->kind == KIND_RSA);
	crt = certificate_new(key, mode->names == NAMES_NONE ? hosts[0] : "kms-sim", mode->from_days,
			      mode->to_days);
	add_names(crt, mode->names, hosts);
	check(gnutls_x509_crt_set_basic_constraints(crt, 0, -1), "make a certificate");
	check(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE |
					    (mode->kind == KIND_RSA ?
					     GNUTLS_KEY_KEY_ENCIPHERMENT : 0u)),
	      "make a certificate");
	check(gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0),
	      "make a certificate");
	if (mode->signer == SIGNED_BY_SELF) {
		check(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), "sign");
	} else {
		/* the stranger bears our CA's name, so that only its key tells them apart */
		if (mode->signer == SIGNED_BY_STRANGER)
			stranger = authority_new("kms-sim throw-away CA");
		sign(crt, stranger ? stranger : ca);
	}

	*ret = (struct tls_material){ .plain = mode->kind == KIND_PLAIN };
	ret->certificate = certificate_pem(crt);
	check(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, 0, &pem),
	      "write a key");
	ret->key = text_take(&pem);
	ret->priorities = mode->priorities ? mode->priorities : tls12 ? ONLY_1_2 : MODERN;
	authority_free(stranger);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

void tls_material_done(struct tls_material *tls)
{
	free(tls->certificate);
	free(tls->key);
	*tls = (struct tls_material){ 0 };
}
