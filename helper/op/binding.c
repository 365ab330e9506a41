/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/binding.h"

#include <stdio.h>

int binding_keyslot(const struct binding *binding)
{
	return binding->token ? binding->token->keyslot : -1;
}

void binding_name(const struct binding *binding, char ret[static BINDING_NAME_SIZE])
{
	switch (binding->kind) {
	case BINDING_NONE:
		ret[0] = '\0';
		return;
	case BINDING_KMS:
		(void)snprintf(ret, BINDING_NAME_SIZE, "kms:%s", binding->token->profile);
		return;
	case BINDING_CARD:
		(void)snprintf(ret, BINDING_NAME_SIZE, "card");
		return;
	case BINDING_KEYFILE:
		/* A long path is cut: the name is for people. */
		(void)snprintf(ret, BINDING_NAME_SIZE, "keyfile:%s", binding->path);
		return;
	}
}
