/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/log.h"
#include "base/program.h"
#include "kms/client-seam.h"
#include "kms/message.h"
#include "kms/veil.h"
#include "kms/net-child.h"

/* How long after a job's deadline the child may still answer before the core gives up by itself. */
#define GRACE_MS 200
/* The child is told an earlier deadline, so that its verdict with the cause arrives on a busy machine
 * too; at most an eighth of the time. */
#define VERDICT_MS 600

/* How long a child may take to overwrite its memory and end, once it is told that it is not needed. */
#define END_MS 500

/* How long a child may refuse to take a message. */
#define SEND_MS 2000

struct open_job {
	unsigned id; /* 0: free */
	enum kms_verb verb;
	deadline_t deadline;
	bool given_up;	     /* answered with KMS_TIMEOUT here; the child's own answer is dropped */
	bool wants_plaintext; /* UNWRAP, or WRAP of what the service makes */
	size_t listed;
};

struct queued {
	struct queued *next;
	struct kms_reply *reply;
};

struct kms_client {
	int fd;	   /* -1 when the child is gone */
	int timer; /* fires for the earliest deadline, at once when a reply waits in the queue */
	int epoll; /* both of them: what the caller polls */
	pid_t pid;
	unsigned last_id;
	unsigned n_profiles;
	struct open_job jobs[LIMIT_JOBS];
	struct queued *first, **last;
	struct secret *buffer;
	struct veil *veil; /* NULL for an adopted child */
};

static const char *program_path;

void kms_client_set_program(const char *path)
{
	program_path = path;
}

void kms_reply_free(struct kms_reply *reply)
{
	if (!reply)
		return;
	secret_free(reply->plaintext);
	free(reply->ciphertext);
	free(reply);
}

const char *kms_condition_name(enum kms_condition condition)
{
	static const char *const names[] = {
		[KMS_OK] = "ok",
		[KMS_NO_NETWORK] = "no-network",
		[KMS_DNS_FAILED] = "dns-failed",
		[KMS_UNREACHABLE] = "kms-unreachable",
		[KMS_TLS_UNTRUSTED] = "tls-untrusted",
		[KMS_TLS_CLOCK] = "tls-clock",
		[KMS_IAM_REFUSED] = "iam-refused",
		[KMS_CREDENTIAL_MISSING] = "credential-missing",
		[KMS_REFUSED] = "kms-refused",
		[KMS_KEY_GONE] = "kms-key-gone",
		[KMS_KEY_DISABLED] = "kms-key-disabled",
		[KMS_BAD_CIPHERTEXT] = "kms-bad-ciphertext",
		[KMS_THROTTLED] = "kms-throttled",
		[KMS_TIMEOUT] = "timeout",
	};

	return names[condition];
}

/* --- the child process ---------------------------------------------------------------------- */

/* Everything but standard error and the socket is closed or marked to be. */
static int keep_only(int sock)
{
	int null;

	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return -errno;
	if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return -errno;
	if (sock == NET_CHILD_FD) {
		if (fcntl(sock, F_SETFD, 0) < 0)
			return -errno;
	} else if (dup2(sock, NET_CHILD_FD) < 0) {
		return -errno;
	}
	program_hide_descriptors(NET_CHILD_FD + 1);
	return 0;
}

/*
 * In the forked child. The report pipe closes on exec, so the core reads either an errno or the
 * end. It may sit on descriptor 3, which the socket needs: it moves out of the way first.
 */
_noreturn_ static void become_child(int sock, int report, pid_t parent)
{
	char *const argv[] = { (char *)(uintptr_t)"cexluks", (char *)(uintptr_t)NET_CHILD_VERB,
			       NULL };
	char *const env[] = { NULL };
	sigset_t none;
	int r;

	report = fcntl(report, F_DUPFD_CLOEXEC, NET_CHILD_FD + 1);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* cannot fail with these arguments */
	r = prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? -errno : 0;
	if (getppid() != parent)
		_exit(1); /* the core died before the line above */
	if (r == 0)
		r = keep_only(sock);
	if (r == 0) {
		(void)execve(program_path ? program_path : "/proc/self/exe", argv, env);
		r = -errno;
	}
	(void)!write(report, &r, sizeof(r));
	_exit(1);
}

