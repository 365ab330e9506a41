/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vlan DIR ID: the port of a switch that is tagged on one side. Ethernet frames come as datagrams: from DIR/tagged those
 * with this VLAN's tag go on to DIR/plain.peer without it, all others are dropped; from DIR/plain they go to
 * DIR/tagged.peer with the tag. At its end it says what it saw.
 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ADDRESSES 12 /* bytes before the place of the tag */
#define TAG	  4
#define FRAME	  65536

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static struct sockaddr_un address(const char *dir, const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int n = snprintf(a.sun_path, sizeof(a.sun_path), "%s/%s", dir, name);

	if (n < 0 || (size_t)n >= sizeof(a.sun_path)) {
		fprintf(stderr, "vlan: the path of '%s' is too long\n", name);
		exit(2);
	}
	return a;
}

static int open_port(const char *dir, const char *name)
{
	struct sockaddr_un a = address(dir, name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		perror(a.sun_path);
		exit(1);
	}
	return fd;
}

/* A peer that is not there yet, or no longer, loses frames, as on any wire. */
static void pass(int fd, const struct sockaddr_un *to, const unsigned char *frame, size_t len)
{
	(void)sendto(fd, frame, len, MSG_DONTWAIT, (const struct sockaddr *)to, sizeof(*to));
}

/* The upper four bits of the tag are priority, not identity. Return: whether the frame had the tag. */
static bool take_tag_off(unsigned char *frame, ssize_t *len, const unsigned char *tag)
{
	if (*len < ADDRESSES + TAG || memcmp(frame + ADDRESSES, tag, 2) != 0 ||
	    (frame[ADDRESSES + 2] & 0x0f) != tag[2] || frame[ADDRESSES + 3] != tag[3])
		return false;
	*len -= TAG;
	memmove(frame + ADDRESSES, frame + ADDRESSES + TAG, (size_t)*len - ADDRESSES);
	return true;
}

static void put_tag_on(unsigned char *frame, ssize_t *len, const unsigned char *tag)
{
	memmove(frame + ADDRESSES + TAG, frame + ADDRESSES, (size_t)*len - ADDRESSES);
	memcpy(frame + ADDRESSES, tag, TAG);
	*len += TAG;
}

static void carry(const char *dir, const unsigned char *tag)
{
	static unsigned char frame[FRAME];
	struct sockaddr_un tagged_peer = address(dir, "tagged.peer"), plain_peer = address(dir, "plain.peer");
	struct pollfd tagged = { .fd = open_port(dir, "tagged"), .events = POLLIN };
	struct pollfd plain = { .fd = open_port(dir, "plain"), .events = POLLIN };
	unsigned long in = 0, out = 0, dropped = 0;
	struct pollfd ports[2];

	while (!ended) {
		ssize_t n;

		ports[0] = tagged;
		ports[1] = plain;
		if (poll(ports, 2, -1) < 0)
			continue; /* by a signal */
		if (ports[0].revents & POLLIN) {
			n = recv(tagged.fd, frame, FRAME, 0);
			if (take_tag_off(frame, &n, tag)) {
				pass(plain.fd, &plain_peer, frame, (size_t)n);
				in++;
			} else {
				dropped++;
			}
		}
		if (ports[1].revents & POLLIN) {
			n = recv(plain.fd, frame, FRAME - TAG, 0);
			if (n < ADDRESSES)
				continue;
			put_tag_on(frame, &n, tag);
			pass(tagged.fd, &tagged_peer, frame, (size_t)n);
			out++;
		}
	}
	printf("tagged in: %lu, tagged out: %lu, dropped: %lu\n", in, out, dropped);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = end };
	long id = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	unsigned char tag[TAG] = { 0x81, 0x00, (unsigned char)(id >> 8), (unsigned char)id };

	if (id < 1 || id > 4094) {
		fputs("usage: vlan DIR ID\n", stderr);
		return 2;
	}
	sigaction(SIGTERM, &action, NULL);
	carry(argv[1], tag);
	return 0;
}
