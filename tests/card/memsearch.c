/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memsearch - is a secret in this dump of a machine's memory?
 *
 *   memsearch DUMP [--raw-only] SECRET-FILE…
 *
 * Looks for each secret as it is, in hexadecimal (both cases), and in base64 (at the three places that it can have in
 * an encoded text; what it shares with its neighbours is left out). Prints "NAME FORM OFFSET SURROUNDINGS" for what is
 * found: the surroundings tell who left it there. A form that would be too short to mean anything is an error, not a miss.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHORTEST 12
#define LONGEST	 4096
#define AROUND	 96

struct bytes {
	const uint8_t *at;
	size_t len;
};

static struct bytes file_map(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct bytes b;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		err(2, "cannot open '%s'", path);
	b.len = (size_t)st.st_size;
	b.at = mmap(NULL, b.len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (b.at == MAP_FAILED)
		err(2, "cannot map '%s'", path);
	close(fd);
	return b;
}

/* What is readable around a hit, on one line. */
static void show_around(struct bytes dump, size_t hit, size_t len)
{
	size_t from = hit > AROUND ? hit - AROUND : 0;
	size_t to = hit + len + AROUND < dump.len ? hit + len + AROUND : dump.len;

	for (size_t i = from; i < to; i++)
		putchar(dump.at[i] > 0x20 && dump.at[i] < 0x7f ? dump.at[i] : '.');
	putchar('\n');
}

static int look(struct bytes dump, const char *name, const char *form, const void *pattern, size_t len)
{
	const uint8_t *from = dump.at, *end = dump.at + dump.len, *hit;

	if (len < SHORTEST)
		errx(2, "'%s' is too short to be looked for", name);
	for (; (hit = memmem(from, (size_t)(end - from), pattern, len)); from = hit + len) {
		printf("%s %s 0x%zx ", name, form, (size_t)(hit - dump.at));
		show_around(dump, (size_t)(hit - dump.at), len);
	}
	return from != dump.at;
}

static int look_hex(struct bytes dump, const char *name, struct bytes secret, const char *digits)
{
	char text[2 * LONGEST];

	for (size_t i = 0; i < secret.len; i++) {
		text[2 * i] = digits[secret.at[i] >> 4];
		text[2 * i + 1] = digits[secret.at[i] & 15];
	}
	return look(dump, name, "hex", text, 2 * secret.len);
}

/* The digits that depend on the secret alone when @before bytes of something else come first. */
static int look_base64(struct bytes dump, const char *name, struct bytes secret, unsigned before, const char *last)
{
	static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	char text[2 * LONGEST];
	size_t digits = 0;
	/* bit positions in the encoded text; the secret has those from 8 * before to end */
	size_t end = 8 * ((size_t)before + secret.len);

	for (size_t bit = ((size_t)8 * before + 5) / 6 * 6; bit + 6 <= end; bit += 6) {
		unsigned value = 0;

		for (size_t i = bit; i < bit + 6; i++)
			value = value << 1 | (secret.at[i / 8 - before] >> (7 - i % 8) & 1);
		text[digits++] = value < 62 ? common[value] : last[value - 62];
	}
	return look(dump, name, "base64", text, digits);
}

int main(int argc, char **argv)
{
	struct bytes dump;
	int found = 0, raw_only = 0;

	if (argc < 3)
		errx(2, "usage: memsearch DUMP [--raw-only] SECRET-FILE...");
	dump = file_map(argv[1]);
	for (int i = 2; i < argc; i++) {
		const char *name = basename(argv[i]);
		struct bytes secret;

		if (strcmp(argv[i], "--raw-only") == 0) {
			raw_only = 1;
			continue;
		}
		secret = file_map(argv[i]);
		if (secret.len > LONGEST)
			errx(2, "'%s' is too long", argv[i]);
		found |= look(dump, name, "raw", secret.at, secret.len);
		if (raw_only)
			continue;
		found |= look_hex(dump, name, secret, "0123456789abcdef");
		found |= look_hex(dump, name, secret, "0123456789ABCDEF");
		for (unsigned before = 0; before < 3; before++) {
			found |= look_base64(dump, name, secret, before, "+/");
			found |= look_base64(dump, name, secret, before, "-_");
		}
	}
	return found;
}