/* 0 when the program runs, else why it does not. */
static int spawn(int sock, pid_t *ret)
{
	_cleanup_close_ int report_in = -1;
	int report[2], error = 0;
	pid_t parent = getpid(), pid;
	ssize_t n;

	if (pipe2(report, O_CLOEXEC) < 0)
		return -errno;
	report_in = report[0];
	pid = fork();
	if (pid < 0) {
		error = -errno;
		(void)close(report[1]);
		return error;
	}
	if (pid == 0)
		become_child(sock, report[1], parent);
	(void)close(report[1]);
	do
		n = read(report_in, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(error)) {
		(void)waitpid(pid, NULL, 0);
		return error;
	}
	*ret = pid;
	return 0;
}

/* Not before Linux 5.3: then at once. */
static void wait_for_end(pid_t pid)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd >= 0)
		(void)poll(&p, 1, END_MS);
}

void kms_client_dismiss(struct kms_client *client)
{
	cleanup_close(&client->fd);
	client->fd = -1;
}

/*
 * The end of the socket tells the child to go; it leaves nothing in memory then. One that does not go is killed,
 * which cannot be refused. Reaps, forgets.
 */
static void end_child(struct kms_client *client)
{
	kms_client_dismiss(client);
	if (client->pid <= 0)
		return;
	wait_for_end(client->pid);
	(void)kill(client->pid, SIGKILL);
	while (waitpid(client->pid, NULL, 0) < 0 && errno == EINTR)
		;
	client->pid = 0;
}

void kms_client_free(struct kms_client *client)
{
	if (!client)
		return;
	end_child(client);
	cleanup_close(&client->timer);
	cleanup_close(&client->epoll);
	while (client->first) {
		struct queued *q = client->first;

		client->first = q->next;
		kms_reply_free(q->reply);
		free(q);
	}
	veil_free(client->veil);
	secret_free(client->buffer);
	free(client);
}

