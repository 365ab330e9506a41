/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/migrate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "luks/header.h"
#include "op/bind.h"
#include "op/bootable.h"
#include "op/bound-names.h"
#include "op/own-way.h"
#include "op/policy.h"
#include "op/report.h"

struct migrate {
	const struct migrate_request *request;
	struct bound_names names;
	struct own_way way; /* what opens the volume for the new binding */
	char to[BINDING_NAME_SIZE];
	struct verdict *v;
};

/* --- the new binding ------------------------------------------------------------------------ */

static enum outcome bind(struct migrate *m, const char *backup, struct bind_result *result)
{
	return op_bind(&(struct bind_request){ .sysroot = m->request->sysroot,
					       .config_path = m->request->config_path,
					       .device = m->request->device,
					       .binding = m->to,
					       .header_backup = backup,
					       .dry_run = m->request->dry_run,
					       .timeout_ms = m->request->timeout_ms,
					       .ask = own_way_ask,
					       .userdata = &m->way },
		       result, m->v);
}

static bool is_kms(const struct binding *binding)
{
	return binding->kind == BINDING_KMS;
}

static void warn_of_order_in(const struct migrate *m, const struct config *config,
			     const struct config_volume *pin, const struct binding *first,
			     struct migrate_result *ret)
{
	char name[BINDING_NAME_SIZE];

	binding_name(first, name);
	if (!strcmp(name, m->to))
		return;
	if (is_kms(first) && (!pin || !pin->n_bindings))
		(void)snprintf(ret->warning, sizeof(ret->warning),
			       "the boot asks %.64s first: write [kms %.64s] above it in %.64s, so that the "
			       "next boot proves it", name, m->request->to, config->path);
	else
		(void)snprintf(ret->warning, sizeof(ret->warning),
			       "the boot opens by %.64s first: begin \"bindings\" in the [volume] section "
			       "of %.64s with %.64s, so that the next boot proves it", name, config->path,
			       m->to);
}

/* What the boot would try before the new binding keeps it from being proven. */
static void warn_of_order(const struct migrate *m, struct migrate_result *ret)
{
	_cleanup_config_ struct config *config = NULL;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	struct binding order[POLICY_BINDINGS];
	const struct config_volume *pin;
	struct luks_reason reason = { "" };
	struct verdict nobody = { 0 };

	if (config_load(m->request->sysroot, m->request->config_path, &config, &nobody) != OUTCOME_OK ||
	    luks_device_open(m->request->device, &device) != 0 ||
	    luks_header_load(device, NULL, &header, &reason) != 0)
		return;
	pin = config_volume_find(config, device->uuid);
	if (policy_order(config, pin, header, order) > 0)
		warn_of_order_in(m, config, pin, &order[0], ret);
}

static enum outcome add(struct migrate *m, struct migrate_result *ret)
{
	struct bind_result result;
	enum outcome o = bind(m, m->request->header_backup, &result);

	if ((o == OUTCOME_OK || o == OUTCOME_NOTHING_TO_DO) && !m->request->dry_run)
		warn_of_order(m, ret);
	return o;
}

/* --- the old one ---------------------------------------------------------------------------- */

static size_t find_others(const struct migrate *m, const struct bound_names *names, char ret[static BINDING_NAME_SIZE])
{
	size_t others = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < names->n; i++) {
		const char *name = names->list[i], *profile = config_binding_profile(name);

		if (!profile || !strcmp(name, m->to) || !own_way_may(&m->way, name))
			continue;
		(void)snprintf(ret, BINDING_NAME_SIZE, "%s", name);
		others++;
	}
	return others;
}

/* The service that is left: the one that is named, or the only other one; or what an interrupted run left of it. */
static enum outcome find_old(const struct migrate *m, char ret[static BINDING_NAME_SIZE])
{
	_cleanup_bound_names_ struct bound_names bare = { .n = 0 };
	size_t others = find_others(m, &m->names, ret);
	enum outcome o = others ? OUTCOME_OK : bound_names_read_bare(m->request->device, &bare, m->v);

	if (o != OUTCOME_OK)
		return o;
	if (!others)
		others = find_others(m, &bare, ret);
	if (others < 2)
		return OUTCOME_OK;
	verdict_set(m->v, OUTCOME_USAGE, "%s has %zu other services", m->request->device, others);
	return verdict_hint(m->v, "say which one it leaves: --from PROFILE");
}

