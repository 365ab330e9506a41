/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a net child that was taken over could send to the core, and the other way round. */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "kms/message.h"

static void add(struct secret *message)
{
	fuzz_add_seed(secret_bytes(message), secret_len(message));
	secret_free(message);
}

static void seed_profile(void)
{
	static char name[] = "prod", url[] = "https://kms.test", instance[] = "01234567",
		    ca[] = "-----BEGIN CERTIFICATE-----";
	struct kms_profile profile = { .name = name,
				       .endpoint = url,
				       .iam_endpoint = url,
				       .instance = instance,
				       .root_key = instance,
				       .ca = ca,
				       .ca_len = sizeof(ca) - 1 };
	struct secret *message;

	PROMISE(secret_new(8, &profile.api_keys[0]) == 0);
	memcpy(secret_data(profile.api_keys[0]), "api-key!", 8);
	profile.n_api_keys = 1;
	if (message_build_profile(1, &profile, &message) == 0)
		add(message);
	secret_free(profile.api_keys[0]);
}

void fuzz_seeds(void)
{
	struct kms_request unwrap = { .verb = KMS_UNWRAP,
				      .key = "fedcba98-7654-3210-fedc-ba9876543210",
				      .ciphertext = "AAAA",
				      .aad = { "cexluks:1", "uuid", "3" },
				      .n_aad = 3 };
	struct kms_reply reply = { .id = 1, .final = true, .cause = "fine", .host = "kms.test" };
	struct secret *message;

	if (message_build_hello(LOG_LEVEL_INFO, &message) == 0)
		add(message);
	if (message_build_job(7, &unwrap, &message) == 0)
		add(message);
	if (message_build_reply(&reply, &message) == 0)
		add(message);
	PROMISE(secret_new(32, &reply.plaintext) == 0);
	memset(secret_data(reply.plaintext), 'p', 32);
	if (message_build_reply(&reply, &message) == 0)
		add(message);
	secret_free(reply.plaintext);
	seed_profile();
}

static void check_reply(const struct kms_reply *r)
{
	PROMISE(r->condition <= KMS_TIMEOUT);
	PROMISE(memchr(r->cause, '\0', sizeof(r->cause)) && memchr(r->code, '\0', sizeof(r->code)));
	PROMISE(memchr(r->host, '\0', sizeof(r->host)));
	PROMISE(memchr(r->correlation_id, '\0', sizeof(r->correlation_id)));
	PROMISE(memchr(r->iam_request_id, '\0', sizeof(r->iam_request_id)));
	PROMISE(memchr(r->key.id, '\0', sizeof(r->key.id)));
	PROMISE(!r->plaintext || secret_len(r->plaintext) <= LIMIT_PASSPHRASE_MAX);
	PROMISE(!r->ciphertext || strlen(r->ciphertext) <= LIMIT_CIPHERTEXT);
}

static void check_job(const struct message_job *job)
{
	PROMISE(job->n_aad <= LIMIT_AAD_STRINGS);
	PROMISE(memchr(job->key, '\0', sizeof(job->key)) && memchr(job->name, '\0', sizeof(job->name)));
	for (size_t i = 0; i < job->n_aad; i++)
		PROMISE(job->aad[i] && strlen(job->aad[i]) <= LIMIT_AAD_STRING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	_cleanup_(kms_profile_done) struct kms_profile profile = { 0 };
	_cleanup_(message_job_done) struct message_job job = { 0 };
	enum message_kind kind;
	enum log_level level;
	unsigned index;
	int accepted = 0;

	if (message_kind(data, len, &kind) == 0)
		PROMISE(kind >= MESSAGE_HELLO && kind <= MESSAGE_REPLY);
	accepted += message_parse_hello(data, len, &level) == 0;
	accepted += message_parse_profile(data, len, &index, &profile) == 0;
	if (message_parse_job(data, len, &job) == 0) {
		check_job(&job);
		accepted++;
	}
	if (message_parse_reply(data, len, &reply) == 0) {
		check_reply(reply);
		accepted++;
	}
	PROMISE(accepted <= 1);
	return 0;
}
