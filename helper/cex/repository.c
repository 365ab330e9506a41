/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/repository.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "cex/apqn.h"
#include "cex/hex.h"
#include "cex/pattern.h"

#define FILE_NAME_SIZE (LIMIT_ZKEY_NAME + 16)

struct repository {
	int fd, lock;
	gid_t group;
	mode_t mode; /* of its files */
};

static void repository_done(struct repository *repository)
{
	cleanup_close(&repository->lock); /* which releases it */
	cleanup_close(&repository->fd);
}

static bool is_printable(const char *text, char lowest, const char *but)
{
	for (const char *p = text; *p; p++)
		if (*p < lowest || *p > '~' || strchr(but, *p))
			return false;
	return true;
}

bool cex_repository_name_is_valid(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= LIMIT_ZKEY_NAME && name[0] != '.' && is_printable(name, '!', "/\\*?'\"");
}

/* Of @len characters each. */
static bool same(const char *a, const char *b, size_t len)
{
	return !strncmp(a, b, len) && (!b[len] || b[len] == ',');
}

bool cex_repository_volumes_are_valid(const char *volumes)
{
	if (strlen(volumes) >= LIMIT_ZKEY_LINE || !is_printable(volumes, '!', "*?"))
		return false;
	for (const char *p = volumes;; p++) {
		size_t len = strcspn(p, ",");
		const char *colon = memchr(p, ':', len);

		if (!colon || colon == p || colon + 1 == p + len)
			return false;
		for (const char *q = volumes; q < p; q += strcspn(q, ",") + 1)
			if (same(p, q, len))
				return false;
		p += len;
		if (!*p)
			return true;
	}
}

bool cex_sector_size_is_valid(unsigned bytes)
{
	return !bytes || (bytes >= 512 && bytes <= 4096 && !(bytes & (bytes - 1)));
}

/* --- the two files -------------------------------------------------------------------------- */

/* zkey's lock file, made as zkey makes it. */
static int lock(struct repository *repository)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
	int fd = openat(repository->fd, ".lock", flags);

	if (fd < 0 && errno == ENOENT) {
		fd = openat(repository->fd, ".lock", flags | O_CREAT, repository->mode);
		if (fd >= 0 && (fchown(fd, (uid_t)-1, repository->group) < 0 ||
				fchmod(fd, repository->mode) < 0)) {
			int r = -errno;

			(void)close(fd);
			return r;
		}
	}
	if (fd < 0)
		return -errno;
	repository->lock = fd;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? -EBUSY : -errno;
}

static int repository_open(const char *directory, struct repository *ret)
{
	struct stat st;

	ret->fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->fd < 0 || fstat(ret->fd, &st) < 0)
		return -errno;
	if (st.st_mode & S_IWOTH)
		return -EPERM; /* zkey does not accept it either */
	ret->group = st.st_gid;
	ret->mode = st.st_mode & (S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP);
	return lock(ret);
}

static void file_name(char ret[static FILE_NAME_SIZE], const char *name, const char *extension)
{
	(void)snprintf(ret, FILE_NAME_SIZE, "%s%s", name, extension); /* @name is no longer than allowed */
}

