/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/convert.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "op/config.h"

#define API_KEY_FILE "/etc/cexluks/default.api-key"
#define OMIT	     "omit_dracutmodules+=\" cexluks \""

static void print_api_key(FILE *to, const struct config_profile *p)
{
	if (*p->api_key_source) {
		fprintf(to, "# No image can hold such a key. Write this to /etc/dracut.conf.d/cexluks.conf, or none is made:\n"
			    "# " OMIT "\n"
			    "api-key      = %s\n", p->api_key_source);
		return;
	}
	fprintf(to, "# Only you move the key itself:\n"
		    "# (umask 077; sed -n 's/^[ \\t]*api_key[ \\t]*[=:][ \\t]*//p' %s > %s)\n"
		    "api-key      = file:%s\n",
		CONFIG_OLD_PATH, API_KEY_FILE, API_KEY_FILE);
}

static void print_profile(FILE *to, const struct config_profile *p)
{
	fprintf(to,
		"# Says what %s says; see cexluks.conf(5). Where both files are, this one counts.\n"
		"# Keys in /var/lib/hpcs-for-luks/ are loaded from there as well as from /etc/cexluks/keys.d/.\n"
		"# With this file in /etc/cexluks, dracut puts cexluks into every image, asked or not.\n\n"
		"[cexluks]\n"
		"keys-at-boot = yes\n\n"
		"[kms %s]\n"
		"service      = %s\n"
		"endpoint     = %s\n"
		"iam-endpoint = %s\n"
		"instance     = %s\n",
		CONFIG_OLD_PATH, p->kms.name, kms_service_name(p->kms.service), p->kms.endpoint,
		p->kms.iam_endpoint, p->kms.instance);
	if (p->kms.root_key)
		fprintf(to, "root-key     = %s\n", p->kms.root_key);
	else
		fprintf(to, "# none yet: cexluks key create %s NAME makes one\n#root-key     = \n", p->kms.name);
	print_api_key(to, p);
	fprintf(to, "ca-file      = %s\n", p->kms.ca_file);
}

/* The old file by itself brings nothing into an image; the new one does, and then all of it must be right. */
static void tell(const struct config_profile *p)
{
	if (*p->api_key_source)
		log_notice("no image can hold an API key that is in a TPM: write %s to /etc/dracut.conf.d/cexluks.conf "
			   "before %s is in place", OMIT, CONFIG_PATH);
	else
		log_notice("put the API key into %s, as its comment says, before %s is in place: without it no image "
			   "is made", API_KEY_FILE, CONFIG_PATH);
}

enum outcome op_convert(const char *sysroot, char **ret, struct verdict *v)
{
	_cleanup_config_ struct config *config = NULL;
	_cleanup_free_ char *text = NULL;
	size_t len;
	enum outcome o = config_load_old(sysroot, &config, v);
	FILE *to;

	if (o == OUTCOME_NOTHING_TO_DO) /* not what somebody who types this expects */
		return verdict_set(v, OUTCOME_CONFIG_ERROR, "%s%s does not exist", sysroot, CONFIG_OLD_PATH);
	if (o != OUTCOME_OK)
		return o;
	to = open_memstream(&text, &len);
	if (!to)
		return verdict_errno(v, errno, "configuration");
	print_profile(to, &config->profiles[0]);
	if (fclose(to) != 0)
		return verdict_errno(v, errno, "configuration");
	tell(&config->profiles[0]);
	*ret = take_ptr(text);
	return verdict_set(v, OUTCOME_OK, "%s", config->path);
}

enum outcome op_convert_write(const char *path, const char *text, struct verdict *v)
{
	int r = file_write_new(path, text, strlen(text), 0644);

	if (r == -EEXIST) {
		verdict_set(v, OUTCOME_USAGE, "%s is there already", path);
		return verdict_hint(v, "remove it, or name another file");
	}
	if (r == 0)
		return verdict_set(v, OUTCOME_OK, "%s", path);
	return verdict_errno(v, r, path);
}
