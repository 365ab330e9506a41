/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/check.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/uuid.h"
#include "cex/repository.h"
#include "luks/device.h"
#include "luks/header.h"
#include "op/cards-file.h"
#include "op/check-find.h"

#define IGNITION_KEY_FILE "/etc/luks/cex.key"

/* --- findings ------------------------------------------------------------------------------- */

struct check_finding *check_add(struct checker *c, const char *volume, const char *subject)
{
	struct check_finding *larger, *f;

	larger = reallocarray(c->found->findings, c->found->n + 1, sizeof(*larger));
	if (!larger) {
		c->no_memory = true;
		return NULL;
	}
	c->found->findings = larger;
	f = &larger[c->found->n++];
	*f = (struct check_finding){ .level = CHECK_OK };
	/* Names that are cut are for people only. */
	(void)snprintf(f->volume, sizeof(f->volume), "%s", volume);
	(void)snprintf(f->subject, sizeof(f->subject), "%s", subject);
	(void)snprintf(f->image, sizeof(f->image), "%s", c->image ? c->image : "");
	return f;
}

void check_found(struct checker *c, const char *volume, const char *subject, const struct verdict *v)
{
	struct check_finding *f = check_add(c, volume, subject);

	if (!f)
		return;
	f->word = outcome_word(v->outcome);
	(void)snprintf(f->cause, sizeof(f->cause), "%s", v->cause);
	if (v->outcome == OUTCOME_OK || v->outcome == OUTCOME_NOTHING_TO_DO)
		return;
	f->level = CHECK_FAILED;
	(void)snprintf(f->hint, sizeof(f->hint), "%s", verdict_hint_text(v));
	if (c->first == OUTCOME_OK)
		c->first = v->outcome;
}

void check_warn(struct checker *c, const char *volume, const char *subject, enum warning warning,
		const char *format, ...)
{
	struct check_finding *f = check_add(c, volume, subject);
	va_list args;

	if (!f)
		return;
	f->level = CHECK_WARNING;
	f->word = warning_word(warning);
	va_start(args, format);
	(void)vsnprintf(f->cause, sizeof(f->cause), format, args);
	va_end(args);
	(void)snprintf(f->hint, sizeof(f->hint), "%s", warning_hint(warning));
}

void check_done(struct check *check)
{
	free(check->findings);
	*check = (struct check){ 0 };
}

/* --- what is about no single volume --------------------------------------------------------- */

/* The word of the command line that turns the automatic unlock off, or NULL. */
static const char *word_that_turns_off(const struct checker *c)
{
	const struct cmdline *words = c->setup.cmdline;

	if (!plan_is_off(c->setup.config, words))
		return NULL;
	return words->off ? "rd.cexluks=0" : words->luks_off ? "rd.luks=0" : words->shell_word;
}

/* With a prompt somebody gets in; without one the boot keeps every volume shut. */
static void check_words(struct checker *c)
{
	const char *word = word_that_turns_off(c);
	struct verdict v = { 0 };

	if (!word)
		return;
	if (c->setup.config->on_failure == ON_FAILURE_PROMPT) {
		check_warn(c, "", "command line", WARNING_TURNED_OFF,
			   "%s turns the automatic unlock off", word);
		return;
	}
	(void)verdict_set(&v, OUTCOME_CONFIG_ERROR,
			  "%s turns the automatic unlock off, and on-failure allows no prompt", word);
	(void)verdict_hint(&v, "remove the word from the kernel command line");
	check_found(c, "", "command line", &v);
}

static bool is_configured(const struct config *config, const char *keyfile)
{
	for (size_t i = 0; i < config->n_volumes; i++)
		for (size_t k = 0; k < config->volumes[i].n_bindings; k++) {
			const char *path = config_binding_keyfile(config->volumes[i].bindings[k]);

			if (path && !strcmp(path, keyfile))
				return true;
		}
	return false;
}

/* zkey writes a volume's passphrase beside its key, so that people need not type what protects nothing. */
static void check_zkey_passphrases(struct checker *c)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_free_ char *folder = NULL;
	const struct dirent *entry;
	char path[PATH_MAX];

	if (asprintf(&folder, "%s%s", c->request->sysroot, CEX_REPOSITORY_PATH) < 0) {
		folder = NULL;
		c->no_memory = true;
		return;
	}
	dir = opendir(folder);
	while (dir && (entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');

		if (!dot || strcmp(dot, ".pass") != 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", CEX_REPOSITORY_PATH, entry->d_name);
		check_warn(c, "", path, WARNING_PUBLIC_PASSPHRASE, "holds the passphrase of a volume, written by zkey");
	}
}

/* Everybody knows what Ignition writes there. */
static void check_leftovers(struct checker *c)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s%s", c->request->sysroot, IGNITION_KEY_FILE) < 0) {
		path = NULL;
		c->no_memory = true;
		return;
	}
	if (access(path, F_OK) == 0 && !is_configured(c->setup.config, IGNITION_KEY_FILE))
		check_warn(c, "", IGNITION_KEY_FILE, WARNING_PUBLIC_PASSPHRASE,
			   "holds the passphrase that all of Ignition's volumes share");
	check_zkey_passphrases(c);
}

