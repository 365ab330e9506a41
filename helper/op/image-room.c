/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/image-room.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/initramfs.h"
#include "base/log.h"
#include "base/program.h"

#define PLACE "/run/cexluks-image.XXXXXX"

/* A second copy of the pipe, so that one who closes his output early is still waited for. */
#define TETHER_FD (STDERR_FILENO + 1)

/* --- unpacked ------------------------------------------------------------------------------- */

/* Thousands of files that nobody reads here: that they are there is enough. */
static bool wants(const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;

	return !strstr(base, ".ko") && strncmp(name, "usr/lib/firmware/", 17) != 0 &&
	       strncmp(name, "lib/firmware/", 13) != 0;
}

static int mount_memory(struct image_room *room)
{
	char options[64];

	(void)snprintf(options, sizeof(options), "mode=755,size=%u", LIMIT_IMAGE_KEPT + (LIMIT_IMAGE_KEPT >> 2));
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	if (mount("tmpfs", room->place, "tmpfs", MS_NODEV | MS_NOSUID, options) < 0)
		return -errno;
	room->root = open(room->place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	room->outside = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return room->root < 0 || room->outside < 0 ? -errno : 0;
}

static enum outcome unpack(int fd, const char *image, struct image_room *room, struct verdict *v)
{
	struct initramfs_reason reason = { "" };
	int r = initramfs_unpack(fd, room->root, wants, &reason);

	if (r == 0)
		return OUTCOME_OK;
	if (r == -EBADMSG)
		return verdict_set(v, OUTCOME_IMAGE_INCOMPLETE, "%s: %s", image, reason.text);
	if (r == -EFBIG || r == -ENOSPC)
		return verdict_set(v, OUTCOME_IMAGE_INCOMPLETE, "%s: larger than this unpacks", image);
	return verdict_errno(v, r, image);
}

enum outcome image_room_open(const char *image, struct image_room *room, struct verdict *v)
{
	_cleanup_close_ int fd = open(image, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int r;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return verdict_set(v, OUTCOME_IMAGE_INCOMPLETE, "%s does not exist", image);
	if (fd < 0)
		return verdict_errno(v, -errno, image);
	(void)memcpy(room->place, PLACE, sizeof(PLACE));
	if (!mkdtemp(room->place)) {
		r = -errno;
		room->place[0] = '\0';
		return verdict_errno(v, r, "/run");
	}
	r = mount_memory(room);
	return r < 0 ? verdict_errno(v, r, "mount namespace") : unpack(fd, image, room, v);
}

void image_room_close(struct image_room *room)
{
	cleanup_close(&room->root);
	cleanup_close(&room->outside);
	room->root = room->outside = -1;
	if (!room->place[0])
		return;
	(void)umount2(room->place, MNT_DETACH); /* if it stays mounted, it goes with this process */
	if (rmdir(room->place) < 0)
		log_debug("%s: %m", room->place);
	room->place[0] = '\0';
}

int image_room_enter(const struct image_room *room)
{
	return initramfs_enter(room->root);
}

int image_room_leave(const struct image_room *room)
{
	return initramfs_enter(room->outside);
}

/* --- running -------------------------------------------------------------------------------- */

/* The folder @name of the image, which no link may stand for; made if it is missing. */
static int open_folder(const struct image_room *room, const char *name)
{
	int fd;

	if (mkdirat(room->root, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(room->root, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int mount_at(const struct image_room *room, const char *name, const char *source, const char *type,
		    unsigned long flags)
{
	_cleanup_close_ int fd = open_folder(room, name);
	char path[32];

	if (fd < 0)
		return fd;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return mount(source, path, type, flags, NULL) < 0 ? -errno : 0;
}

/* In the process that becomes the program: what the kernel shows it. */
static int furnish(const struct image_room *room, const char *cmdline)
{
	char path[96];
	int r = mount_at(room, "dev", "/dev", NULL, MS_BIND | MS_REC);

	if (r == 0)
		r = mount_at(room, "sys", "/sys", NULL, MS_BIND | MS_REC);
	if (r == 0)
		r = mount_at(room, "run", "tmpfs", "tmpfs", MS_NODEV | MS_NOSUID);
	if (r == 0)
		r = mount_at(room, "proc", "proc", "proc", MS_NODEV | MS_NOSUID | MS_NOEXEC);
	if (r < 0 || !cmdline)
		return r;
	(void)snprintf(path, sizeof(path), "%s/proc/cmdline", room->place);
	return mount(cmdline, path, NULL, MS_BIND, NULL) < 0 ? -errno : 0;
}

/* The image becomes the root, and nothing else is left mounted anywhere. */
static int move_in(const struct image_room *room)
{
	if (fchdir(room->root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
	    chdir("/") < 0)
		return -errno;
	return 0;
}

/* What cexluks-load.service leaves it, less what mounts, makes device nodes and administers. */
static bool is_needed(int capability)
{
	switch (capability) {
	case CAP_CHOWN:
	case CAP_DAC_OVERRIDE:
	case CAP_FOWNER:
	case CAP_IPC_LOCK:
	case CAP_KILL:
	case CAP_SETGID:
	case CAP_SETPCAP:
	case CAP_SETUID:
		return true;
	default:
		return false;
	}
}

static int drop_rights(void)
{
	for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if (!is_needed(i) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

struct start {
	const struct image_room *room;
	const char *const *argv;
	const char *cmdline;
	int out, error; /* ends of pipes */
};

static int take_descriptors(const struct start *s)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(s->out, STDOUT_FILENO) < 0 ||
	    dup2(s->error, STDERR_FILENO) < 0 || dup2(s->out, TETHER_FD) < 0)
		return -errno;
	program_hide_descriptors(TETHER_FD + 1);
	return 0;
}

/* The first process of its own PID namespace: with it all others end. */
_noreturn_ static void become(const struct start *s)
{
	char *const nothing[] = { NULL };
	struct image_room room = *s->room;
	int r;

	/* The descriptor is one of the namespace that was left behind. */
	room.root = open(room.place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = room.root < 0 ? -errno : furnish(&room, s->cmdline);
	if (r == 0)
		r = take_descriptors(s);
	if (r == 0)
		r = move_in(&room);
	if (r == 0)
		r = drop_rights();
	if (r == 0) {
		(void)execve(s->argv[0], (char *const *)(uintptr_t)s->argv, nothing);
		r = -errno;
	}
	dprintf(STDERR_FILENO, "%s: %s\n", s->argv[0], strerror(-r));
	_exit(127);
}

/* Between them and us, because the one who asks for a PID namespace stays outside of it. */
_noreturn_ static void keep(const struct start *s)
{
	int status = 0;
	pid_t pid;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC) < 0)
		_exit(127);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		become(s);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		_exit(127);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* What comes out of a pipe. */
struct reader {
	int fd;
	char *text; /* room for LIMIT_IMAGE_ANSWER bytes and a NUL */
	size_t len;
	bool end;
};

/* Of more than the limit only its end is kept, which breaks JSON, and leaves the last line. */
static int read_some(struct reader *in)
{
	ssize_t n;

	if (in->len == LIMIT_IMAGE_ANSWER) {
		in->len /= 2;
		memmove(in->text, in->text + in->len, in->len);
	}
	n = read(in->fd, in->text + in->len, LIMIT_IMAGE_ANSWER - in->len);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	in->len += (size_t)n;
	in->text[in->len] = '\0';
	in->end = n == 0;
	return 0;
}

/* Until the program and all that it started are gone. 1 when they are, 0 at the deadline, -errno. */
static int collect(struct reader readers[2], deadline_t deadline)
{
	while (!readers[0].end) {
		struct pollfd p[2] = {
			{ .fd = readers[0].fd, .events = POLLIN },
			{ .fd = readers[1].end ? -1 : readers[1].fd, .events = POLLIN },
		};
		int n = poll(p, 2, deadline_poll_ms(deadline)), r = 0;

		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		for (size_t i = 0; n > 0 && i < 2 && r == 0; i++)
			if (p[i].revents)
				r = read_some(&readers[i]);
		if (r < 0)
			return r;
		if (deadline_over(deadline)) /* one that never stops talking */
			return 0;
	}
	return 1;
}

/* The last line that says something, without what a terminal would obey. */
static void keep_last_line(char *text, char *to, size_t size)
{
	char *line = NULL, *save = NULL;

	for (char *p = strtok_r(text, "\n", &save); p; p = strtok_r(NULL, "\n", &save))
		line = p;
	(void)snprintf(to, size, "%s", line ? line : "");
	for (char *p = to; *p; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '?';
}

static int start_process(struct start *s, pid_t *ret)
{
	(void)fflush(stdout); /* or both would print it */
	*ret = fork();
	if (*ret == 0)
		keep(s);
	return *ret < 0 ? -errno : 0;
}

/* With the ends of the pipes that are the program's. */
static int start_and_collect(struct start *s, struct reader readers[2], deadline_t deadline, int *ret_status)
{
	pid_t pid = -1;
	int status, r = start_process(s, &pid);

	cleanup_close(&s->out);
	cleanup_close(&s->error);
	if (r < 0)
		return r;
	r = collect(readers, deadline);
	status = program_end(pid);
	*ret_status = r == 1 ? status : -1;
	return r < 0 ? r : 0;
}

int image_room_run(const struct image_room *room, const char *const argv[], const char *cmdline, deadline_t deadline,
		   struct image_answer *ret)
{
	_cleanup_free_ char *out = calloc(1, LIMIT_IMAGE_ANSWER + 1), *error = calloc(1, LIMIT_IMAGE_ANSWER + 1);
	_cleanup_close_ int first = -1, second = -1;
	struct start s = { .room = room, .argv = argv, .cmdline = cmdline, .out = -1, .error = -1 };
	int one[2], other[2], r;

	*ret = (struct image_answer){ .status = -1 };
	if (!out || !error)
		return -ENOMEM;
	if (pipe2(one, O_CLOEXEC) < 0)
		return -errno;
	first = one[0];
	if (pipe2(other, O_CLOEXEC) < 0) {
		r = -errno;
		cleanup_close(&one[1]);
		return r;
	}
	second = other[0];
	s.out = one[1];
	s.error = other[1];
	struct reader readers[2] = { { .fd = first, .text = out }, { .fd = second, .text = error } };
	r = start_and_collect(&s, readers, deadline, &ret->status);
	keep_last_line(error, ret->error, sizeof(ret->error));
	ret->out_len = readers[0].len;
	ret->out = take_ptr(out);
	return r;
}

void image_answer_done(struct image_answer *answer)
{
	free(answer->out);
	*answer = (struct image_answer){ .status = -1 };
}
