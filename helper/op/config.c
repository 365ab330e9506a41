/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ini.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/uuid.h"
#include "op/carried.h"
#include "op/config-file.h"
#include "op/config-keys.h"
#include "op/config-old.h"

/* inih's own buffer holds this many characters (Debian's and Fedora's builds keep the default). */
#define INI_LINE 198

#define STRING_(x) #x
#define STRING(x)  STRING_(x)

struct reader {
	const char *text;
	unsigned line; /* of the line that inih handles now */
	struct config_target target;
	enum config_section section;
	bool seen[64]; /* setters used in this section */
	bool seen_main; /* [cexluks] was there */
	bool failed;
	struct verdict *v;
};

static void wrong(struct reader *rd, const char *format, ...) _printf_(2, 3);

static void wrong(struct reader *rd, const char *format, ...)
{
	char text[256];
	va_list args;

	if (rd->failed)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	rd->failed = true;
	verdict_set(rd->v, OUTCOME_CONFIG_ERROR, "%s, line %u: %s", rd->target.config->path,
		    rd->line, text);
	verdict_hint(rd->v, "see cexluks.conf(5); in an initramfs also rebuild the image");
}

bool config_binding_is_valid(const char *binding)
{
	return !strcmp(binding, "card") || config_binding_profile(binding) ||
	       config_binding_keyfile(binding);
}

const char *config_binding_keyfile(const char *binding)
{
	return !strncmp(binding, "keyfile:/", 9) ? binding + strlen("keyfile:") : NULL;
}

static bool name_is_valid(const char *name)
{
	size_t n = strlen(name);

	return n && n <= 64 &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == n;
}

const char *config_binding_profile(const char *binding)
{
	return !strncmp(binding, "kms:", 4) && name_is_valid(binding + 4) ? binding + 4 : NULL;
}

static bool begin_profile(struct reader *rd, const char *name)
{
	struct config *c = rd->target.config;
	struct config_profile *p;

	if (config_profile_find(c, name)) {
		wrong(rd, "a second [kms %s]", name);
		return false;
	}
	if (c->n_profiles == LIMIT_PROFILES) {
		wrong(rd, "more than %d [kms …] sections", LIMIT_PROFILES);
		return false;
	}
	p = &c->profiles[c->n_profiles++];
	p->line = rd->line;
	p->kms.service = KMS_SERVICE_KEY_PROTECT;
	p->kms.name = strdup(name);
	rd->target.profile = p;
	if (!p->kms.name)
		wrong(rd, "out of memory");
	return p->kms.name;
}

static bool begin_volume(struct reader *rd, const char *name)
{
	struct config *c = rd->target.config;
	struct config_volume *vol;

	for (size_t i = 0; i < c->n_volumes; i++)
		if (!strcmp(c->volumes[i].name, name)) {
			wrong(rd, "a second [volume %s]", name);
			return false;
		}
	if (c->n_volumes == LIMIT_VOLUMES) {
		wrong(rd, "more than %d [volume …] sections", LIMIT_VOLUMES);
		return false;
	}
	vol = &c->volumes[c->n_volumes];
	vol->line = rd->line;
	vol->name = strdup(name);
	if (!vol->name) {
		wrong(rd, "out of memory");
		return false;
	}
	c->n_volumes++;
	rd->target.volume = vol;
	return true;
}

static bool begin_section(struct reader *rd, const char *section)
{
	const char *name = strchr(section, ' ');

	memset(rd->seen, 0, sizeof(rd->seen));
	rd->target.profile = NULL;
	rd->target.volume = NULL;
	rd->section = SECTION_NONE;
	if (!strcmp(section, "cexluks")) {
		rd->section = SECTION_MAIN;
		if (rd->seen_main)
			wrong(rd, "a second [cexluks]");
		rd->seen_main = true;
		return !rd->failed;
	}
	name = name ? name + strspn(name, " \t") : "";
	if (!strncmp(section, "kms ", 4) && name_is_valid(name)) {
		rd->section = SECTION_KMS;
		return begin_profile(rd, name);
	}
	if (!strncmp(section, "volume ", 7) && name_is_valid(name)) {
		rd->section = SECTION_VOLUME;
		return begin_volume(rd, name);
	}
	wrong(rd, "unknown section [%s]; known: [cexluks] [kms NAME] [volume NAME]", section);
	return false;
}

