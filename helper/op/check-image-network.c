/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does the boot of an image get a network, and name servers? While the image is the root directory.
 * Source: boot-integration.md 2.1; dracut 059 to 106, modules network-legacy, network-manager, systemd-networkd, connman.
 */
#include <dirent.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/limits.h"
#include "op/check-find.h"
#include "op/image.h"

static const char *const networkd[] = { "usr/lib/systemd/systemd-networkd", "lib/systemd/systemd-networkd", NULL };

/* Without configuration they ask DHCP on every interface, once rd.neednet is set. */
static const char *const others[] = { "usr/sbin/NetworkManager", "usr/bin/NetworkManager", "usr/sbin/dhclient",
				      "usr/bin/dhclient",	 "usr/sbin/dhcpcd",	   "usr/bin/dhcpcd",
				      "usr/sbin/connmand",	 "usr/bin/connmand",	   NULL };

static bool any_matches(const char *pattern)
{
	glob_t found = { 0 };
	bool any = glob(pattern, 0, NULL, &found) == 0;

	globfree(&found);
	return any;
}

static bool says_ip(const char *text)
{
	for (const char *p = text; (p = strstr(p, "ip=")); p++)
		if (p == text || strchr(" \t\n\"", p[-1]))
			return true;
	return false;
}

static bool has_ip(const char *path)
{
	_cleanup_free_ char *text = NULL;

	return file_read(path, LIMIT_CMDLINE, &text, NULL) == 0 && says_ip(text);
}

/* Of the next boot, or of this one, which it may resemble, and what is written into the image. */
static bool cmdline_has_ip(const struct checker *c)
{
	glob_t files = { 0 };
	bool any = c->has_ip || has_ip("etc/cmdline");

	if (glob("etc/cmdline.d/*.conf", 0, NULL, &files) == 0)
		for (size_t i = 0; i < files.gl_pathc && !any; i++)
			any = has_ip(files.gl_pathv[i]);
	globfree(&files);
	return any;
}

/* systemd's own files from 80 on are for containers, virtual machines and the like. */
static bool networkd_is_configured(void)
{
	static const char *const patterns[] = { "etc/systemd/network/*.network", "usr/lib/systemd/network/[0-7]*.network",
						"lib/systemd/network/[0-7]*.network", "usr/lib/systemd/network/zz*.network",
						"var/lib/dracut/hooks/cmdline/*networkd-config*",
						"usr/lib/dracut/hooks/cmdline/*networkd-config*",
						"lib/dracut/hooks/cmdline/*networkd-config*" };

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		if (any_matches(patterns[i]))
			return true;
	return false;
}

/* networkd tells name servers to nobody but resolved, and to ours. */
static void check_names(struct checker *c)
{
	static const char *const tellers[] = { "usr/lib/systemd/systemd-resolved", "lib/systemd/systemd-resolved",
					       "usr/sbin/cexluks-names", "sbin/cexluks-names", NULL };
	const struct boot_request image = { .sysroot = "" };
	_cleanup_free_ char *text = NULL;
	struct verdict v = { 0 };

	if (op_image_needs_names(&image, &v) != OUTCOME_OK || check_image_has_any(tellers))
		return;
	if (file_read("etc/resolv.conf", LIMIT_CONFIG_FILE, &text, NULL) == 0 && strstr(text, "nameserver"))
		return;
	check_image_missing(c, "network", "what tells name servers (cexluks-names, systemd-resolved or a resolv.conf)");
}

void check_image_network_outside(struct checker *c)
{
	char path[512];

	c->has_ip = c->options && says_ip(c->options);
	/* What grub puts in place of a variable is most often what this boot was given. */
	if (c->has_ip || (c->options && !strchr(c->options, '$')))
		return;
	if (snprintf(path, sizeof(path), "%s/proc/cmdline", c->request->sysroot) < (int)sizeof(path))
		c->has_ip = has_ip(path);
}

void check_image_network(struct checker *c)
{
	static const char *const hooks[] = { "cmdline/20-cexluks-need-network.sh", "pre-udev/65-cexluks-bound-network.sh",
					     "cleanup/15-cexluks-end-network.sh", NULL };

	if (!c->setup.config->n_profiles)
		return;
	check_image_hooks(c, "network", hooks);
	if (check_image_has_any(others))
		return;
	if (!check_image_has_any(networkd)) {
		check_image_missing(c, "network", "anything that brings a network up");
		return;
	}
	if (!networkd_is_configured() && !cmdline_has_ip(c))
		check_warn(c, "", "network", WARNING_NETWORK_UNCONFIGURED,
			   "systemd-networkd has no configuration in the image, and the kernel command line no ip=");
	check_names(c);
}
