/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/follow.h"

#include <unistd.h>

static int present(const char *path)
{
	return access(path, F_OK) == 0;
}

void op_follow(void (*print)(const char *command, void *userdata), void *userdata)
{
	if (present("/run/ostree-booted"))
		print("rpm-ostree initramfs --enable --arg=--add --arg=cexluks", userdata);
	else
		print("dracut --force --regenerate-all", userdata);
	/* zipl boots mapped blocks: a new image in the same file is not what would be booted. */
	if (present("/etc/zipl.conf") || present("/sbin/zipl") || present("/usr/sbin/zipl"))
		print("zipl", userdata);
}