/* What no boot has shown is only a hope. */
static enum outcome check_boot(const struct migrate *m)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s%s", m->request->sysroot, REPORT_PATH) < 0)
		return verdict_errno(m->v, ENOMEM, "report");
	if (report_opened_with(path, m->names.uuid, m->to))
		return OUTCOME_OK;
	verdict_set(m->v, OUTCOME_IMAGE_STALE, "this boot did not open %s with %s", m->request->device,
		    m->to);
	return verdict_hint(m->v, "rebuild the initramfs with [kms %s] first, reboot, and try again",
			    m->request->to);
}

static enum outcome retire(const struct migrate *m, const char *old)
{
	return op_unbind(&(struct unbind_request){ .device = m->request->device,
						   .binding = old,
						   .keyslot = -1,
						   .header_backup = m->request->header_backup,
						   .dry_run = m->request->dry_run },
			 m->v);
}

static enum outcome none_left(const struct migrate *m)
{
	_cleanup_config_ struct config *config = NULL;
	enum outcome o;

	if (!m->request->from)
		return verdict_set(m->v, OUTCOME_NOTHING_TO_DO, "%s has no other service",
				   m->request->device);
	/* A name that nobody knows is a mistake, not a step that was done before. */
	o = config_load(m->request->sysroot, m->request->config_path, &config, m->v);
	if (o != OUTCOME_OK)
		return o;
	if (!config_profile_find(config, m->request->from))
		return verdict_set(m->v, OUTCOME_CONFIG_ERROR, "%s has no [kms %s]", config->path,
				   m->request->from);
	return verdict_set(m->v, OUTCOME_NOTHING_TO_DO, "%s is not bound to kms:%s",
			   m->request->device, m->request->from);
}

static enum outcome finish(struct migrate *m)
{
	struct bind_result result;
	char old[BINDING_NAME_SIZE];
	enum outcome o;

	if (!bound_names_have(&m->names, m->to))
		return verdict_set(m->v, OUTCOME_NOT_BOUND, "%s is not bound to %s",
				   m->request->device, m->to);
	o = find_old(m, old);
	if (o != OUTCOME_OK)
		return o;
	if (!old[0])
		return none_left(m);
	o = check_boot(m);
	if (o == OUTCOME_OK)
		o = bootable_know_profile(m->request->sysroot, m->names.uuid, config_binding_profile(old), m->request->to,
					  m->v);
	if (o != OUTCOME_OK)
		return o;
	/* Proves what is there, and completes it. */
	o = bind(m, NULL, &result);
	if ((o == OUTCOME_OK || o == OUTCOME_NOTHING_TO_DO) && result.anew) {
		verdict_set(m->v, OUTCOME_IMAGE_STALE, "the binding %s did not work any more%s", m->to,
			    m->request->dry_run ? "" : " and was made anew");
		return verdict_hint(m->v, "reboot, so that a boot uses it, and try again");
	}
	return o == OUTCOME_OK || o == OUTCOME_NOTHING_TO_DO ? retire(m, old) : o;
}

enum outcome op_migrate(const struct migrate_request *request, struct migrate_result *ret,
			struct verdict *v)
{
	_cleanup_(bound_names_done) struct bound_names names = { .n = 0 };
	struct migrate m = { .request = request, .v = v };
	enum outcome o;
	int n = snprintf(m.to, sizeof(m.to), "kms:%s", request->to);

	*ret = (struct migrate_result){ "" };
	if (n < 0 || (size_t)n >= sizeof(m.to) || !config_binding_is_valid(m.to))
		return verdict_set(v, OUTCOME_USAGE, "'%s' is no name of a profile", request->to);
	o = bound_names_read(request->device, &names, v);
	if (o != OUTCOME_OK)
		return o;
	m.names = names; /* borrowed */
	m.way = (struct own_way){
		.sysroot = request->sysroot,
		.config_path = request->config_path,
		.timeout_ms = request->timeout_ms,
		.names = &names,
		.but = m.to,
		.from = request->from,
	};
	return request->finish ? finish(&m) : add(&m, ret);
}
