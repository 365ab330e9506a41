/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration. It is ours, but what is accepted must be whole, and what is refused explained. */
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/uuid.h"
#include "op/config.h"

static void check(struct config *c)
{
	PROMISE(c->timeout_ms >= 1000 && c->timeout_ms <= LIMIT_TIMEOUT_MS);
	PROMISE(c->key_expiry_s >= 1 && c->key_expiry_s <= LIMIT_KEY_EXPIRY_MAX_S);
	for (size_t i = 0; i < c->n_profiles; i++) {
		const struct kms_profile *p = &c->profiles[i].kms;

		PROMISE(p->name && p->endpoint && p->iam_endpoint && p->instance);
		PROMISE(!strncmp(p->endpoint, "https://", 8) && !strncmp(p->iam_endpoint, "https://", 8));
		PROMISE(c->profiles[i].api_key_source);
	}
	for (size_t i = 0; i < c->n_volumes; i++) {
		const struct config_volume *v = &c->volumes[i];

		PROMISE(v->name && v->uuid && uuid_is_valid(v->uuid));
		PROMISE(!v->options || !strpbrk(v->options, " \t\r\n"));
		for (size_t k = 0; k < v->n_bindings; k++) {
			const char *profile = config_binding_profile(v->bindings[k]);

			PROMISE(!profile || config_profile_find(c, profile));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_config_ struct config *config = NULL;
	_cleanup_close_ int fd = memfd_create("config", MFD_CLOEXEC);
	struct verdict v = { 0 };
	char path[32];
	enum outcome o;

	PROMISE(fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, data, len) == (ssize_t)len);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	o = config_load("", path, &config, &v);
	if (o == OUTCOME_OK) {
		check(config);
		return 0;
	}
	PROMISE(o == OUTCOME_CONFIG_ERROR && !config);
	PROMISE(!strncmp(v.cause, path, strlen(path)) && verdict_hint_text(&v)[0]);
	return 0;
}
