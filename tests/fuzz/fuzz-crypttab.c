/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crypttab, and the plan that follows from it: names that can be mappings, paths that were not cut. */
#include "fuzz-folder.h"

#include "op/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_crypttab_ struct crypttab *crypttab = NULL;
	_cleanup_cmdline_ struct cmdline *cmdline = NULL;
	_cleanup_plan_ struct plan *plan = NULL;
	static struct config config;

	folder_put("etc/crypttab", data, len);
	if (crypttab_load(folder(), &crypttab) < 0)
		return 0;
	PROMISE(crypttab->n_lines <= LIMIT_VOLUMES);
	PROMISE(cmdline_parse("rd.luks.uuid=96fa rd.luks.name=96fa=x rd.luks.options=discard", &cmdline) ==
		0);
	PROMISE(plan_make(&config, cmdline, crypttab, &plan) == 0);
	for (size_t i = 0; i < plan->n_volumes; i++) {
		const struct plan_volume *v = &plan->volumes[i];

		PROMISE(!strchr(v->name, '/') && strlen(v->name) < PLAN_NAME_SIZE);
		PROMISE(!v->source[0] || v->source[0] == '/');
		PROMISE(v->source[0] || v->uuid[0]);
		PROMISE(!v->options.noauto);
	}
	return 0;
}
