/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bound volume whose header somebody changed in one place: every member of its JSON, with every value of a list,
 * and every byte of the binary part, checksums put right. It is refused, or it does no harm: then the passphrase
 * opens nothing, or the very volume key of before; and the table would be the same, but for the five members below.
 * With those somebody can make data unreadable, as one could by overwriting it; the cipher stays one of the list.
 */
#include "unit.h"

#include <sys/stat.h>

#include "luks/bind.h"
#include "luks/context.h"
#include "luks/header.h"
#include "luks/rules.h"
#include "luks/scratch.h"

#define AUTOMATIC "the passphrase of a binding, here"
#define HEADER	  ((size_t)0x4000)

static const char *const unreadable[] = {
	".segments.0.offset",	  ".segments.0.size",	     ".segments.0.iv_tweak",
	".segments.0.encryption", ".segments.0.sector_size",
};

struct world {
	struct scratch *disk;
	struct secret *human, *automatic;
	unsigned char key[64];
	struct luks_facts facts;
	char uuid[UUID_SIZE];
	unsigned refused, opens_nothing, same, other_table;
};

static int unwrap(const struct luks_token *token, void *userdata, struct secret **ret)
{
	(void)token;
	(void)userdata;
	*ret = secret_of(AUTOMATIC);
	return 0;
}

static void bind_volume(const struct world *w)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	struct luks_token token = kms_token();
	struct luks_bind bind = { .token = &token, .existing = w->human, .unwrap = unwrap, .keyring_token = true };

	assert_int_equal(luks_device_open(w->disk->path, &device), 0);
	assert_int_equal(luks_bind_add(device, &bind, NULL, NULL, NULL), 0);
}

/* luks_volume_key_get() is for secure keys only. Return: 0, or why not. */
static int get_key(struct luks_header *header, int keyslot, const struct secret *passphrase, unsigned char key[64])
{
	_cleanup_crypt_ struct crypt_device *cd = NULL;
	size_t len = 64;
	int r;

	r = luks_header_context(header, keyslot, false, &cd, NULL);
	return r ? r : crypt_volume_key_get(cd, keyslot, (char *)key, &len, (const char *)secret_bytes(passphrase),
					    secret_len(passphrase)) < 0;
}

static int begin(void **state)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->disk = scratch_new("aes", "xts-plain64", 64);
	w->human = secret_of(HUMAN);
	w->automatic = secret_of(AUTOMATIC);
	bind_volume(w);
	scratch_read(w->disk->path, w->disk->image);
	assert_int_equal(luks_device_open(w->disk->path, &device), 0);
	assert_int_equal(luks_header_load(device, NULL, &header, NULL), 0);
	assert_int_equal(get_key(header, 0, w->human, w->key), 0);
	w->facts = *luks_header_facts(header);
	strcpy(w->uuid, luks_header_uuid(header));
	*state = w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;

	secret_free(w->automatic);
	secret_free(w->human);
	scratch_free(w->disk);
	free(w);
	return 0;
}

/* --- is it harmless? -------------------------------------------------------------------------- */

static bool same_table(const struct luks_facts *a, const struct luks_facts *b)
{
	return !strcmp(a->cipher, b->cipher) && a->key_size == b->key_size &&
	       a->sector_size == b->sector_size && a->iv_offset == b->iv_offset &&
	       a->data_offset == b->data_offset && a->data_size == b->data_size;
}

static bool may_be_unreadable(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(unreadable); i++)
		if (!strcmp(path, unreadable[i]))
			return true;
	return false;
}

/* Whichever keyslot the passphrase opens, it is the volume key of before. Returns whether one does. */
static bool opens(const struct world *w, struct luks_header *header, const struct secret *passphrase,
		  const char *what)
{
	unsigned char key[64] = { 0 };
	int keyslot;

	if (luks_header_find_keyslot(header, passphrase, false, &keyslot, NULL))
		return false;
	if (get_key(header, keyslot, passphrase, key))
		return false;
	if (memcmp(key, w->key, sizeof(key)) != 0)
		fail_msg("%s: another volume key", what);
	return true;
}

/* Both headers of @image; the key material never changes. */
static void write_headers(const struct world *w, const unsigned char *image)
{
	_cleanup_close_ int fd = open(w->disk->path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, image, 2 * HEADER, 0), 2 * HEADER);
}

