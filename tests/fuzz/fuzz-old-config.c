/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /etc/hpcs-for-luks.ini, read as leniently as Python did. What is accepted is a profile like any other. */
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "op/config-old.h"

static void check(const struct config *c)
{
	const struct config_profile *p = &c->profiles[0];

	PROMISE(c->old_format && c->n_profiles == 1 && p->from_old);
	PROMISE(!strcmp(p->kms.name, "default") && p->kms.instance);
	PROMISE(!strncmp(p->kms.endpoint, "https://", 8) && !strncmp(p->kms.iam_endpoint, "https://", 8));
	PROMISE(!p->kms.root_key || !strpbrk(p->kms.root_key, "/:.@ \r\n"));
	PROMISE(p->api_key_source && p->kms.n_api_keys <= LIMIT_API_KEYS);
	PROMISE(p->api_key_source[0] || p->kms.n_api_keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_config_ struct config *config = calloc(1, sizeof(*config));
	_cleanup_close_ int fd = memfd_create("ini", MFD_CLOEXEC);
	struct verdict v = { 0 };
	char path[32];
	enum outcome o;

	PROMISE(config && (config->sysroot = strdup("")));
	PROMISE(fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, data, len) == (ssize_t)len);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	o = config_old_read(path, config, &v);
	if (o == OUTCOME_OK)
		check(config);
	else
		PROMISE(o == OUTCOME_CONFIG_ERROR && v.cause[0] && verdict_hint_text(&v)[0]);
	return 0;
}