static void unknown_key(struct reader *rd, const char *name)
{
	const struct config_setter *setters;
	size_t n = config_setters(&setters), len = 0;
	char known[200] = "";

	for (size_t i = 0; i < n; i++)
		if (setters[i].section == rd->section && len < sizeof(known))
			len += (size_t)snprintf(known + len, sizeof(known) - len, " %s",
						setters[i].key.name);
	wrong(rd, "unknown key \"%.40s\"; known here:%s", name, known);
}

static int on_value(void *user, const char *section, const char *name, const char *value)
{
	struct reader *rd = user;
	const struct config_setter *setters;
	size_t n = config_setters(&setters);

	if (rd->failed)
		return 0;
	(void)section; /* next_line() saw it first, with or without keys below it */
	if (rd->section == SECTION_NONE) {
		wrong(rd, "\"%.40s\" stands before the first section", name);
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		const char *complaint;

		if (setters[i].section != rd->section || strcmp(setters[i].key.name, name) != 0)
			continue;
		if (rd->seen[i]) {
			wrong(rd, "\"%s\" is given twice", name);
			return 0;
		}
		rd->seen[i] = true;
		complaint = *value ? setters[i].set(&rd->target, value) : "has no value";
		if (complaint)
			wrong(rd, "%s: \"%.60s\" %s", name, value, complaint);
		return !complaint;
	}
	unknown_key(rd, name);
	return 0;
}

/* "[name]", alone on its line; inih does not tell about sections that hold no key. */
static bool section_line(struct reader *rd, const char *line, size_t len)
{
	const char *close = memchr(line, ']', len);
	char name[80];
	size_t n;

	if (!close) {
		wrong(rd, "a section without \"]\"");
		return false;
	}
	n = (size_t)(close - line - 1);
	close++;
	if (close + strspn(close, " \t\r") != line + len) {
		wrong(rd, "a section must stand alone on its line");
		return false;
	}
	if (n >= sizeof(name)) {
		wrong(rd, "the section's name is longer than 64 characters");
		return false;
	}
	memcpy(name, line + 1, n);
	name[n] = '\0';
	return begin_section(rd, name);
}

/* Tabs, and the "\r" of a file that was written elsewhere, are the only control characters. */
static bool has_control(const char *line, size_t len)
{
	if (len && line[len - 1] == '\r')
		len--;
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
			return true;
	return false;
}

/* inih takes "key:value" too, and cuts a value at " ;": neither is what somebody meant. */
static const char *check_key_line(const char *line, size_t len)
{
	const char *equals = memchr(line, '=', len), *colon = memchr(line, ':', len);

	if (!equals || (colon && colon < equals))
		return "neither a section, nor \"key = value\", nor a comment";
	for (size_t i = 1; i < len; i++)
		if (line[i] == ';' && (line[i - 1] == ' ' || line[i - 1] == '\t'))
			return "a comment must have its own line: \" ;\" in a value is refused";
	return NULL;
}

static const char *check_line(const char *line, size_t len)
{
	size_t blanks = strspn(line, " \t");
	char first = line[blanks];

	if (len > INI_LINE)
		return "longer than " STRING(INI_LINE) " characters";
	if (!strncmp(line, "\xef\xbb\xbf", 3))
		return "begins with a byte order mark: save it as plain UTF-8";
	if (has_control(line, len))
		return "holds a control character";
	if (!first || strchr("#;\r\n", first))
		return NULL;
	if (blanks)
		return "begins with a blank";
	return first == '[' ? NULL : check_key_line(line, len);
}

