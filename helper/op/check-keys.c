/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "op/check-find.h"
#include "op/keys.h"

static void remember(struct checker *c, const struct key_file *file)
{
	if (file->type != KEYRING_USER || c->n_keys == ARRAY_SIZE(c->keys))
		return;
	c->keys[c->n_keys] = strdup(file->name);
	if (c->keys[c->n_keys])
		c->n_keys++;
	else
		c->no_memory = true;
}

static void note(const struct key_file *file, void *userdata)
{
	struct checker *c = userdata;

	check_found(c, "", file->path + strlen(c->request->sysroot), &file->verdict);
	if (file->verdict.outcome == OUTCOME_OK)
		remember(c, file);
}

/* What can be said of the files without the service. */
static void look(struct checker *c)
{
	_cleanup_keys_directory_ struct keys_directory dir = { 0 };
	struct verdict v = { 0 };
	int r = keys_directory_read(c->request->sysroot, &dir);

	if (r < 0) {
		(void)verdict_errno(&v, r, "keys directory");
		check_found(c, "", "keys directory", &v);
	}
	for (size_t i = 0; i < dir.n; i++) {
		if (dir.files[i].ciphertext)
			(void)verdict_set(&dir.files[i].verdict, OUTCOME_OK, "would be tried");
		note(&dir.files[i], c);
	}
}

void check_keys(struct checker *c)
{
	const struct keys_request request = {
		.sysroot = c->request->sysroot,
		.config = c->setup.config,
		.session = c->session,
		.deadline = deadline_after(c->request->timeout_ms),
		.judged = note,
		.userdata = c,
	};
	size_t before = c->found->n;
	struct verdict v = { 0 };

	if (c->request->offline)
		look(c);
	else if (outcome_exit_code(op_keys_load(&request, &v)) && c->found->n == before)
		check_found(c, "", "keys directory", &v); /* wrong for every file */
}

const char *check_key_of(const struct checker *c, const struct luks_header *header)
{
	const char *const *names;
	size_t n = luks_header_keyring_names(header, &names);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < c->n_keys; k++)
			if (!strcmp(names[i], c->keys[k]))
				return c->keys[k];
	return NULL;
}

void check_keys_done(struct checker *c)
{
	for (size_t i = 0; i < c->n_keys; i++)
		free(c->keys[i]);
	c->n_keys = 0;
}
