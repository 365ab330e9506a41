/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/keys-directory.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "op/config.h"

#define BLANKS " \t\r\n\v\f" /* isspace() of the C locale */

struct place {
	const char *directory;
	enum keyring_type type;
};

static const struct place places[] = {
	{ KEYS_DIRECTORY, KEYRING_LOGON },
	{ KEYS_OLD_DIRECTORY, KEYRING_LOGON },
	{ KEYS_DIRECTORY, KEYRING_USER },
	{ KEYS_OLD_DIRECTORY, KEYRING_USER },
};

const char *keys_directory_type(enum keyring_type type)
{
	return type == KEYRING_LOGON ? "logon" : "user";
}

/* Within the directory, whatever symbolic links say; a kernel before 5.6 follows none at all. */
static int open_beneath(int dir, const char *name)
{
	const struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, dir, name, &how, sizeof(how));

	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	return fd < 0 ? -errno : (int)fd;
}

static enum outcome refuse_open(struct key_file *file, int error)
{
	if (error == EXDEV || error == ELOOP)
		return verdict_set(&file->verdict, OUTCOME_CONFIG_ERROR,
				   "it is a link to what is not in this directory");
	return verdict_errno(&file->verdict, error, "cannot be opened");
}

/* The next piece of text from *@text on, which moves behind it. NULL: there is none, or no memory. */
static char *next_piece(const char **text)
{
	const char *from = *text + strspn(*text, BLANKS);
	size_t len = strcspn(from, BLANKS);

	*text = from + len;
	return len ? strndup(from, len) : NULL;
}

/* "kms:PROFILE" in front of its ciphertext. */
static bool take_moved(struct key_file *file, const char **text)
{
	_cleanup_free_ char *binding = next_piece(text);
	const char *profile = binding && config_binding_is_valid(binding) ? config_binding_profile(binding) : NULL;

	file->moved_to = profile ? strdup(profile) : NULL;
	file->moved = file->moved_to ? next_piece(text) : NULL;
	return file->moved;
}

/* What a service makes of a piece is its own business. */
static enum outcome take_text(struct key_file *file, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isspace((unsigned char)text[i]) && (text[i] < 0x20 || text[i] >= 0x7f))
			return verdict_set(&file->verdict, OUTCOME_CONFIG_ERROR,
					   "it holds no ciphertext of a service");
	text += strspn(text, BLANKS);
	if (!*text)
		return verdict_set(&file->verdict, OUTCOME_CONFIG_ERROR, "it is empty");
	file->ciphertext = next_piece(&text);
	if (!file->ciphertext)
		return verdict_errno(&file->verdict, ENOMEM, "key");
	text += strspn(text, BLANKS);
	if (!*text || (take_moved(file, &text) && !text[strspn(text, BLANKS)]))
		return OUTCOME_OK;
	free(take_ptr(file->ciphertext));
	return verdict_set(&file->verdict, OUTCOME_CONFIG_ERROR, "it holds no ciphertext of a service");
}

const char *key_file_ciphertext(const struct key_file *file, const char *profile)
{
	return file->moved && !strcmp(file->moved_to, profile) ? file->moved : file->ciphertext;
}

/* Who can write it can have any key loaded under any name. The configuration has the same rule. */
static enum outcome check_writers(const struct stat *st, const char *path, struct verdict *v)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return verdict_set(v, OUTCOME_CONFIG_ERROR, "it belongs to user %u: chown root %s",
				   (unsigned)st->st_uid, path);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return verdict_set(v, OUTCOME_CONFIG_ERROR, "others can change it: chmod go-w %s", path);
	return OUTCOME_OK;
}

static enum outcome read_text(struct key_file *file, int fd)
{
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t len;
	int r;

