/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/boot-setup.h"

#include <errno.h>

#include "base/log.h"

/* @r: what became of the command line */
static enum outcome read_rest(const struct boot_request *request, int r, struct boot_setup *setup,
			      struct verdict *v)
{
	if (r < 0)
		return verdict_errno(v, r, "kernel command line");
	r = crypttab_load(request->sysroot, &setup->crypttab);
	if (r < 0)
		return verdict_errno(v, r, "/etc/crypttab");
	r = plan_make(setup->config, setup->cmdline, setup->crypttab, &setup->plan);
	if (r < 0)
		return verdict_errno(v, r, "plan");
	return OUTCOME_OK;
}

enum outcome boot_setup_read(const struct boot_request *request, struct boot_setup *setup,
			     struct verdict *v)
{
	enum outcome o = config_load(request->sysroot, request->config_path, &setup->config, v);

	return o == OUTCOME_OK ? read_rest(request, cmdline_load(request->sysroot, &setup->cmdline), setup, v) : o;
}

enum outcome boot_setup_read_running(const struct boot_request *request, struct boot_setup *setup,
				     struct verdict *v)
{
	enum outcome o = config_load(request->sysroot, request->config_path, &setup->config, v);

	return o == OUTCOME_OK ? read_rest(request, cmdline_parse("", &setup->cmdline), setup, v) : o;
}

void boot_setup_done(struct boot_setup *setup)
{
	plan_free(setup->plan);
	crypttab_free(setup->crypttab);
	cmdline_free(setup->cmdline);
	config_free(setup->config);
}

uint64_t boot_setup_timeout_ms(const struct boot_setup *setup, const struct boot_request *request)
{
	uint64_t ms = setup->config->timeout_ms;

	if (setup->cmdline->timeout_ms)
		ms = deadline_earlier(ms, setup->cmdline->timeout_ms);
	if (request->timeout_s)
		ms = deadline_earlier(ms, request->timeout_s * 1000ull);
	return ms;
}