enum outcome check_conclude(const struct checker *c, struct verdict *v)
{
	const struct check *found = c->found;
	const char *word = word_that_turns_off(c);
	enum outcome good = found->n_opening ? OUTCOME_OK : OUTCOME_NOTHING_TO_DO;

	if (c->no_memory)
		return verdict_errno(v, ENOMEM, "findings were lost");
	if (c->first != OUTCOME_OK)
		return verdict_set(v, c->first, "%zu of %zu volumes would open", found->n_opening,
				   found->n_volumes);
	if (!found->n_volumes)
		return verdict_set(v, OUTCOME_NOTHING_TO_DO, "no volume has a binding");
	if (word)
		return verdict_set(v, good, "0 of %zu volumes would open: %s", found->n_volumes, word);
	return verdict_set(v, good, "%zu of %zu volumes would open%s", found->n_opening,
			   found->n_volumes, c->request->offline ? ", if card and KMS agree" : "");
}

/* crypttab may name by path what is named by UUID as well: as in the boot (op/round.c), crypttab's line counts. */
static bool was_checked(const struct plan *plan, size_t i)
{
	const struct plan_volume *one = &plan->volumes[i];

	if (one->source[0])
		return false;
	for (size_t k = 0; k < i; k++)
		if (plan->volumes[k].source[0] && uuid_equal(plan->volumes[k].uuid, one->uuid))
			return true;
	return false;
}

static enum outcome check_all(struct checker *c, struct verdict *v)
{
	struct config *config = c->setup.config;
	enum outcome o = check_plan(c, v);

	if (o != OUTCOME_OK)
		return o;
	check_words(c);
	check_leftovers(c);
	for (size_t i = 0; i < config->n_profiles; i++)
		check_service(c, &config->profiles[i]);
	check_keys(c);
	for (size_t i = 0; i < c->setup.plan->n_volumes; i++)
		if (!was_checked(c->setup.plan, i))
			check_volume(c, &c->setup.plan->volumes[i]);
	if (word_that_turns_off(c))
		c->found->n_opening = 0;
	return check_conclude(c, v);
}

/* --- no configuration ----------------------------------------------------------------------- */

static int is_bound(const char *uuid, void *userdata)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	const struct luks_token *const *tokens;
	struct luks_reason reason = { "" };
	size_t n;

	(void)userdata;
	if (luks_device_find(uuid, &device, &reason) != 0 ||
	    luks_header_load(device, NULL, &header, &reason) != 0)
		return 0;
	n = luks_header_tokens(header, &tokens);
	for (size_t i = 0; i < n; i++)
		if (tokens[i]->keyslot >= 0)
			return 1;
	return 0;
}

/* Whoever bound a volume counts on the boot, which has nothing to go by: a card binding needs no word, but the file. */
static enum outcome check_nothing(struct checker *c, struct verdict *v)
{
	const struct verdict found = *v;
	int r = c->request->device ? 1 : luks_device_each(is_bound, NULL);

	if (r < 0)
		return verdict_errno(v, r, "cannot list devices");
	if (r == 0)
		return v->outcome;
	(void)verdict_set(v, OUTCOME_CONFIG_ERROR, "%s, and without it the boot opens nothing", found.cause);
	(void)verdict_hint(v, "touch %s (enough for card bindings) and rebuild the initramfs", CONFIG_PATH);
	check_found(c, "", "configuration", v);
	return v->outcome;
}

enum outcome op_check(const struct check_request *request, struct check *ret, struct verdict *v)
{
	const struct boot_request boot = {
		.sysroot = request->sysroot,
		.config_path = request->config_path,
	};
	struct checker c = { .request = request, .found = ret, .first = OUTCOME_OK };
	enum outcome o = boot_setup_read(&boot, &c.setup, v);
	int r = 0;

	*ret = (struct check){ 0 };
	if (o == OUTCOME_NOTHING_TO_DO)
		o = check_nothing(&c, v);
	if (o == OUTCOME_OK && (request->initramfs || request->next_image || request->all_images)) {
		o = check_images(&c, v);
		boot_setup_done(&c.setup);
		return o;
	}
	if (o == OUTCOME_OK && request->cards)
		o = cards_file_read(request->cards, &c.elsewhere, v);
	if (o == OUTCOME_OK)
		r = op_session_new(c.setup.config, request->sysroot, &c.session);
	if (r < 0)
		o = verdict_errno(v, r, "session");
	if (o == OUTCOME_OK)
		o = check_all(&c, v);
	check_keys_done(&c);
	op_session_free(c.session);
	cex_bus_free(c.elsewhere);
	boot_setup_done(&c.setup);
	return o;
}
