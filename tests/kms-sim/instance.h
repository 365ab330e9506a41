/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A service instance: what kind it is, and the keys it holds. */
#ifndef SIM_INSTANCE_H
#define SIM_INSTANCE_H

#include "key.h"

enum service { SERVICE_HPCS, SERVICE_KEY_PROTECT, SERVICE_KEY_PROTECT_DEDICATED };
enum aad { AAD_HONOUR, AAD_IGNORE, AAD_REFUSE };

struct instance {
	char *name;
	enum service service;
	char uuid[UUID_TEXT];
	enum aad aad;
	bool list_empty_absent;		/* no resources member when there is nothing to list */
	unsigned ciphertext_status;	/* for ciphertexts that do not open: 422 or 400 */
	struct key *keys;		/* sorted by id */
	cJSON *rings;			/* array of names; "default" is always there */
};

bool service_parse(const char *text, enum service *ret);
const char *service_name(enum service service);

struct instance *instance_new(const char *name, enum service service);
void instance_free(struct instance *instance);
void instance_add(struct instance *instance, struct key *key);
void instance_remove(struct instance *instance, struct key *key);
/** instance_find() - by id (any case) or alias; @ring NULL: in any ring */
struct key *instance_find(const struct instance *instance, const char *id_or_alias,
			  const char *ring);
bool instance_has_ring(const struct instance *instance, const char *ring);
/** instance_crn() - a key's CRN, owned by the caller */
char *instance_crn(const struct instance *instance, const struct key *key);
/** instance_key_json() - the key object of kms-api.md 2.4, without any material */
cJSON *instance_key_json(const struct instance *instance, const struct key *key);

#endif