static void look(struct world *w, const unsigned char *image, const char *path, const char *what)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	const struct luks_facts *facts;
	bool opened;
	int r;

	write_headers(w, image);
	if (luks_device_open(w->disk->path, &device) ||
	    (r = luks_header_load(device, NULL, &header, NULL)) > 0) {
		w->refused++;
		return;
	}
	assert_int_equal(r, 0);
	facts = luks_header_facts(header);
	opened = opens(w, header, w->human, what);
	opened = opens(w, header, w->automatic, what) || opened;
	if (!opened)
		w->opens_nothing++;
	else if (same_table(facts, &w->facts) && !strcmp(luks_header_uuid(header), w->uuid))
		w->same++;
	else if (may_be_unreadable(path) && luks_rules_key_fits(facts->cipher, facts->key_size))
		w->other_table++;
	else
		fail_msg("%s: accepted, with another table or UUID", what);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void look_at_json(struct world *w, const cJSON *root, const char *path, const char *what)
{
	unsigned char image[2 * HEADER];
	_cleanup_json_text_ char *text = json_text(root);

	assert_non_null(text);
	memcpy(image, w->disk->image, sizeof(image));
	put_json(image, text);
	look(w, image, path, what);
}

/* What a member may be instead: another type; of its own type what is near, far, or known elsewhere. */
static const char *const for_all[] = { "null", "-1", "\"x\"", "[]", "{}" };
static const char *const for_numbers[] = { "0", "1", "1.5", "16", "32", "1001", "4096", "2147483648", "1e300", "\"1\"", NULL };
static const char *const for_lists[] = { "[\"0\"]", "[\"1\"]", "[\"0\",\"1\"]", "[\"7\"]", "[0]", NULL };
static const char *const for_objects[] = {
	"{\"0\":{}}", "{\"mandatory\":[\"online-reencrypt\"]}", "{\"mandatory\":[\"online-reencrypt-v2\"]}", NULL,
};
static const char *const for_sizes[] = {
	"\"0\"", "\"512\"", "\"00\"", "\"290816\"", "\"1048576\"", "\"3145728\"", "\"18446744073709551615\"",
	"\"dynamic\"", "0", NULL,
};
static const char *const for_words[] = {
	"\"\"", "\"null\"", "\"cipher_null-ecb\"", "\"capi:xts(aes)-plain64\"", "\"aes-ecb\"", "\"aes-xts-plain\"",
	"\"serpent-xts-plain64\"", "\"paes-xts-plain64\"", "\"linear\"", "\"luks2\"", "\"reencrypt\"", "\"none\"", "\"sha1\"",
	"\"sha512\"", "\"AAAA\"", "\"cexluks\"", "\"luks2-keyring\"", "\"card\"", "\"credential\"",
	"\"http://127.0.0.1/\"", "\"a\\u0000b\"", "true", NULL,
};

static const char *const *values_for(const cJSON *item)
{
	if (cJSON_IsNumber(item))
		return for_numbers;
	if (cJSON_IsArray(item))
		return for_lists;
	if (cJSON_IsObject(item))
		return for_objects;
	return cJSON_IsString(item) && strspn(item->valuestring, "0123456789") == strlen(item->valuestring) ?
		       for_sizes : for_words;
}

/* In place of member @i of @object, for one look. */
static void try_value(struct world *w, cJSON *root, cJSON *object, int i, const char *path, cJSON *value)
{
	cJSON *item = cJSON_GetArrayItem(object, i);
	cJSON *saved = cJSON_Duplicate(item, true);
	char name[64] = "", what[512];
	char *text = cJSON_PrintUnformatted(value);

	(void)snprintf(name, sizeof(name), "%s", item->string ? item->string : "");
	(void)snprintf(what, sizeof(what), "%s = %s", path, text);
	cJSON_free(text);
	if (cJSON_IsArray(object))
		cJSON_ReplaceItemInArray(object, i, value);
	else
		cJSON_ReplaceItemInObjectCaseSensitive(object, name, value);
	look_at_json(w, root, path, what);
	if (cJSON_IsArray(object))
		cJSON_ReplaceItemInArray(object, i, saved);
	else
		cJSON_ReplaceItemInObjectCaseSensitive(object, name, saved);
}

