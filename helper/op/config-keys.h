/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of configuration keys: name, help, and how a value gets into the struct. A setter
 * returns NULL, or what is wrong with the value: a static sentence.
 */
#ifndef CEXLUKS_OP_CONFIG_KEYS_H
#define CEXLUKS_OP_CONFIG_KEYS_H

#include "op/config.h"

enum config_section {
	SECTION_NONE,
	SECTION_MAIN,
	SECTION_KMS,
	SECTION_VOLUME,
};

struct config_target {
	struct config *config;
	struct config_profile *profile;
	struct config_volume *volume;
};

struct config_setter {
	enum config_section section;
	struct config_key key;
	const char *(*set)(struct config_target *target, const char *value);
};

size_t config_setters(const struct config_setter **ret);

#endif