/*
 * Hands inih one line at a time, so that the handler knows where it is, and refuses what inih
 * would misread: over-long lines (it would cut them), continuation lines (it would append them to
 * the value before), comments behind a value (it would cut it), and lines without "=".
 */
static char *next_line(char *buf, int size, void *stream)
{
	struct reader *rd = stream;
	const char *start = rd->text, *end = strchrnul(start, '\n'), *complaint;
	size_t len = (size_t)(end - start);

	if (!*start || rd->failed)
		return NULL;
	rd->line++;
	complaint = check_line(start, len);
	if (!complaint && len + 2 > (size_t)size)
		complaint = "longer than this build of inih can read";
	if (complaint) {
		wrong(rd, "%s", complaint);
		return NULL;
	}
	if (*start == '[' && !section_line(rd, start, len))
		return NULL;
	memcpy(buf, start, len);
	buf[len] = '\n';
	buf[len + 1] = '\0';
	rd->text = *end ? end + 1 : end;
	return buf;
}

static enum outcome profile_complete(const struct config *c, struct config_profile *p,
				     struct verdict *v)
{
	const char *missing = NULL;

	if (!p->kms.iam_endpoint)
		p->kms.iam_endpoint = strdup("https://iam.cloud.ibm.com");
	if (!p->kms.iam_endpoint)
		return verdict_errno(v, ENOMEM, c->path);
	if (!p->kms.endpoint)
		missing = "endpoint";
	else if (!p->kms.instance)
		missing = "instance (or crn)";
	else if (!p->api_key_source)
		missing = "api-key";
	if (!missing)
		return OUTCOME_OK;
	verdict_set(v, OUTCOME_CONFIG_ERROR, "%s, line %u: [kms %s] has no %s", c->path, p->line,
		    p->kms.name, missing);
	return verdict_hint(v, "see cexluks.conf(5)");
}

static enum outcome volume_complete(struct config *c, const struct config_volume *vol,
				    struct verdict *v)
{
	if (!vol->uuid) {
		/* Without it the section would match nothing, and its conditions would be lost. */
		verdict_set(v, OUTCOME_CONFIG_ERROR, "%s, line %u: [volume %s] has no uuid", c->path,
			    vol->line, vol->name);
		return verdict_hint(v, "cryptsetup luksUUID DEVICE shows it");
	}
	if (c->open_by_systemd && (vol->secure_key || vol->cipher || vol->verification_pattern)) {
		verdict_set(v, OUTCOME_CONFIG_ERROR,
			    "%s, line %u: [volume %s] sets conditions that open = systemd cannot keep",
			    c->path, vol->line, vol->name);
		return verdict_hint(v, "use open = helper");
	}
	for (size_t i = 0; i < vol->n_bindings; i++) {
		const char *profile = config_binding_profile(vol->bindings[i]);

		if (profile && !config_profile_find(c, profile)) {
			verdict_set(v, OUTCOME_CONFIG_ERROR,
				    "%s, line %u: [volume %s] names %s, but there is no [kms %s]",
				    c->path, vol->line, vol->name, vol->bindings[i], profile);
			return verdict_hint(v, "add the section or correct the name");
		}
	}
	return OUTCOME_OK;
}

static enum outcome config_complete(struct config *c, struct verdict *v)
{
	enum outcome o = OUTCOME_OK;

	if (c->open_by_systemd && c->secure_key) {
		verdict_set(v, OUTCOME_CONFIG_ERROR,
			    "%s: require = secure-key does not go with open = systemd", c->path);
		return verdict_hint(v, "use open = helper");
	}
	if (c->keys_profile && !config_profile_find(c, c->keys_profile)) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "%s: keys-profile names %s, but there is no [kms %s]",
			    c->path, c->keys_profile, c->keys_profile);
		return verdict_hint(v, "add the section or correct the name");
	}
	for (size_t i = 0; o == OUTCOME_OK && i < c->n_profiles; i++)
		o = profile_complete(c, &c->profiles[i], v);
	for (size_t i = 0; o == OUTCOME_OK && i < c->n_volumes; i++)
		o = volume_complete(c, &c->volumes[i], v);
	return o;
}