/* Each goes once, and comes back as the last one. */
static void try_without_each(struct world *w, cJSON *root, cJSON *object, const char *path)
{
	for (int n = cJSON_GetArraySize(object); n; n--) {
		cJSON *item = cJSON_DetachItemFromArray(object, 0);
		char name[64] = "", what[512];

		(void)snprintf(name, sizeof(name), "%s", item->string ? item->string : "");
		(void)snprintf(what, sizeof(what), "without %s.%s", path, name);
		look_at_json(w, root, path, what);
		if (cJSON_IsArray(object))
			cJSON_AddItemToArray(object, item);
		else
			cJSON_AddItemToObject(object, name, item);
	}
}

static void try_stranger(struct world *w, cJSON *root, cJSON *object, const char *path)
{
	char what[512];

	(void)snprintf(what, sizeof(what), "%s with a stranger", path);
	if (cJSON_IsArray(object))
		cJSON_AddItemToArray(object, cJSON_CreateString("stranger"));
	else
		cJSON_AddItemToObject(object, "stranger", cJSON_CreateString("1"));
	look_at_json(w, root, path, what);
	cJSON_DeleteItemFromArray(object, cJSON_GetArraySize(object) - 1);
}

static void try_members(struct world *w, cJSON *root, cJSON *object, const char *path)
{
	try_stranger(w, root, object, path);
	try_without_each(w, root, object, path);
	for (int i = 0; i < cJSON_GetArraySize(object); i++) {
		const char *name = cJSON_GetArrayItem(object, i)->string;
		const char *const *values = values_for(cJSON_GetArrayItem(object, i));
		char below[256];

		(void)snprintf(below, sizeof(below), "%s.%s", path, name ? name : "[]");
		for (size_t v = 0; v < ARRAY_SIZE(for_all); v++)
			try_value(w, root, object, i, below, cJSON_Parse(for_all[v]));
		for (; *values; values++)
			try_value(w, root, object, i, below, cJSON_Parse(*values));
		if (cJSON_IsObject(cJSON_GetArrayItem(object, i)) || cJSON_IsArray(cJSON_GetArrayItem(object, i)))
			try_members(w, root, cJSON_GetArrayItem(object, i), below);
	}
}

static void tell(const struct world *w)
{
	print_message("%u changes: %u refused, %u open nothing, %u change nothing, %u make data unreadable\n",
		      w->refused + w->opens_nothing + w->same + w->other_table, w->refused, w->opens_nothing,
		      w->same, w->other_table);
}

static void test_every_member_changed_is_refused_or_harmless(void **state)
{
	struct world *w = *state;
	_cleanup_json_ cJSON *root = cJSON_Parse((const char *)w->disk->image + 4096);

	assert_non_null(root);
	look_at_json(w, root, "", "no change");
	assert_int_equal(w->same, 1);
	try_members(w, root, root, "");
	look_at_json(w, root, "", "everything as it was");
	tell(w);
	/* So many that nothing was left out. */
	assert_in_range(w->refused, 900, 100000);
	assert_in_range(w->other_table, 5, 60);
}

/* --- the binary part -------------------------------------------------------------------------- */

static void change_byte(const struct world *w, unsigned char *image, size_t at, unsigned char with)
{
	memcpy(image, w->disk->image, 2 * HEADER);
	for (size_t copy = 0; copy < 2 * HEADER; copy += HEADER) {
		image[copy + at] ^= with;
		header_checksum(image, copy);
	}
}

/* The UUID may be another one: that is another volume by name, whose pins and AAD do not fit. */
#define UUID_AT	 168
#define UUID_END (UUID_AT + 40)

static void test_every_byte_of_the_binary_header_changed_is_refused_or_harmless(void **state)
{
	unsigned char image[2 * HEADER];
	struct world *w = *state;
	char what[64];

	w->refused = w->opens_nothing = w->same = w->other_table = 0;
	for (size_t at = 0; at < 512; at++) {
		unsigned char with = at % 2 ? 0x01 : 0x80;

		if (at >= UUID_AT && at < UUID_END)
			continue;
		change_byte(w, image, at, with);
		(void)snprintf(what, sizeof(what), "byte %zu ^ %02x", at, with);
		look(w, image, "", what);
	}
	tell(w);
	assert_in_range(w->refused, 25, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_member_changed_is_refused_or_harmless),
		cmocka_unit_test(test_every_byte_of_the_binary_header_changed_is_refused_or_harmless),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
