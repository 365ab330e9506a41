/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peak COMMAND…: run it and print, in kB, the largest sum of what all of its processes held at one time: resident,
 * and proportional (a page shared by two counts half for each). Sampled every millisecond. Needs root where a process
 * changes its user. Ends with the command's exit status.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct sum {
	long rss, pss;
};

static void add(struct sum *sum, const char *pid)
{
	char path[64], line[128];
	long kb;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%.20s/smaps_rollup", pid);
	f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Rss: %ld", &kb) == 1)
			sum->rss += kb;
		else if (sscanf(line, "Pss: %ld", &kb) == 1)
			sum->pss += kb;
	}
	(void)fclose(f);
}

/* All of them: this program adopts what its children leave behind. */
static void add_children(struct sum *sum, const char *pid)
{
	char path[64], child[32];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%.20s/task/%.20s/children", pid, pid);
	f = fopen(path, "re");
	if (!f)
		return;
	while (fscanf(f, "%31s", child) == 1) {
		add(sum, child);
		add_children(sum, child);
	}
	(void)fclose(f);
}

int main(int argc, char **argv)
{
	const struct timespec tick = { .tv_nsec = 1000000 };
	struct sum peak = { 0, 0 };
	char self[32];
	int status = 0;
	pid_t pid;

	if (argc < 2)
		return 2;
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	(void)snprintf(self, sizeof(self), "%ld", (long)getpid());
	pid = fork();
	if (pid < 0)
		return 1;
	if (pid == 0) {
		(void)execvp(argv[1], argv + 1);
		_exit(127);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct sum now = { 0, 0 };

		add_children(&now, self);
		peak.rss = now.rss > peak.rss ? now.rss : peak.rss;
		peak.pss = now.pss > peak.pss ? now.pss : peak.pss;
		(void)nanosleep(&tick, NULL);
	}
	(void)fprintf(stderr, "peak %ld %ld\n", peak.rss, peak.pss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
