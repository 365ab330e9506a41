/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe - ask /dev/pkey and the paes ciphers one thing, from a shell
 *
 *   probe generate TYPE BITS FLAGS APQNS OUT     GENSECK2; APQNS: 00.0047,00.0048 or "any"
 *   probe import TYPE APQNS KEY-FILE OUT         CLR2SECK2
 *   probe verify FILE [APQN]                     VERIFYKEY2
 *   probe apqns FILE FLAGS                       APQNS4K
 *   probe apqns-type TYPE [CUR-PATTERN-HEX]      APQNS4KT
 *   probe protect FILE [OUT]                     KBLOB2PROTK3; OUT becomes a protected key token
 *   probe old-generate KEYTYPE OUT               GENSECK, any card
 *   probe old-verify FILE                        VERIFYKEY
 *   probe cipher ALGORITHM KEY-FILE              encrypt 32 zero bytes under a zero IV, through AF_ALG
 *   probe sizes FILE                             APQNS4K with room for 0 and for 1
 *
 * Prints one line: what came back, or "errno NAME".
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/if_alg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pkey-ioctl.h"

#define ANY 0xffff

static u8 blob[8192];

static u32 blob_read(const char *path)
{
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		err(1, "cannot open '%s'", path);
	n = fread(blob, 1, sizeof(blob), f);
	fclose(f);
	return (u32)n;
}

static void blob_write(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "we");

	if (!f || fwrite(data, 1, size, f) != size || fclose(f))
		err(1, "cannot write '%s'", path);
}

static int failed(void)
{
	printf("errno %s\n", strerrorname_np(errno));
	return 0;
}

static int ask(unsigned long cmd, void *arg)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/dev/pkey", O_RDWR | O_CLOEXEC);
	return fd < 0 ? -1 : ioctl(fd, cmd, arg);
}

static u32 apqns_parse(char *words, struct pkey_apqn *ret, u32 n)
{
	u32 i = 0;

	if (strcmp(words, "any") == 0)
		return 0;
	for (char *word = strtok(words, ","); word && i < n; word = strtok(NULL, ","), i++) {
		unsigned int card, domain;

		if (sscanf(word, "%2x.%4x", &card, &domain) != 2)
			errx(2, "'%s' is no APQN", word);
		ret[i] = (struct pkey_apqn){ (u16)card, (u16)domain };
	}
	return i;
}

static int apqns_print(const struct pkey_apqn *apqns, u32 n)
{
	for (u32 i = 0; i < n; i++)
		printf("%s%02x.%04x", i ? " " : "", apqns[i].card, apqns[i].domain);
	printf("\n");
	return 0;
}

static int do_generate(char **w)
{
	struct pkey_apqn apqns[64];
	struct pkey_genseck2 a = {
		.apqns = (uintptr_t)apqns, .apqn_entries = apqns_parse(w[3], apqns, 64), .type = (u32)atoi(w[0]),
		.size = (u32)atoi(w[1]), .keygenflags = (u32)strtoul(w[2], NULL, 0), .key = (uintptr_t)blob,
		.keylen = sizeof(blob),
	};

	if (ask(PKEY_GENSECK2, &a) < 0)
		return failed();
	blob_write(w[4], blob, a.keylen);
	printf("%u bytes\n", a.keylen);
	return 0;
}

static int do_import(char **w)
{
	struct pkey_apqn apqns[64];
	u32 size = blob_read(w[2]);
	struct pkey_clr2seck2 a = {
		.apqns = (uintptr_t)apqns, .apqn_entries = apqns_parse(w[1], apqns, 64), .type = (u32)atoi(w[0]),
		.size = size * 8, .key = (uintptr_t)blob, .keylen = sizeof(blob),
	};

	memcpy(a.clrkey, blob, size > 32 ? 32 : size);
	if (ask(PKEY_CLR2SECK2, &a) < 0)
		return failed();
	blob_write(w[3], blob, a.keylen);
	printf("%u bytes\n", a.keylen);
	return 0;
}

static int do_verify(char **w)
{
	struct pkey_apqn apqn = { ANY, ANY };
	struct pkey_verkey2 a = { .key = (uintptr_t)blob, .keylen = blob_read(w[0]) };

	if (w[1])
		apqns_parse(w[1], &apqn, 1);
	a.card = apqn.card;
	a.domain = apqn.domain;
	if (ask(PKEY_VERIFYKEY2, &a) < 0)
		return failed();
	printf("%02x.%04x type %u size %d flags %u\n", a.card, a.domain, a.type, (int)a.size, a.flags);
	return 0;
}

static int do_apqns(char **w)
{
	struct pkey_apqn apqns[64];
	struct pkey_apqns4k a = {
		.key = (uintptr_t)blob, .keylen = blob_read(w[0]), .flags = (u32)atoi(w[1]), .apqns = (uintptr_t)apqns,
		.apqn_entries = 64,
	};

	return ask(PKEY_APQNS4K, &a) < 0 ? failed() : apqns_print(apqns, a.apqn_entries);
}