static enum outcome read_text(const char *text, struct config *c, struct verdict *v)
{
	struct reader rd = { .text = text, .target.config = c, .v = v };
	int r = ini_parse_stream(next_line, &rd, on_value, &rd);

	if (rd.failed)
		return OUTCOME_CONFIG_ERROR;
	if (r != 0)
		return verdict_set(v, OUTCOME_CONFIG_ERROR, "%s, line %d: not understood", c->path, r);
	return config_complete(c, v);
}

static enum outcome read_file(const char *path, struct config *c, struct verdict *v)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *text = NULL;
	enum outcome o = config_file_open(path, 0, &fd, v);
	size_t len;
	int r;

	if (o != OUTCOME_OK)
		return o;
	r = file_read_fd(fd, LIMIT_CONFIG_FILE, &text, &len);
	if (r == -EFBIG)
		return verdict_set(v, OUTCOME_CONFIG_ERROR, "%s is larger than %u bytes", path,
				   LIMIT_CONFIG_FILE);
	if (r < 0)
		return verdict_errno(v, r, path);
	if (strlen(text) != len)
		return verdict_set(v, OUTCOME_CONFIG_ERROR, "%s holds a NUL byte", path);
	return read_text(text, c, v);
}

static struct config *new_config(const char *sysroot, const char *path)
{
	_cleanup_config_ struct config *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->timeout_ms = LIMIT_TIMEOUT_DEFAULT_MS;
	c->key_expiry_s = LIMIT_KEY_EXPIRY_S;
	c->path = strdup(path);
	c->sysroot = strdup(sysroot);
	return c->path && c->sysroot ? take_ptr(c) : NULL;
}

static enum outcome load(const char *sysroot, const char *path,
			 enum outcome (*read)(const char *path, struct config *c, struct verdict *v),
			 struct config **ret, struct verdict *v)
{
	_cleanup_config_ struct config *c = new_config(sysroot, path);
	enum outcome o;

	if (!c)
		return verdict_errno(v, ENOMEM, "configuration");
	o = read(path, c, v);
	if (o == OUTCOME_OK)
		*ret = take_ptr(c);
	return o;
}

enum outcome config_parse(const char *sysroot, const char *path, const char *text, struct config **ret,
			  struct verdict *v)
{
	_cleanup_config_ struct config *c = new_config(sysroot, path);
	enum outcome o;

	if (!c)
		return verdict_errno(v, ENOMEM, "configuration");
	o = read_text(text, c, v);
	if (o == OUTCOME_OK)
		*ret = take_ptr(c);
	return o;
}

char *config_find_ca(const char *sysroot)
{
	static const char *const bundles[] = { "/etc/ssl/certs/ca-certificates.crt",
					       "/etc/pki/tls/certs/ca-bundle.crt",
					       "/etc/ssl/ca-bundle.pem" };

	for (size_t i = 0; i + 1 < ARRAY_SIZE(bundles); i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s%s", sysroot, bundles[i]) >= 0 && access(path, F_OK) == 0)
			return strdup(bundles[i]);
	}
	return strdup(bundles[ARRAY_SIZE(bundles) - 1]);
}

const char *config_check_value(const char *section, const char *key, const char *value)
{
	_cleanup_config_ struct config *c = new_config("", "");
	const struct config_setter *setters;
	size_t n = config_setters(&setters);
	struct config_target target;
	char line[INI_LINE + 2];
	const char *wrong;

	if (!c)
		return "cannot be checked: out of memory";
	(void)snprintf(line, sizeof(line), "%s = %s", key, value); /* one that is cut is too long */
	wrong = *value ? check_line(line, strlen(line)) : "has no value";
	c->n_profiles = c->n_volumes = 1;
	target = (struct config_target){ c, &c->profiles[0], &c->volumes[0] };
	for (size_t i = 0; !wrong && i < n; i++) {
		if (strcmp(setters[i].key.section, section) != 0 || strcmp(setters[i].key.name, key) != 0)
			continue;
		/* cppcheck-suppress returnDanglingLifetime ; what a setter returns is a static sentence */
		return setters[i].set(&target, value);
	}
	return wrong ? wrong : "is no key of the configuration";
}

