/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/migrate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "luks/header.h"
#include "op/bind.h"
#include "op/bound-names.h"
#include "op/open.h"
#include "op/policy.h"
#include "op/report.h"

struct migrate {
	const struct migrate_request *request;
	struct bound_names names;
	char to[BINDING_NAME_SIZE];
	struct verdict *v;
};

/* --- the new binding ------------------------------------------------------------------------ */

/* Any other binding that works now opens the volume for the new one. */
static enum outcome open_by_another(const char *device, void *userdata, struct secret **ret,
				    struct verdict *v)
{
	const struct migrate *m = userdata;
	struct verdict last = { 0 };

	(void)verdict_set(v, OUTCOME_NOT_BOUND, "%s has no binding to migrate from", device);
	for (size_t i = 0; i < m->names.n; i++) {
		const struct pass_request pass = {
			.sysroot = m->request->sysroot,
			.config_path = m->request->config_path,
			.device = device,
			.binding = m->names.list[i],
			.timeout_ms = m->request->timeout_ms,
		};

		if (!strcmp(m->names.list[i], m->to))
			continue;
		if (op_pass(&pass, ret, &last) == OUTCOME_OK) {
			*v = last;
			return OUTCOME_OK;
		}
		if (v->outcome == OUTCOME_NOT_BOUND)
			*v = last;
	}
	return v->outcome;
}

static enum outcome bind(struct migrate *m, bool dry_run, const char *backup)
{
	struct bind_result result;

	return op_bind(&(struct bind_request){ .sysroot = m->request->sysroot,
					       .config_path = m->request->config_path,
					       .device = m->request->device,
					       .binding = m->to,
					       .header_backup = backup,
					       .dry_run = dry_run,
					       .timeout_ms = m->request->timeout_ms,
					       .ask = open_by_another,
					       .userdata = m },
		       &result, m->v);
}

/* The first KMS that the boot would ask. */
static void warn_of_order(const struct migrate *m, struct migrate_result *ret)
{
	_cleanup_config_ struct config *config = NULL;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	struct binding order[POLICY_BINDINGS];
	char name[BINDING_NAME_SIZE];
	struct luks_reason reason = { "" };
	struct verdict nobody = { 0 };
	size_t n;

	if (config_load(m->request->sysroot, m->request->config_path, &config, &nobody) != OUTCOME_OK ||
	    luks_device_open(m->request->device, &device) != 0 ||
	    luks_header_load(device, NULL, &header, &reason) != 0)
		return;
	n = policy_order(config, config_volume_find(config, device->uuid), header, order);
	for (size_t i = 0; i < n; i++) {
		binding_name(&order[i], name);
		if (order[i].kind != BINDING_KMS)
			continue;
		if (strcmp(name, m->to) != 0)
			(void)snprintf(ret->warning, sizeof(ret->warning),
				       "the boot asks %.64s first: write [kms %.64s] above it in %s, so that "
				       "the next boot proves it", name, m->request->to, config->path);
		return;
	}
}

static enum outcome add(struct migrate *m, struct migrate_result *ret)
{
	enum outcome o = bind(m, m->request->dry_run, m->request->header_backup);

	if ((o == OUTCOME_OK || o == OUTCOME_NOTHING_TO_DO) && !m->request->dry_run)
		warn_of_order(m, ret);
	return o;
}

/* --- the old one ---------------------------------------------------------------------------- */

/* The service that is left: the one that is named, or the only other one. */
static enum outcome find_old(const struct migrate *m, char ret[static BINDING_NAME_SIZE])
{
	size_t others = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < m->names.n; i++) {
		const char *name = m->names.list[i], *profile = config_binding_profile(name);

		if (!profile || !strcmp(name, m->to) ||
		    (m->request->from && strcmp(profile, m->request->from) != 0))
			continue;
		(void)snprintf(ret, BINDING_NAME_SIZE, "%s", name);
		others++;
	}
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

static enum outcome finish(struct migrate *m)
{
	char old[BINDING_NAME_SIZE];
	enum outcome o;

	if (!bound_names_have(&m->names, m->to))
		return verdict_set(m->v, OUTCOME_NOT_BOUND, "%s is not bound to %s",
				   m->request->device, m->to);
	o = find_old(m, old);
	if (o != OUTCOME_OK)
		return o;
	if (!old[0])
		return verdict_set(m->v, OUTCOME_NOTHING_TO_DO, "%s has no other service",
				   m->request->device);
	o = check_boot(m);
	if (o != OUTCOME_OK)
		return o;
	o = bind(m, true, NULL); /* proves what is there */
	if (o == OUTCOME_OK)
		return verdict_set(m->v, OUTCOME_KMS_BAD_CIPHERTEXT,
				   "the binding %s does not work any more", m->to);
	return o == OUTCOME_NOTHING_TO_DO ? retire(m, old) : o;
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
	return request->finish ? finish(&m) : add(&m, ret);
}
