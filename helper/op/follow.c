/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/follow.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/attributes.h"

static bool present(const char *sysroot, const char *name)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s%s", sysroot, name);

	return n > 0 && (size_t)n < sizeof(path) && access(path, F_OK) == 0;
}

static bool has_zipl(const char *sysroot)
{
	return present(sysroot, "/etc/zipl.conf") || present(sysroot, "/sbin/zipl") ||
	       present(sysroot, "/usr/sbin/zipl");
}

void op_follow(const char *sysroot, op_follow_fn print, void *userdata)
{
	if (present(sysroot, "/run/ostree-booted"))
		print("rpm-ostree initramfs --enable --arg=--add --arg=cexluks", userdata);
	else
		print("dracut --force --regenerate-all", userdata);
	/* zipl boots mapped blocks: a new image in the same file is not what would be booted. */
	if (has_zipl(sysroot))
		print("zipl", userdata);
}

static _printf_(3, 4) void print_line(op_follow_fn print, void *userdata, const char *format, ...)
{
	char line[PATH_MAX + 128];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args); /* what is cut is for people only */
	va_end(args);
	print(line, userdata);
}

void op_follow_new(const char *sysroot, const char *device, const char *uuid, op_follow_fn print,
		   void *userdata)
{
	print_line(print, userdata, "cexluks open %s luks-%s", device, uuid);
	print_line(print, userdata, "mkfs.xfs /dev/mapper/luks-%s", uuid);
	print_line(print, userdata, "echo 'luks-%s UUID=%s none luks' >> /etc/crypttab", uuid, uuid);
	print_line(print, userdata, "echo '/dev/mapper/luks-%s /srv xfs defaults 0 0' >> /etc/fstab", uuid);
	print_line(print, userdata, "# for a root volume: rd.luks.uuid=%s on the kernel command line%s",
		   uuid, has_zipl(sysroot) ? " (zipl.conf)" : "");
	op_follow(sysroot, print, userdata);
}