enum outcome config_load_old(const char *sysroot, struct config **ret, struct verdict *v)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s%s", sysroot, CONFIG_OLD_PATH) < 0)
		return verdict_errno(v, ENOMEM, "configuration");
	return load(sysroot, path, config_old_read, ret, v);
}

/* Only one of two files counts, and it may be the wrong one. */
static void warn_about_old(const char *sysroot, const char *usual)
{
	_cleanup_free_ char *old = NULL;

	if (asprintf(&old, "%s%s", sysroot, CONFIG_OLD_PATH) >= 0 && access(old, F_OK) == 0)
		log_warning("%s counts, and %s does not: remove the one that is wrong", usual, old);
}

enum outcome config_load(const char *sysroot, const char *path, struct config **ret,
			 struct verdict *v)
{
	_cleanup_free_ char *usual = NULL;
	enum outcome o;

	if (path) {
		o = load(sysroot, path, read_file, ret, v);
		return o == OUTCOME_NOTHING_TO_DO ?
			       verdict_set(v, OUTCOME_CONFIG_ERROR, "%s does not exist", path) :
			       o;
	}
	if (asprintf(&usual, "%s%s", sysroot, CONFIG_PATH) < 0)
		return verdict_errno(v, ENOMEM, "configuration");
	o = load(sysroot, usual, read_file, ret, v);
	if (o != OUTCOME_NOTHING_TO_DO) {
		warn_about_old(sysroot, usual);
		return o;
	}
	o = config_load_old(sysroot, ret, v);
	return o == OUTCOME_NOTHING_TO_DO ? verdict_set(v, o, "%s does not exist", usual) : o;
}

static void profile_done(struct config_profile *p)
{
	kms_profile_done(&p->kms);
	free(p->crn);
	free(p->api_key_source);
	carried_keys_free(p->carried);
}

static void volume_done(struct config_volume *vol)
{
	for (size_t i = 0; i < vol->n_bindings; i++)
		free(vol->bindings[i]);
	free(vol->name);
	free(vol->uuid);
	free(vol->cipher);
	free(vol->verification_pattern);
	free(vol->options);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->n_profiles; i++)
		profile_done(&config->profiles[i]);
	for (size_t i = 0; i < config->n_volumes; i++)
		volume_done(&config->volumes[i]);
	free(config->keys_profile);
	free(config->sysroot);
	free(config->path);
	free(config);
}

struct config_profile *config_profile_find(struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_profiles; i++)
		if (config->profiles[i].kms.name && !strcmp(config->profiles[i].kms.name, name))
			return &config->profiles[i];
	return NULL;
}

enum outcome config_keys_profile(const struct config *config, const char **ret, struct verdict *v)
{
	if (config->keys_profile) {
		*ret = config->keys_profile;
		return OUTCOME_OK;
	}
	if (config->n_profiles == 1) {
		*ret = config->profiles[0].kms.name;
		return OUTCOME_OK;
	}
	verdict_set(v, OUTCOME_CONFIG_ERROR, "%s has %zu profiles, and none is named for the keys directory",
		    config->path, config->n_profiles);
	return verdict_hint(v, "say keys-profile = NAME in [cexluks]");
}

const struct config_volume *config_volume_find(const struct config *config, const char *uuid)
{
	for (size_t i = 0; i < config->n_volumes; i++)
		if (config->volumes[i].uuid && uuid_equal(config->volumes[i].uuid, uuid))
			return &config->volumes[i];
	return NULL;
}