static int watch(struct kms_client *client, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(client->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int kms_client_adopt(int fd, pid_t pid, struct kms_client **ret)
{
	_cleanup_kms_client_ struct kms_client *client = calloc(1, sizeof(*client));
	int r;

	if (!client) {
		(void)close(fd);
		return -ENOMEM;
	}
	client->fd = fd;
	client->pid = pid;
	client->last = &client->first;
	client->epoll = epoll_create1(EPOLL_CLOEXEC);
	client->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (client->epoll < 0 || client->timer < 0)
		return -errno;
	r = watch(client, client->fd);
	if (r == 0)
		r = watch(client, client->timer);
	if (r == 0)
		r = secret_new(LIMIT_MESSAGE, &client->buffer);
	if (r < 0)
		return r;
	*ret = take_ptr(client);
	return 0;
}

static enum log_level current_level(void)
{
	int level = LOG_LEVEL_DEBUG;

	while (level > LOG_LEVEL_ERR && !log_enabled((enum log_level)level))
		level--;
	return (enum log_level)level;
}

static int deliver(struct kms_client *client, const struct secret *message, int attach);

/* The first message goes as it is and brings the key; all others are hidden with that. */
static int greet(struct kms_client *client)
{
	_cleanup_secret_ struct secret *hello = NULL;
	_cleanup_veil_ struct veil *veil = NULL;
	int key = -1, r;

	r = message_build_hello(current_level(), &hello);
	if (r == 0)
		r = veil_make(&veil, &key);
	if (r == 0)
		r = deliver(client, hello, key);
	if (r != 0)
		return r;
	client->veil = take_ptr(veil);
	return 0;
}

int kms_client_start(struct kms_client **ret)
{
	_cleanup_kms_client_ struct kms_client *client = NULL;
	_cleanup_close_ int theirs = -1;
	int pair[2], r;
	pid_t pid = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	theirs = pair[1];
	r = spawn(theirs, &pid);
	if (r < 0) {
		(void)close(pair[0]);
		return r;
	}
	r = kms_client_adopt(pair[0], pid, &client);
	if (!client) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return r;
	}
	r = greet(client);
	if (r < 0)
		return r;
	*ret = take_ptr(client);
	return 0;
}

/* --- replies waiting for the caller --------------------------------------------------------- */

static struct open_job *find_job(struct kms_client *client, unsigned id)
{
	for (size_t i = 0; i < ARRAY_SIZE(client->jobs); i++)
		if (client->jobs[i].id == id)
			return &client->jobs[i];
	return NULL;
}

/* Takes @reply over also on failure. */
static int enqueue(struct kms_client *client, struct kms_reply *reply)
{
	struct queued *q = calloc(1, sizeof(*q));

	if (!q) {
		kms_reply_free(reply);
		return -ENOMEM;
	}
	q->reply = reply;
	*client->last = q;
	client->last = &q->next;
	return 0;
}

static struct kms_reply *dequeue(struct kms_client *client)
{
	struct queued *q = client->first;
	struct kms_reply *reply;

	if (!q)
		return NULL;
	reply = q->reply;
	client->first = q->next;
	if (!client->first)
		client->last = &client->first;
	free(q);
	return reply;
}

/* Ends a job with a reply made here. */
static int answer_here(struct kms_client *client, const struct open_job *job,
		       enum kms_condition condition, const char *cause)
{
	struct kms_reply *reply = calloc(1, sizeof(*reply));

	if (!reply)
		return -ENOMEM;
	reply->id = job->id;
	reply->final = true;
	reply->condition = condition;
	(void)snprintf(reply->cause, sizeof(reply->cause), "%s", cause);
	return enqueue(client, reply);
}

/* The child is gone or must go: one reply per job that waits for one. */
static int give_up_child(struct kms_client *client, const char *cause)
{
	int r = 0;

	log_debug("network process ends: %s", cause);
	end_child(client);
	for (size_t i = 0; i < ARRAY_SIZE(client->jobs); i++) {
		struct open_job *job = &client->jobs[i];

		if (job->id && !job->given_up && r == 0)
			r = answer_here(client, job, KMS_UNREACHABLE, cause);
		job->id = 0;
	}
	return r;
}

static deadline_t earliest(const struct kms_client *client)
{
	deadline_t first = DEADLINE_NEVER;

	for (size_t i = 0; i < ARRAY_SIZE(client->jobs); i++) {
		const struct open_job *job = &client->jobs[i];

		if (job->id && !job->given_up && job->deadline < DEADLINE_NEVER - GRACE_MS)
			first = deadline_earlier(first, job->deadline + GRACE_MS);
	}
	return first;
}

/* Makes the caller's poll(2) wake when kms_client_next() would have something of its own. */
static void arm_timer(struct kms_client *client)
{
	struct itimerspec when = { 0 };
	deadline_t first = earliest(client);
	uint64_t left = deadline_left(first);

	if (client->first || left == 0) {
		when.it_value.tv_nsec = 1;
	} else if (first != DEADLINE_NEVER) {
		when.it_value.tv_sec = (time_t)(left / 1000);
		when.it_value.tv_nsec = (long)(left % 1000 * 1000000) + 1;
	}
	(void)timerfd_settime(client->timer, 0, &when, NULL); /* the arguments are valid */
}

static int give_up_late_jobs(struct kms_client *client)
{
	for (size_t i = 0; i < ARRAY_SIZE(client->jobs); i++) {
		struct open_job *job = &client->jobs[i];
		int r;

		if (!job->id || job->given_up || job->deadline >= DEADLINE_NEVER - GRACE_MS ||
		    !deadline_over(job->deadline + GRACE_MS))
			continue;
		job->given_up = true;
		r = answer_here(client, job, KMS_TIMEOUT,
				"the time was over and the network process gave no answer");
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- what the child sends ------------------------------------------------------------------- */

/* Whether @reply is one that @job can have. */
static bool reply_fits(const struct open_job *job, const struct kms_reply *reply)
{
	bool ok = reply->condition == KMS_OK;
	bool one_key = ok && (job->verb == KMS_METADATA || job->verb == KMS_CREATE);
	bool ciphertext = ok && (job->verb == KMS_WRAP || job->verb == KMS_UNWRAP);

	if (!reply->final && (job->verb != KMS_LIST || !ok || job->listed >= LIMIT_KEYS_LISTED))
		return false;
	if (!!reply->key.id[0] != (one_key || !reply->final))
		return false;
	if (!!reply->plaintext != (ok && job->wants_plaintext))
		return false;
	if (reply->ciphertext ? !ciphertext : ok && job->verb == KMS_WRAP)
		return false;
	return !reply->ciphertext || *reply->ciphertext;
}

/* Return: 0; -EBADMSG when the child breaks a rule; -ENOMEM. */
static int take_reply(struct kms_client *client, const void *data, size_t len)
{
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	struct open_job *job;
	bool wanted;
	int r;

	r = message_parse_reply(data, len, &reply);
	if (r < 0)
		return r;
	job = reply->id ? find_job(client, reply->id) : NULL;
	if (!job || !reply_fits(job, reply))
		return -EBADMSG;
	wanted = !job->given_up;
	if (reply->final)
		job->id = 0;
	else
		job->listed++;
	return wanted ? enqueue(client, take_ptr(reply)) : 0;
}

/* Takes every message that is there. */
static int drain(struct kms_client *client)
{
	while (client->fd >= 0) {
		size_t len = 0;
		int r;

		r = veil_receive(client->veil, client->fd, client->buffer, &len, NULL);
		if (r == -EAGAIN)
			return 0;
		if (r == 0) {
			r = take_reply(client, secret_bytes(client->buffer), len);
			secret_wipe(secret_data(client->buffer), len);
		}
		if (r == -EPIPE)
			return give_up_child(client, "the network process ended unexpectedly");
		if (r == -EBADMSG)
			return give_up_child(client, "the network process broke its rules and was "
						     "stopped");
		if (r < 0)
			return r;
		if (client->first && client->first->next)
			return 0; /* enough to go on with; the socket keeps the rest */
	}
	return 0;
}

/*
 * Sends although the child may be busy or hostile: takes replies meanwhile, because the child may
 * itself be waiting for us to read.
 */
static int deliver(struct kms_client *client, const struct secret *message, int attach)
{
	deadline_t patience = deadline_after(SEND_MS);
	int r;

	while (client->fd >= 0) {
		struct pollfd p = { .fd = client->fd, .events = POLLIN | POLLOUT };

		r = veil_send(client->veil, client->fd, message, attach);
		if (r == 0)
			return 0;
		if (r == -EPIPE || r == -ECONNRESET || (r == -EAGAIN && deadline_over(patience))) {
			r = give_up_child(client, r == -EAGAIN ?
						  "the network process hangs and was stopped" :
						  "the network process ended unexpectedly");
			return r < 0 ? r : -EPIPE;
		}
		if (r != -EAGAIN)
			return r;
		(void)poll(&p, 1, 50);
		r = drain(client);
		if (r < 0)
			return r;
	}
	return -EPIPE;
}

/* --- profiles and jobs ---------------------------------------------------------------------- */

/* A memory file that nobody can change any more. */
static int seal(const char *data, size_t len, int *ret)
{
	_cleanup_close_ int fd = -1;
	int r;

	fd = memfd_create("ca", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	r = file_write_all(fd, data, len);
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -errno;
	*ret = take_fd(&fd);
	return 0;
}

int kms_client_add_profile(struct kms_client *client, const struct kms_profile *profile,
			   unsigned *ret)
{
	_cleanup_(kms_profile_done) struct kms_profile readable = { 0 };
	_cleanup_secret_ struct secret *message = NULL;
	_cleanup_close_ int ca = -1;
	unsigned index = client->n_profiles;
	int r;

	if (index >= LIMIT_PROFILES || !profile->ca || !profile->ca_len ||
	    profile->ca_len > LIMIT_CA_FILE)
		return -EINVAL;
	r = message_build_profile(index, profile, &message);
	if (r < 0)
		return r;
	/* What the child would refuse is a mistake of the caller and better found here. */
	r = message_parse_profile(secret_bytes(message), secret_len(message), &index, &readable);
	if (r < 0)
		return r == -EBADMSG ? -EINVAL : r;
	r = seal(profile->ca, profile->ca_len, &ca);
	if (r < 0)
		return r;
	r = deliver(client, message, ca);
	if (r < 0)
		return r;
	*ret = client->n_profiles++;
	return 0;
}

static deadline_t deadline_of_child(deadline_t deadline)
{
	uint64_t left = deadline_left(deadline);

	if (left == DEADLINE_NEVER)
		return deadline;
	return deadline - (left / 8 < VERDICT_MS ? left / 8 : VERDICT_MS);
}

int kms_client_submit(struct kms_client *client, const struct kms_request *request, unsigned *ret)
{
	_cleanup_(message_job_done) struct message_job readable = { 0 };
	_cleanup_secret_ struct secret *message = NULL;
	struct open_job *job = find_job(client, 0);
	unsigned id = client->last_id + 1;
	struct kms_request for_child;
	int r;

	if (request->profile >= client->n_profiles)
		return -EINVAL;
	if (!job)
		return -EBUSY;
	for_child = *request;
	for_child.deadline = deadline_of_child(request->deadline);
	r = message_build_job(id, &for_child, &message);
	if (r < 0)
		return r;
	r = message_parse_job(secret_bytes(message), secret_len(message), &readable);
	if (r < 0)
		return r == -EBADMSG ? -EINVAL : r;
	client->last_id = id;
	*job = (struct open_job){ .id = id,
				  .verb = request->verb,
				  .deadline = request->deadline,
				  .wants_plaintext = request->verb == KMS_UNWRAP ||
						     (request->verb == KMS_WRAP &&
						      !request->plaintext) };
	/* A child that is gone is an answer to the job, not a failure of the call. */
	if (client->fd < 0) {
		r = answer_here(client, job, KMS_UNREACHABLE, "the network process is gone");
		job->id = 0;
	} else {
		r = deliver(client, message, -1);
		if (r == -EPIPE)
			r = 0;
	}
	if (r < 0) {
		job->id = 0;
		return r;
	}
	arm_timer(client);
	*ret = id;
	return 0;
}

int kms_client_fd(const struct kms_client *client)
{
	return client->fd < 0 && !client->first ? -1 : client->epoll;
}

int kms_client_pid(const struct kms_client *client)
{
	return client->pid;
}

int kms_client_next(struct kms_client *client, deadline_t deadline, struct kms_reply **ret)
{
	*ret = NULL;
	for (;;) {
		struct pollfd p = { .fd = client->fd, .events = POLLIN };
		int r;

		if (!client->first) {
			r = drain(client);
			if (r == 0 && !client->first)
				r = give_up_late_jobs(client);
			if (r < 0)
				return r;
		}
		*ret = dequeue(client);
		if (*ret || client->fd < 0 || deadline == 0 || deadline_over(deadline))
			break;
		r = poll(&p, 1, deadline_poll_ms(deadline_earlier(deadline, earliest(client))));
		if (r < 0 && errno != EINTR)
			return -errno;
	}
	arm_timer(client);
	return 0;
}

int kms_call(struct kms_client *client, const struct kms_request *request, struct kms_reply **ret)
{
	unsigned id;
	int r;

	r = kms_client_submit(client, request, &id);
	if (r < 0)
		return r;
	for (;;) {
		_cleanup_kms_reply_ struct kms_reply *reply = NULL;

		r = kms_client_next(client, DEADLINE_NEVER, &reply);
		if (r < 0)
			return r;
		if (!reply)
			return -ENODATA; /* only if the job was lost, which would be a mistake here */
		if (reply->id == id && reply->final) {
			*ret = take_ptr(reply);
			return 0;
		}
	}
}
