/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What core and net child say to each other: one message per packet of an AF_UNIX SOCK_SEQPACKET
 * pair, native byte order (both ends are the same program). A message is a kind followed by the
 * fields of that kind in fixed order; numbers are 32 or 64 bits, texts and secrets carry their
 * length first. Every length, enum and text is checked when read, on both sides, because the
 * child works on hostile input and the core must survive a child that was taken over.
 *
 * The CA bundle can be larger than a message: it travels as a sealed memory file (SCM_RIGHTS).
 */
#ifndef CEXLUKS_KMS_MESSAGE_H
#define CEXLUKS_KMS_MESSAGE_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/log.h"
#include "kms/client.h"

enum message_kind {
	MESSAGE_HELLO = 0x63780001, /* core → child, first, with the descriptor of kms/veil.h */
	MESSAGE_PROFILE,	    /* core → child, with the CA's descriptor */
	MESSAGE_JOB,		    /* core → child */
	MESSAGE_REPLY,		    /* child → core */
};

/* A job as the child holds it: kms_request with everything owned. */
struct message_job {
	unsigned id;
	enum kms_verb verb;
	unsigned profile;
	deadline_t deadline;
	char key[LIMIT_ALIAS_MAX + 1];	/* "": the profile's root key */
	char name[LIMIT_ALIAS_MAX + 1]; /* CREATE */
	struct secret *plaintext;
	char *ciphertext;
	char *aad[LIMIT_AAD_STRINGS];
	size_t n_aad;
};

/* Releases what @job points to, not @job. */
void message_job_done(struct message_job *job);

/*
 * Builders. @ret is owned by the caller and exactly as long as the message.
 * Return: 0, -EMSGSIZE when a field breaks its limit, -ENOMEM.
 */
int message_build_hello(enum log_level level, struct secret **ret) _must_check_;
int message_build_profile(unsigned index, const struct kms_profile *profile,
			  struct secret **ret) _must_check_;
int message_build_job(unsigned id, const struct kms_request *request,
		      struct secret **ret) _must_check_;
int message_build_reply(const struct kms_reply *reply, struct secret **ret) _must_check_;

/*
 * Parsers for @len received bytes. They need the whole message, all of it and nothing behind it;
 * on failure *ret is untouched. The profile comes without its CA.
 * Return: 0, -EBADMSG when a rule is broken, -ENOMEM.
 */
int message_kind(const void *data, size_t len, enum message_kind *ret) _must_check_;
int message_parse_hello(const void *data, size_t len, enum log_level *ret) _must_check_;
int message_parse_profile(const void *data, size_t len, unsigned *ret_index,
			  struct kms_profile *ret) _must_check_;
int message_parse_job(const void *data, size_t len, struct message_job *ret) _must_check_;
int message_parse_reply(const void *data, size_t len, struct kms_reply **ret) _must_check_;

/**
 * message_send() - one packet, without waiting
 * @attach: descriptor to send along, or -1; stays the caller's
 *
 * Return: 0, -EAGAIN, -errno of sendmsg(2).
 */
int message_send(int fd, const struct secret *message, int attach) _must_check_;

/**
 * message_receive() - one packet, without waiting
 * @buffer:     LIMIT_MESSAGE bytes; wipe them when parsed
 * @ret_len:    bytes received
 * @ret_attach: descriptor that came along or -1, owned by the caller; NULL when none may come
 *
 * Return: 0; -EAGAIN; -EPIPE when the other end is closed; -EBADMSG for a packet that is too long,
 * empty or carries descriptors it must not carry; -errno of recvmsg(2).
 */
int message_receive(int fd, struct secret *buffer, size_t *ret_len, int *ret_attach) _must_check_;

#endif
