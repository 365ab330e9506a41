/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wrapkey - make a secure key for the software crypto card from a known clear key
 *
 * With it a paes volume can be made on a machine that has neither card nor device mapper: the volume key is the
 * secure key written here, and the payload is encrypted with the clear key.
 *
 * For tests: the master key is known to anyone, so the result protects nothing.
 */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "token.h"
#include "wrap.h"

struct options {
	struct token_order order; /* kind, bits, pfv, kmf1 */
	const char *master_key;
	bool xts, print_pattern;
};

static void usage(int status)
{
	fprintf(status ? stderr : stdout,
		"usage: wrapkey [OPTION]... CLEAR-KEY-FILE OUT\n"
		"       wrapkey --print-pattern [--type TYPE] [--master-key NAME]\n"
		"  --type TYPE        aescipher (default), aesdata, ep11, ep11-old (no header), clear\n"
		"  --xts              the file holds two keys; make two tokens (default when it has 64 bytes)\n"
		"  --master-key NAME  name or 64 hex digits (default: first)\n"
		"  --pfv 0|1          of aescipher: payload format that shows or hides the key size (default: 0)\n"
		"  --print-pattern    print the master key's verification pattern\n");
	exit(status);
}

static void type_parse(const char *word, struct options *o)
{
	static const struct {
		const char *name;
		enum token_kind kind;
	} types[] = {
		{ "aescipher", TOKEN_AESCIPHER }, { "aesdata", TOKEN_AESDATA }, { "ep11", TOKEN_EP11_HDR },
		{ "ep11-old", TOKEN_EP11 },	  { "clear", TOKEN_CLEAR },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (strcmp(word, types[i].name) == 0) {
			o->order.kind = types[i].kind;
			return;
		}
	}
	errx(2, "there is no key type '%s'", word);
}

static void options_parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "type", required_argument, NULL, 't' },	{ "xts", no_argument, NULL, 'x' },
		{ "master-key", required_argument, NULL, 'm' }, { "pfv", required_argument, NULL, 'p' },
		{ "print-pattern", no_argument, NULL, 'P' },	{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 't':
			type_parse(optarg, o);
			break;
		case 'x':
			o->xts = true;
			break;
		case 'm':
			o->master_key = optarg;
			break;
		case 'p':
			o->order.pfv = strcmp(optarg, "1") == 0;
			break;
		case 'P':
			o->print_pattern = true;
			break;
		default:
			usage(c == 'h' ? 0 : 2);
		}
	}
}

static enum master_key_kind kind_of(const struct options *o)
{
	return token_is_ep11(o->order.kind) ? MASTER_KEY_EP11 : MASTER_KEY_CCA;
}

static void print_pattern(const struct options *o, const u8 mk[MASTER_KEY_SIZE])
{
	u8 pattern[MASTER_KEY_PATTERN];
	size_t i, n = kind_of(o) == MASTER_KEY_EP11 ? sizeof(pattern) : 8;

	master_key_pattern(kind_of(o), mk, pattern);
	for (i = 0; i < n; i++)
		printf("%02x", pattern[i]);
	printf("\n");
}

/* One token; a clear key token is no secure key, but tests want to see it told apart. */
static size_t wrap_one(const struct options *o, const u8 *key, size_t size, u8 ret[TOKEN_SIZE_MAX])
{
	u8 filling[TOKEN_RANDOM_SIZE];
	struct token_order order = o->order;

	if (o->order.kind == TOKEN_CLEAR) {
		memset(ret, 0, 16);
		ret[4] = 2;
		be32_put(ret + 8, (u32)size / 8 - 1);
		be32_put(ret + 12, (u32)size);
		memcpy(ret + 16, key, size);
		return 16 + size;
	}
	if (getrandom(filling, sizeof(filling), 0) != sizeof(filling))
		err(1, "no random numbers");
	order.key = key;
	order.bits = (u32)size * 8;
	order.random = filling;
	if (token_build(&order, ret) < 0)
		errx(1, "a key of %zu bits can't be wrapped", size * 8);
	return token_size(order.kind);
}

int main(int argc, char **argv)
{
	struct options o = { .order = { .kind = TOKEN_AESCIPHER, .kmf1 = AESCIPHER_KMF1_DEFAULT }, .master_key = "first" };
	u8 mk[MASTER_KEY_SIZE], key[65], token[TOKEN_SIZE_MAX];
	size_t size, part, at;
	FILE *in, *out;

	options_parse(argc, argv, &o);
	if (master_key_derive(kind_of(&o), o.master_key, mk) < 0)
		errx(2, "'%s' is no name of a master key", o.master_key);
	o.order.mk = mk;
	if (o.print_pattern) {
		print_pattern(&o, mk);
		return 0;
	}
	if (argc - optind != 2)
		usage(2);

	in = fopen(argv[optind], "re");
	if (!in)
		err(1, "cannot open '%s'", argv[optind]);
	size = fread(key, 1, sizeof(key), in);
	fclose(in);
	part = o.xts || size == 64 ? size / 2 : size;
	if (part != 16 && part != 24 && part != 32)
		errx(1, "'%s': %zu bytes are no AES key", argv[optind], size);
	out = fopen(argv[optind + 1], "we");
	if (!out)
		err(1, "cannot write '%s'", argv[optind + 1]);
	for (at = 0; at < size; at += part) {
		size_t n = wrap_one(&o, key + at, part, token);

		if (fwrite(token, 1, n, out) != n)
			err(1, "cannot write '%s'", argv[optind + 1]);
	}
	if (fclose(out))
		err(1, "cannot write '%s'", argv[optind + 1]);
	return 0;
}
