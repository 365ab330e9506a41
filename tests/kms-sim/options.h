/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line. */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include "instance.h"

#define INSTANCES_MAX 64
#define HOSTS_MAX 32

struct instance_options {
	struct instance *instance;	/* owned */
	uint16_t port;
	const char *tls;
	unsigned filler_keys;
};

struct options {
	const char *dir, *listen, *script, *iam_tls;
	uint16_t iam_port, control_port;
	struct instance_options instances[INSTANCES_MAX];
	size_t instances_count;
	const char *hosts[HOSTS_MAX + 1];	/* NULL-terminated */
	size_t hosts_count;
	unsigned token_lifetime_s;
	bool die_with_parent;
};

/**
 * options_parse() - fill @ret; ends the process on a mistake, with a sentence, or on --help
 *
 * API keys go to token.h at once. Texts are borrowed from @argv, which is written to.
 */
void options_parse(int argc, char **argv, struct options *ret);
void options_done(struct options *options);

#endif