static int do_sizes(char **w)
{
	struct pkey_apqn apqns[64];
	struct pkey_apqns4k a = { .key = (uintptr_t)blob, .keylen = blob_read(w[0]), .apqns = (uintptr_t)apqns };

	if (ask(PKEY_APQNS4K, &a) < 0)
		return failed();
	printf("%u, then ", a.apqn_entries);
	a.apqn_entries = 1;
	if (ask(PKEY_APQNS4K, &a) < 0)
		printf("%u ", a.apqn_entries);
	return failed();
}

static int do_apqns_type(char **w)
{
	struct pkey_apqn apqns[64];
	struct pkey_apqns4kt a = {
		.type = (u32)atoi(w[0]), .flags = w[1] ? 2 : 0, .apqns = (uintptr_t)apqns, .apqn_entries = 64,
	};

	for (size_t i = 0; w[1] && i < 32 && w[1][2 * i]; i++)
		sscanf(w[1] + 2 * i, "%2hhx", &a.cur_mkvp[i]);
	return ask(PKEY_APQNS4KT, &a) < 0 ? failed() : apqns_print(apqns, a.apqn_entries);
}

static int do_protect(char **w)
{
	u8 token[80] = { 0, 0, 0, 0, 1 };
	struct pkey_kblob2pkey3 a = {
		.key = (uintptr_t)blob, .keylen = blob_read(w[0]), .pkey = (uintptr_t)(token + 16), .pkeylen = 64,
	};

	if (ask(PKEY_KBLOB2PROTK3, &a) < 0)
		return failed();
	be32_put(token + 8, a.pkeytype);
	be32_put(token + 12, a.pkeylen);
	if (w[1])
		blob_write(w[1], token, sizeof(token));
	printf("type %u, %u bytes\n", a.pkeytype, a.pkeylen);
	return 0;
}

static int do_old_generate(char **w)
{
	struct pkey_genseck a = { .card = ANY, .domain = ANY, .keytype = (u32)atoi(w[0]) };

	if (ask(PKEY_GENSECK, &a) < 0)
		return failed();
	blob_write(w[1], a.seckey.token, sizeof(a.seckey.token));
	printf("64 bytes\n");
	return 0;
}

static int do_old_verify(char **w)
{
	struct pkey_verkey a = { 0 };

	if (blob_read(w[0]) < sizeof(a.seckey.token))
		errx(2, "'%s' is too short", w[0]);
	memcpy(a.seckey.token, blob, sizeof(a.seckey.token));
	if (ask(PKEY_VERIFYKEY, &a) < 0)
		return failed();
	printf("%02x.%04x size %u attributes 0x%x\n", a.card, a.domain, a.keysize, a.attributes);
	return 0;
}

static int do_cipher(char **w)
{
	struct sockaddr_alg sa = { .salg_family = AF_ALG, .salg_type = "skcipher" };
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(4) + CMSG_SPACE(4 + 16)];
	} control = { 0 };
	u8 data[32] = { 0 };
	struct iovec iov = { data, sizeof(data) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	u32 operation = ALG_OP_ENCRYPT, ivlen = 16, size = blob_read(w[1]);
	int tfm = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), op;

	snprintf((char *)sa.salg_name, sizeof(sa.salg_name), "%s", w[0]);
	if (tfm < 0 || bind(tfm, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    setsockopt(tfm, SOL_ALG, ALG_SET_KEY, blob, size) < 0)
		return failed();
	op = accept4(tfm, NULL, NULL, SOCK_CLOEXEC);
	if (op < 0)
		return failed();
	c->cmsg_level = SOL_ALG;
	c->cmsg_type = ALG_SET_OP;
	c->cmsg_len = CMSG_LEN(4);
	memcpy(CMSG_DATA(c), &operation, 4);
	c = CMSG_NXTHDR(&msg, c);
	c->cmsg_level = SOL_ALG;
	c->cmsg_type = ALG_SET_IV;
	c->cmsg_len = CMSG_LEN(4 + 16);
	memcpy(CMSG_DATA(c), &ivlen, 4);
	/* ecb has no IV, and refuses one */
	if (strncmp(w[0], "ecb", 3) == 0)
		msg.msg_controllen = CMSG_SPACE(4);
	if (sendmsg(op, &msg, 0) < 0 || read(op, data, sizeof(data)) != sizeof(data))
		return failed();
	for (size_t i = 0; i < sizeof(data); i++)
		printf("%02x", data[i]);
	printf("\n");
	return 0;
}

static const struct {
	const char *name;
	int words;
	int (*run)(char **words);
} verbs[] = {
	{ "generate", 5, do_generate },	    { "import", 4, do_import },		{ "verify", 1, do_verify },
	{ "apqns", 2, do_apqns },	    { "apqns-type", 1, do_apqns_type }, { "protect", 1, do_protect },
	{ "old-generate", 2, do_old_generate }, { "old-verify", 1, do_old_verify }, { "cipher", 2, do_cipher },
	{ "sizes", 1, do_sizes },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0 && argc - 2 >= verbs[i].words)
			return verbs[i].run(argv + 2);
	errx(2, "usage: see the top of probe.c");
}