static bool has(const struct repository *repository, const char *name, const char *extension)
{
	char file[FILE_NAME_SIZE];
	struct stat st;

	file_name(file, name, extension);
	return fstatat(repository->fd, file, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Half-written when we are killed, it has a name that means nothing to zkey; the next run removes it. */
static int write_beside(const struct repository *repository, const char *beside, const void *data,
			size_t len)
{
	_cleanup_close_ int fd = -1;
	int r;

	if (unlinkat(repository->fd, beside, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(repository->fd, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = file_write_all(fd, data, len);
	if (r == 0 && (fchown(fd, (uid_t)-1, repository->group) < 0 ||
		       fchmod(fd, repository->mode) < 0 || fsync(fd) < 0))
		r = -errno;
	if (r < 0)
		(void)unlinkat(repository->fd, beside, 0); /* the first error is the one worth telling */
	return r;
}

/* The four names that an entry has while it is made. */
struct names {
	char skey[FILE_NAME_SIZE], info[FILE_NAME_SIZE], new_skey[FILE_NAME_SIZE],
		new_info[FILE_NAME_SIZE];
};

/* Under the lock nobody else should make @to meanwhile; somebody without zkey's manners might. */
static int place(const struct repository *repository, const char *from, const char *to)
{
	struct stat st;

	if (renameat2(repository->fd, from, repository->fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* a file system that cannot look and rename in one go */
	if (fstatat(repository->fd, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	if (errno != ENOENT)
		return -errno;
	return renameat(repository->fd, from, repository->fd, to) < 0 ? -errno : 0;
}

static int replace(const struct repository *repository, const char *from, const char *to)
{
	return renameat(repository->fd, from, repository->fd, to) < 0 ? -errno : 0;
}

/*
 * The key comes last: an .info alone, which an interruption in between leaves, is worth nothing, so the
 * next run may replace it; @left: there was one when we looked.
 */
static int place_both(const struct repository *repository, const struct names *names, bool left,
		      bool *info_is_ours)
{
	int r = (left ? replace : place)(repository, names->new_info, names->info);

	*info_is_ours = r == 0;
	if (r == 0)
		r = place(repository, names->new_skey, names->skey);
	if (r < 0)
		return r;
	if (fsync(repository->fd) == 0)
		return 0;
	r = -errno;
	(void)unlinkat(repository->fd, names->skey, 0); /* perhaps not on the disk: then not at all */
	return r;
}

static int write_both(const struct repository *repository, const char *name, const char *info,
		      const struct secret *key)
{
	bool left = has(repository, name, ".info"), info_is_ours = false;
	struct names names;
	int r;

	file_name(names.skey, name, ".skey");
	file_name(names.info, name, ".info");
	file_name(names.new_skey, name, ".skey.new");
	file_name(names.new_info, name, ".info.new");
	r = write_beside(repository, names.new_skey, secret_bytes(key), secret_len(key));
	if (r == 0)
		r = write_beside(repository, names.new_info, info, strlen(info));
	if (r == 0)
		r = place_both(repository, &names, left, &info_is_ours);
	if (r == 0)
		return 0;
	/* What cannot be removed either does no harm: see write_beside(). */
	(void)unlinkat(repository->fd, names.new_skey, 0);
	(void)unlinkat(repository->fd, names.new_info, 0);
	if (info_is_ours && !has(repository, name, ".skey"))
		(void)unlinkat(repository->fd, names.info, 0);
	return r;
}

/* --- the properties ------------------------------------------------------------------------- */

struct properties {
	FILE *file, *hashed; /* the lines; names and values without anything between */
	char *text, *all;
	size_t text_len, all_len;
};

static void properties_done(struct properties *p)
{
	cleanup_fclose(&p->file);
	cleanup_fclose(&p->hashed);
	free(p->text);
	free(p->all);
}

static int properties_init(struct properties *p)
{
	p->file = open_memstream(&p->text, &p->text_len);
	p->hashed = open_memstream(&p->all, &p->all_len);
	return p->file && p->hashed ? 0 : -ENOMEM;
}

/* What is wrong with a value shows at the end: the streams remember a lack of memory. */
static void property(struct properties *p, const char *name, const char *value)
{
	fprintf(p->file, "%s=%s\n", name, value);
	fprintf(p->hashed, "%s%s", name, value);
}

static int properties_finish(struct properties *p)
{
	unsigned char hash[SHA256_SIZE];
	char digits[2 * SHA256_SIZE + 1];
	int r;

	if (fflush(p->hashed) != 0)
		return -ENOMEM;
	r = sha256(p->all, p->all_len, hash);
	if (r < 0)
		return r;
	cex_hex_text(hash, sizeof(hash), digits);
	fprintf(p->file, "__hash__=%s\n", digits);
	return fflush(p->file) == 0 ? 0 : -ENOMEM;
}

/* Local time, as zkey takes it. */
static int now_text(char ret[static 32])
{
	time_t now = time(NULL);
	struct tm tm;

	return localtime_r(&now, &tm) && strftime(ret, 32, "%F %T", &tm) ? 0 : -EOVERFLOW;
}

/* In zkey's order, which the hash depends on. */
static int describe(struct properties *p, const struct cex_entry *entry)
{
	char created[32], sector_size[12], key_type[32], apqns[CEX_APQNS_SIZE] = "";
	struct cex_apqns list;
	int r = now_text(created);

	if (r < 0)
		return r;
	if (entry->apqns) {
		if (!cex_apqns_parse(entry->apqns, &list))
			return -EINVAL;
		cex_apqns_text(&list, apqns);
	}
	(void)snprintf(sector_size, sizeof(sector_size), "%u", entry->sector_size);
	(void)snprintf(key_type, sizeof(key_type), "%s", entry->key_type);
	for (char *c = key_type; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	property(p, "cipher", "paes");
	property(p, "iv-mode", "plain64");
	property(p, "creation-time", created);
	property(p, "description", entry->description ? entry->description : "");
	property(p, "key-type", key_type);
	property(p, "volumes", entry->volumes ? entry->volumes : "");
	property(p, "apqns", apqns);
	property(p, "sector-size", sector_size);
	property(p, "volume-type", "LUKS2");
	if (entry->pattern)
		property(p, "verification-pattern", entry->pattern);
	return properties_finish(p);
}

/* zkey reads lines into a buffer of fixed size, and knows no escapes. */
bool cex_repository_description_is_valid(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return strlen(text) < LIMIT_ZKEY_LINE;
}

static bool is_valid(const struct cex_entry *entry)
{
	return cex_repository_name_is_valid(entry->name) &&
	       (!entry->description || cex_repository_description_is_valid(entry->description)) &&
	       (!entry->volumes || cex_repository_volumes_are_valid(entry->volumes)) &&
	       cex_sector_size_is_valid(entry->sector_size) &&
	       (!entry->pattern || cex_pattern_is_valid(entry->pattern));
}

int cex_repository_add(const char *directory, const struct cex_entry *entry, const struct secret *key)
{
	_cleanup_(repository_done) struct repository repository = { .fd = -1, .lock = -1 };
	_cleanup_(properties_done) struct properties properties = { 0 };
	int r;

	if (!is_valid(entry))
		return -EINVAL;
	r = properties_init(&properties);
	if (r == 0)
		r = describe(&properties, entry);
	if (r == 0)
		r = repository_open(directory, &repository);
	if (r < 0)
		return r;
	if (has(&repository, entry->name, ".skey") || has(&repository, entry->name, ".renc") ||
	    has(&repository, entry->name, ".pass"))
		return -EEXIST;
	return write_both(&repository, entry->name, properties.text, key);
}

int cex_repository_key(const char *directory, const char *name, struct secret **ret)
{
	_cleanup_close_ int folder = -1, fd = -1;
	char file[FILE_NAME_SIZE];
	struct stat st;

	if (!cex_repository_name_is_valid(name))
		return -EINVAL;
	folder = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -errno;
	file_name(file, name, ".skey");
	fd = openat(folder, file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return secret_read_fd(fd, LIMIT_KEYBLOB, ret);
}
