/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scratch volumes for tests: real LUKS2 headers in plain files, made by libcryptsetup, and a way to
 * change their JSON as somebody with the disk in hand would (both copies, checksums put right).
 */
#ifndef CEXLUKS_TESTS_LUKS_SCRATCH_H
#define CEXLUKS_TESTS_LUKS_SCRATCH_H

#include "unit.h"

#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libcryptsetup.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/sha256.h"
#include "luks/device.h"
#include "luks/token.h"

#define HUMAN	   "correct horse"
#define HUMAN_LEN  (sizeof(HUMAN) - 1)
#define SCRATCH_UUID "96fa7ba7-5229-4f32-a9d3-849404febb0e"
#define METADATA   0x4000u
#define AREAS	   (2u << 20)
#define IMAGE_SIZE (4u << 20)

struct scratch {
	char path[64];
	unsigned char *image; /* as made, to start from again */
};

static void quiet(int level, const char *text, void *userdata)
{
	(void)level;
	(void)text;
	(void)userdata;
}

static inline struct secret *secret_of(const char *text)
{
	struct secret *s = NULL;

	assert_int_equal(secret_new(strlen(text), &s), 0);
	memcpy(secret_data(s), text, strlen(text));
	return s;
}

static const struct crypt_pbkdf_type scratch_kdf = {
	.type = CRYPT_KDF_PBKDF2,
	.hash = "sha256",
	.iterations = 1000,
	.flags = CRYPT_PBKDF_NO_BENCHMARK,
};

struct scratch_secrets {
	const void *key;
	size_t key_size;
	const void *passphrase;
	size_t len;
};

/* One keyslot (0). */
static inline void scratch_format_with(const char *path, const char *cipher, const char *mode,
				       const struct scratch_secrets *what)
{
	struct crypt_params_luks2 params = { .sector_size = 512, .pbkdf = &scratch_kdf };
	struct crypt_device *cd = NULL;

	crypt_set_log_callback(NULL, quiet, NULL);
	assert_int_equal(crypt_init(&cd, path), 0);
	assert_int_equal(crypt_set_metadata_size(cd, METADATA, AREAS), 0);
	assert_int_equal(crypt_set_pbkdf_type(cd, &scratch_kdf), 0);
	assert_int_equal(crypt_format(cd, CRYPT_LUKS2, cipher, mode, SCRATCH_UUID, what->key,
				      what->key_size, &params),
			 0);
	assert_int_equal(crypt_keyslot_add_by_volume_key(cd, 0, what->key, what->key_size,
							 what->passphrase, what->len),
			 0);
	crypt_free(cd);
}

/* With the passphrase HUMAN. */
static inline void scratch_format(const char *path, const char *cipher, const char *mode,
				  size_t key_size)
{
	char key[1024];
	const struct scratch_secrets what = { key, key_size, HUMAN, HUMAN_LEN };

	memset(key, 0x5a, sizeof(key));
	scratch_format_with(path, cipher, mode, &what);
}

static inline void scratch_read(const char *path, unsigned char *image)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, image, IMAGE_SIZE, 0), IMAGE_SIZE);
}

static inline void scratch_write(const char *path, const unsigned char *image)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, image, IMAGE_SIZE, 0), IMAGE_SIZE);
}

static inline struct scratch *scratch_new(const char *cipher, const char *mode, size_t key_size)
{
	struct scratch *s = calloc(1, sizeof(*s));
	int fd;

	assert_non_null(s);
	json_setup();
	strcpy(s->path, "/tmp/cexluks-unit-XXXXXX");
	fd = mkstemp(s->path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, IMAGE_SIZE), 0);
	(void)close(fd);
	scratch_format(s->path, cipher, mode, key_size);
	s->image = malloc(IMAGE_SIZE);
	assert_non_null(s->image);
	scratch_read(s->path, s->image);
	return s;
}

static inline void scratch_free(struct scratch *s)
{
	(void)unlink(s->path);
	free(s->image);
	free(s);
}

/* Back to how it was made. */
static inline void scratch_reset(const struct scratch *s)
{
	scratch_write(s->path, s->image);
}

struct print {
	unsigned char sum[SHA256_SIZE];
};

static inline struct print fingerprint(const char *path)
{
	_cleanup_free_ unsigned char *image = malloc(IMAGE_SIZE);
	struct print p;

	assert_non_null(image);
	scratch_read(path, image);
	assert_int_equal(sha256(image, IMAGE_SIZE, p.sum), 0);
	return p;
}

#define assert_same_print(a, b) assert_memory_equal((a).sum, (b).sum, SHA256_SIZE)

/* Puts the checksum of the header at @offset right. */
static inline void header_checksum(unsigned char *image, size_t offset)
{
	unsigned char *header = image + offset;

	memset(header + 448, 0, 64);
	assert_int_equal(sha256(header, METADATA, header + 448), 0);
}

static inline void put_json(unsigned char *image, const char *text)
{
	assert_true(strlen(text) < METADATA - 4096);
	for (size_t offset = 0; offset < 2 * METADATA; offset += METADATA) {
		memset(image + offset + 4096, 0, METADATA - 4096);
		memcpy(image + offset + 4096, text, strlen(text));
		header_checksum(image, offset);
	}
}

static inline void mutate_text(const struct scratch *s, const char *json)
{
	_cleanup_free_ unsigned char *image = malloc(IMAGE_SIZE);

	assert_non_null(image);
	scratch_read(s->path, image);
	put_json(image, json);
	scratch_write(s->path, image);
}

/* Lets @edit change the JSON of both copies. */
static inline void mutate(const struct scratch *s, void (*edit)(cJSON *root))
{
	_cleanup_free_ unsigned char *image = malloc(IMAGE_SIZE);
	_cleanup_json_text_ char *text = NULL;
	_cleanup_json_ cJSON *root = NULL;

	assert_non_null(image);
	scratch_read(s->path, image);
	root = cJSON_Parse((const char *)image + 4096);
	assert_non_null(root);
	edit(root);
	text = json_text(root);
	assert_non_null(text);
	put_json(image, text);
	scratch_write(s->path, image);
}

static inline cJSON *at(cJSON *root, const char *a, const char *b, const char *c)
{
	cJSON *item = cJSON_GetObjectItemCaseSensitive(root, a);

	if (b)
		item = cJSON_GetObjectItemCaseSensitive(item, b);
	if (c)
		item = cJSON_GetObjectItemCaseSensitive(item, c);
	assert_non_null(item);
	return item;
}

static inline void set(cJSON *object, const char *member, cJSON *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, member);
	assert_true(cJSON_AddItemToObject(object, member, value));
}

/* A kms token that breaks no rule; the strings are static. */
static inline struct luks_token kms_token(void)
{
	static char profile[] = "prod", key[] = "fedcba98-7654-3210-fedc-ba9876543210",
		    ciphertext[] = "eyJjaXBoZXJ0ZXh0IjoiLi4uIn0=";
	struct luks_token token = { .kind = LUKS_TOKEN_KMS,
				    .id = -1,
				    .keyslot = -1,
				    .profile = profile,
				    .key = key,
				    .ciphertext = ciphertext,
				    .aad = true,
				    .serial = 3,
				    .created = "2026-11-22T10:00:00Z" };
	return token;
}

#endif
