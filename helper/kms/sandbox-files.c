/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/log.h"

/* Landlock from its own numbers: headers are often older than the kernel. Same on all machines. */
#define NR_CREATE_RULESET 444
#define NR_ADD_RULE	  445
#define NR_RESTRICT_SELF  446

#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH      1

#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR  (UINT64_C(1) << 3)

#define NET_BIND_TCP (UINT64_C(1) << 0)

#define SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0)
#define SCOPE_SIGNAL	    (UINT64_C(1) << 1)

/* struct landlock_ruleset_attr of ABI 6; older kernels accept it while the new fields are 0. */
struct ruleset_attr {
	uint64_t fs, net, scoped;
};

struct path_beneath_attr {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

/* How many rights an ABI knows: execute … make_sym, then refer, truncate, and ioctl_dev. */
static uint64_t all_fs_rights(int abi)
{
	static const unsigned bits[] = { 0, 13, 14, 15, 15, 16 };
	unsigned last = sizeof(bits) / sizeof(bits[0]) - 1;
	unsigned n = bits[(unsigned)abi < last ? (unsigned)abi : last];

	return (UINT64_C(1) << n) - 1;
}

static int allow(int ruleset, const char *path, uint64_t rights)
{
	struct path_beneath_attr rule = { .allowed = rights };
	_cleanup_close_ int fd = -1;
	struct stat st;

	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return 0; /* what is not there needs no rule */
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		rule.allowed &= ~FS_READ_DIR;
	rule.parent = fd;
	return syscall(NR_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0 ? -errno : 0;
}

/* The name service's files; TLS was configured before. */
static const char *const files[] = {
	"/etc/hosts",	    "/etc/nsswitch.conf", "/etc/host.conf",   "/etc/gai.conf",
	"/etc/services",    "/etc/ld.so.cache",	  "/etc/resolv.conf", "/etc/ssl/openssl.cnf",
	"/etc/pki/tls/openssl.cnf", "/etc/crypto-policies", "/dev/urandom",
};

/* Its modules, which may be loaded only when the first name is asked for. */
static const char *const folders[] = { "/lib", "/lib64", "/usr/lib", "/usr/lib64" };

/* Where resolv.conf is written by those who manage networks. */
static const char *const resolvers[] = { "/run/systemd/resolve", "/run/NetworkManager",
					 "/run/resolvconf", "/run/netconfig", "/run/connman" };

/* See sandbox.h: rules stay with inodes, files come and go. */
static int allow_resolv_conf(int ruleset)
{
	_cleanup_free_ char *target = realpath("/etc/resolv.conf", NULL);
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(resolvers) && r == 0; i++)
		r = allow(ruleset, resolvers[i], FS_READ_FILE);
	if (r < 0)
		return r;
	if (target && strncmp(target, "/etc/", 5) != 0) {
		char *slash = strrchr(target, '/');

		*slash = '\0';
		/* A file right below the root would open everything. */
		return *target ? allow(ruleset, target, FS_READ_FILE) : 0;
	}
	log_debug("sandbox: resolv.conf %s: files in /etc%s stay readable",
		  target ? "is no link" : "is not there yet", target ? "" : " and /run");
	r = allow(ruleset, "/etc", FS_READ_FILE);
	return r < 0 || target ? r : allow(ruleset, "/run", FS_READ_FILE);
}

static int allow_all(int ruleset)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files) && r == 0; i++)
		r = allow(ruleset, files[i], FS_READ_FILE);
	for (size_t i = 0; i < ARRAY_SIZE(folders) && r == 0; i++)
		r = allow(ruleset, folders[i], FS_READ_FILE | FS_READ_DIR);
	return r < 0 ? r : allow_resolv_conf(ruleset);
}

int sandbox_files(void)
{
	struct ruleset_attr attr = { 0 };
	_cleanup_close_ int ruleset = -1;
	long abi;
	int r;

	abi = syscall(NR_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
	if (abi < 1)
		return 0;
	attr.fs = all_fs_rights((int)abi);
	if (abi >= 4)
		attr.net = NET_BIND_TCP; /* nobody connects to us */
	if (abi >= 6)
		attr.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
	ruleset = (int)syscall(NR_CREATE_RULESET, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return -errno;
	r = allow_all(ruleset);
	if (r < 0)
		return r;
	if (syscall(NR_RESTRICT_SELF, ruleset, 0) < 0)
		return -errno;
	log_debug("sandbox: landlock ABI %ld", abi);
	return 1;
}