	if (fstat(fd, &st) < 0)
		return verdict_errno(&file->verdict, errno, "cannot be read");
	if (!S_ISREG(st.st_mode))
		return verdict_set(&file->verdict, OUTCOME_CONFIG_ERROR, "it is %s",
				   S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
	if (check_writers(&st, file->path, &file->verdict) != OUTCOME_OK)
		return file->verdict.outcome;
	r = st.st_size > LIMIT_CIPHERTEXT ? -EFBIG : file_read_fd(fd, LIMIT_CIPHERTEXT, &text, &len);
	if (r == -EFBIG)
		return verdict_set(&file->verdict, OUTCOME_CONFIG_ERROR, "it is larger than %u bytes",
				   LIMIT_CIPHERTEXT);
	if (r < 0)
		return verdict_errno(&file->verdict, r, "cannot be read");
	return take_text(file, text, len);
}

/* The kernel wants "prefix:something" of a logon key. Source: logon_vet_description(), user_defined.c */
static const char *check_name(const struct key_file *file)
{
	const char *colon = strchr(file->name, ':');

	for (const char *p = file->name; *p; p++)
		if (iscntrl((unsigned char)*p))
			return "its name holds a control character";
	if (!strncmp(file->name, "cexluks:", 8))
		return "names that begin with cexluks: are those of volumes' own keys";
	if (file->type == KEYRING_LOGON && (!colon || colon == file->name))
		return "a logon key's name needs a prefix, as in dmcrypt:key1";
	return NULL;
}

static void look(struct key_file *file, int dir)
{
	const char *complaint = check_name(file);
	_cleanup_close_ int fd = -1;

	if (complaint) {
		verdict_set(&file->verdict, OUTCOME_CONFIG_ERROR, "%s", complaint);
		return;
	}
	fd = open_beneath(dir, file->name);
	if (fd < 0)
		(void)refuse_open(file, -fd);
	else
		(void)read_text(file, fd);
}

static bool is_there(const struct keys_directory *dir, enum keyring_type type, const char *name)
{
	for (size_t i = 0; i < dir->n; i++)
		if (dir->files[i].type == type && !strcmp(dir->files[i].name, name))
			return true;
	return false;
}

/* One more, with its path. -ENOMEM; -ENOSPC, which was told: what others rely on is that n has a limit. */
static int add(struct keys_directory *dir, enum keyring_type type, const char *where, const char *name,
	       struct key_file **ret)
{
	struct key_file *larger, *file;

	if (dir->n == LIMIT_KEY_FILES) {
		log_warning("%s: more than %d keys, the others are left out", where, LIMIT_KEY_FILES);
		return -ENOSPC;
	}
	larger = realloc(dir->files, (dir->n + 1) * sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	dir->files = larger;
	file = &dir->files[dir->n];
	*file = (struct key_file){ .type = type };
	if (asprintf(&file->path, "%s%s%s", where, *name ? "/" : "", name) < 0) {
		file->path = NULL;
		return -ENOMEM;
	}
	file->name = file->path + strlen(file->path) - strlen(name);
	dir->n++;
	*ret = file;
	return 0;
}

static int is_no_hidden_one(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int read_names(struct keys_directory *to, enum keyring_type type, const char *where, int dir,
		      struct dirent **names, int n)
{
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;
		struct key_file *file;
		int r;

		if (is_there(to, type, name)) {
			log_warning("%s/%s is left out: the one in %s counts", where, name, KEYS_DIRECTORY);
			continue;
		}
		r = add(to, type, where, name, &file);
		if (r < 0)
			return r == -ENOSPC ? 0 : r;
		look(file, dir);
	}
	return 0;
}

/* Whatever is wrong with a directory is told as if it were one of the files. */
static int complain(struct keys_directory *to, enum keyring_type type, const char *where, int error)
{
	struct key_file *file;
	int r;

	if (error == ENOENT)
		return 0;
	r = add(to, type, where, "", &file);
	if (r < 0)
		return r == -ENOSPC ? 0 : r;
	verdict_errno(&file->verdict, error, "cannot be read");
	return 0;
}

/* In a directory that others can change, they can put a file of root's under another name. Whether it was refused. */
static bool refuse_place(struct keys_directory *to, enum keyring_type type, const char *where, int dir, int *ret)
{
	struct verdict v = { 0 };
	struct key_file *file;
	struct stat st;

	*ret = 0;
	if (fstat(dir, &st) < 0)
		*ret = complain(to, type, where, errno);
	else if (check_writers(&st, where, &v) == OUTCOME_OK)
		return false;
	else if ((*ret = add(to, type, where, "", &file)) == 0)
		file->verdict = v;
	if (*ret == -ENOSPC)
		*ret = 0;
	return true;
}

static int read_place(struct keys_directory *to, const char *sysroot, const struct place *place)
{
	_cleanup_free_ char *where = NULL;
	_cleanup_close_ int dir = -1;
	struct dirent **names = NULL;
	char opened[32]; /* scandirat(3) is glibc's alone */
	int n, r;

	if (asprintf(&where, "%s%s/%s", sysroot, place->directory, keys_directory_type(place->type)) < 0)
		return -ENOMEM;
	dir = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0 && refuse_place(to, place->type, where, dir, &r))
		return r;
	(void)snprintf(opened, sizeof(opened), "/proc/self/fd/%d", dir);
	n = dir < 0 ? -1 : scandir(opened, &names, is_no_hidden_one, alphasort);
	if (n < 0)
		return complain(to, place->type, where, errno);
	r = read_names(to, place->type, where, dir, names, n);
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return r;
}

int keys_directory_read(const char *sysroot, struct keys_directory *ret)
{
	int r = 0;

	*ret = (struct keys_directory){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(places) && r == 0; i++)
		r = read_place(ret, sysroot, &places[i]);
	return r;
}

void keys_directory_done(struct keys_directory *dir)
{
	for (size_t i = 0; i < dir->n; i++) {
		free(dir->files[i].path);
		free(dir->files[i].ciphertext);
		free(dir->files[i].moved_to);
		free(dir->files[i].moved);
	}
	free(dir->files);
}
