/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target without libFuzzer: first every file of the corpus as it is, then mutations of
 * them, the same ones for the same seed, until the runs or the seconds are used up. What was being
 * tried when a run crashed or hung is written beside the program, as PROGRAM.crash; given as the
 * only argument such a file is run once.
 *
 * fuzz-X [--seconds N] [--runs N] [--seed N] FOLDER… | FILE
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define INPUT_SIZE (64u << 10)
#define MAX_SEEDS 512
#define HANG_S	  10

struct input {
	uint8_t *data;
	size_t len;
};

static struct input seeds[MAX_SEEDS];
static size_t n_seeds;
static uint8_t now[INPUT_SIZE];
static size_t now_len;
static char crash_path[PATH_MAX];
static uint64_t state;

/* xorshift64*: small, and the same everywhere. */
static uint32_t dice(uint32_t sides)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * 2685821657736338717ull) >> 32) % sides;
}

static void on_signal(int number)
{
	static const char said[] = "fuzz: the input is in the .crash file beside the program\n";
	int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd >= 0) {
		(void)!write(fd, now, now_len);
		(void)close(fd);
		(void)!write(STDERR_FILENO, said, sizeof(said) - 1);
	}
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

void fuzz_add_seed(const void *data, size_t len)
{
	struct input *to = &seeds[n_seeds];

	if (n_seeds == MAX_SEEDS || len > INPUT_SIZE)
		return;
	to->data = malloc(len + 1);
	if (!to->data)
		return;
	if (len)
		memcpy(to->data, data, len);
	to->len = len;
	n_seeds++;
}

static bool add_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, now, sizeof(now));

	if (fd >= 0)
		(void)close(fd);
	if (n >= 0)
		fuzz_add_seed(now, (size_t)n);
	return n >= 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Sorted, so that a seed means the same runs on every machine. */
static bool add_folder(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, by_name);

	for (int i = 0; i < n; i++) {
		char file[PATH_MAX];

		(void)snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			(void)add_file(file);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return n >= 0;
}

static void insert(size_t at, const void *data, size_t len)
{
	if (len > INPUT_SIZE - now_len)
		len = INPUT_SIZE - now_len;
	memmove(now + at + len, now + at, now_len - at);
	memcpy(now + at, data, len);
	now_len += len;
}

static void mutate_once(void)
{
	static const char *const words[] = { "\"",   "\\u0000", "{",  "}",    "[",  "]",	 ",",
					     ":",    "=",	"\n", "\r\n", " ;", "\xff\xfe", "\t",
					     "null", "-1",	"0",  "1e99", "../", "https://", "%s" };
	size_t at = dice((uint32_t)now_len + 1), len;
	uint8_t copy[64];
	const char *word;

	switch (dice(7)) {
	case 0:
		if (at < now_len)
			now[at] ^= (uint8_t)(1u << dice(8));
		break;
	case 1:
		if (at < now_len)
			now[at] = (uint8_t)dice(256);
		break;
	case 2: /* remove */
		len = dice(16) + 1;
		if (len > now_len - at)
			len = now_len - at;
		memmove(now + at, now + at + len, now_len - at - len);
		now_len -= len;
		break;
	case 3: /* a word that means something to some parser */
		word = words[dice(sizeof(words) / sizeof(words[0]))];
		insert(at, word, strlen(word));
		break;
	case 4: /* repeat a piece somewhere else */
		len = dice(sizeof(copy)) + 1;
		if (len > now_len - at)
			len = now_len - at;
		memcpy(copy, now + at, len);
		insert(dice((uint32_t)now_len + 1), copy, len);
		break;
	case 5: /* cut */
		if (!dice(4))
			now_len = at;
		break;
	default: { /* the tail of another seed */
		const struct input *other = &seeds[dice((uint32_t)n_seeds)];
		size_t from = dice((uint32_t)other->len + 1);

		len = other->len - from;
		now_len = at;
		if (len > 256)
			len = dice(256) + 1;
		insert(at, other->data + from, len);
		break;
	}
	}
}

static void run(void)
{
	/* A copy of exactly that size, so that a read behind it is seen. */
	uint8_t *exact = malloc(now_len ? now_len : 1);

	if (!exact)
		abort();
	memcpy(exact, now, now_len);
	(void)alarm(HANG_S);
	(void)LLVMFuzzerTestOneInput(exact, now_len);
	(void)alarm(0);
	free(exact);
}

static void load(const struct input *seed)
{
	memcpy(now, seed->data, seed->len);
	now_len = seed->len;
}

static double seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static unsigned long number(const char *text)
{
	char *end;
	unsigned long n = text ? strtoul(text, &end, 10) : 0;

	if (!text || *end || end == text) {
		fprintf(stderr, "fuzz: '%s' is not a number\n", text ? text : "");
		exit(2);
	}
	return n;
}

static void catch_signals(const char *program)
{
	static const int numbers[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM };

	(void)snprintf(crash_path, sizeof(crash_path), "%s.crash", program);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		(void)signal(numbers[i], on_signal);
}

int main(int argc, char **argv)
{
	unsigned long limit_s = 3, limit_runs = 1000000, runs = 0;
	double begin = seconds();
	bool single = false;

	state = 88172645463325252ull;
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--seconds"))
			limit_s = number(argv[++i]);
		else if (!strcmp(argv[i], "--runs"))
			limit_runs = number(argv[++i]);
		else if (!strcmp(argv[i], "--seed"))
			state ^= number(argv[++i]) * 0x9e3779b97f4a7c15ull;
		else if (!add_folder(argv[i]) && !(single = add_file(argv[i]))) {
			fprintf(stderr, "fuzz: cannot read %s\n", argv[i]);
			return 2;
		}
	}
	catch_signals(argv[0]);
	if (fuzz_seeds && !single)
		fuzz_seeds();
	if (!n_seeds) {
		fprintf(stderr, "fuzz: nothing to begin with\n");
		return 2;
	}
	for (size_t i = 0; i < n_seeds; i++, runs++) {
		load(&seeds[i]);
		run();
	}
	while (!single && runs < limit_runs && seconds() - begin < (double)limit_s) {
		load(&seeds[dice((uint32_t)n_seeds)]);
		for (uint32_t k = dice(6) + 1; k; k--)
			mutate_once();
		run();
		runs++;
	}
	printf("%s: %lu runs from %zu seeds in %.1f s\n", argv[0], runs, n_seeds, seconds() - begin);
	for (size_t i = 0; i < n_seeds; i++)
		free(seeds[i].data);
	return 0;
}
