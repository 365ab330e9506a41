/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TrouSerS' tpm_unsealdata explains nothing: it prints no message, and ends with the lowest byte of what the TPM, tcsd
 * or its own library returned. Source: tpm-tools 1.3.9.2, src/cmds/tpm_unsealdata.c, lib/tpm_unseal.c; the numbers of
 * the table were observed with swtpm as a TPM 1.2 (tests/integration/92-tpm.sh), 3, 6, 7, 18 and 38 are from TrouSerS'
 * tss/tpm_error.h.
 */
#include "op/credential-source.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/program.h"
#include "op/config-old.h"

#define PROGRAM "/usr/bin/tpm_unsealdata"
#define SEAL	"tpm_sealdata -p 4 -p 5 -z --infile KEY --outfile %s"

static const char *program = PROGRAM;

void credential_set_unseal_program(const char *path)
{
	program = path ? path : PROGRAM;
}

/* What follows the name of the sealed file; and the next step, which may end with sealing the key again. */
static const struct {
	const char *cause;
	const char *hint;
	int status;
	bool seal;
} rows[] = {
	{ "the TPM does not open it, because the PCRs that it is sealed to have changed",
	  "if it was you who changed firmware, boot loader or kernel: ", 24, true },
	{ "the TPM does not open it: another TPM sealed it, or this one before it was cleared", "", 33, true },
	{ "the TPM does not open it: the SRK has a password, or it is another TPM's",
	  "tpm_takeownership -z; then ", 1, true },
	{ "no TPM, because tcsd is not running", "systemctl enable --now tcsd", 17, false },
	{ "no TPM, because tcsd does not reach it",
	  "is there a TPM 1.2? With a TPM 2.0 use credential: in place of tpm:", 135, false },
	{ "tcsd knows no owner of the TPM", "tpm_takeownership -z; then ", 32, true },
	{ "the TPM has no owner", "tpm_takeownership -z; then ", 18, true },
	{ "the TPM is deactivated", "activate it in the firmware's setup", 6, false },
	{ "the TPM is disabled", "enable it in the firmware's setup", 7, false },
	{ "the firmware did not start the TPM", "restart the machine", 38, false },
	/* three codes share it: TPM_BAD_PARAMETER, TPM_DEFEND_LOCK_RUNNING, TSS_E_CONNECTION_FAILED */
	{ "damaged, or tcsd is not found because localhost has no address, or the TPM rests after failed attempts",
	  "look at /etc/hosts, try again later, or ", 3, true },
	{ "not a file that tpm_sealdata made", "", 254, true },
	{ "tpm_unsealdata cannot read it", "look at its owner and mode, and at free memory", 255, false },
};

static enum outcome explain_status(int status, const char *path, struct verdict *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].status == status) {
			verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "%s: %s", path, rows[i].cause);
			return rows[i].seal ? verdict_hint(v, "%s" SEAL, rows[i].hint, path)
					    : verdict_hint(v, "%s", rows[i].hint);
		}
	verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "%s: tpm_unsealdata ends with status %d", path, status);
	return verdict_hint(v, "ask the TPM: tpm_selftest, tpm_version; and try: tpm_unsealdata -z --infile %s",
			    path);
}

static enum outcome explain(int r, int status, const char *path, struct verdict *v)
{
	if (r < 0)
		return verdict_errno(v, r, program);
	switch ((enum program_condition)r) {
	case PROGRAM_MISSING:
		verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "%s: %s, which opens it, is not there", path,
			    program);
		return verdict_hint(v, "install tpm-tools and trousers");
	case PROGRAM_FAILED:
		return explain_status(status, path, v);
	case PROGRAM_SILENT:
		/* TPM_RETRY has nothing in its lowest byte, and looks like success. */
		verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "%s: the TPM gave nothing for it", path);
		return verdict_hint(v, "try again; then seal the key again: " SEAL, path);
	case PROGRAM_TOO_MUCH:
	case PROGRAM_REAPED: /* not of program_read_secret() */
		break;
	case PROGRAM_TIMEOUT:
		verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "%s: the TPM did not open it in time", path);
		return verdict_hint(v, "look at tcsd: systemctl status tcsd");
	}
	return credential_no_key(path, v);
}

/* Where the Python tool has it: its README makes a file that all can read, which has to go on working. */
static bool is_old_blob(const char *path)
{
	const char *end = strstr(path, CONFIG_OLD_BLOB);

	return end && !end[strlen(CONFIG_OLD_BLOB)];
}

/* Whether others get as far as the file at all. */
static bool is_shut_in(const char *path)
{
	_cleanup_free_ char *directory = strdup(path);
	char *slash = directory ? strrchr(directory, '/') : NULL;
	struct stat st;

	if (!slash)
		return false;
	*slash = '\0';
	return stat(directory, &st) == 0 && !(st.st_mode & 077);
}

/* The SRK's secret is well known and tcsd serves every local user, so who reads the file has the key. */
static enum outcome check_mode(const char *path, mode_t mode, struct verdict *v)
{
	if (!(mode & 077) || (is_old_blob(path) && is_shut_in(path)))
		return OUTCOME_OK;
	if (is_old_blob(path)) {
		log_warning("%s: every user of this machine can read it, and so have the API key: chmod 0600 %s",
			    path, path);
		return OUTCOME_OK;
	}
	verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "others can read %s (mode %04o), and have the TPM open it", path,
		    mode & 07777u);
	return verdict_hint(v, "chmod 0600 %s", path);
}

/* What can be told without a TPM. */
static enum outcome look_at_file(const char *path, struct verdict *v)
{
	struct stat st;

	if (stat(path, &st) < 0 && errno == ENOENT) {
		verdict_set(v, OUTCOME_CREDENTIAL_MISSING, "%s does not exist", path);
		return verdict_hint(v, "seal the API key to it: " SEAL, path);
	}
	if (stat(path, &st) < 0)
		return verdict_errno(v, errno, path);
	if (!S_ISREG(st.st_mode))
		return verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "%s is not a regular file", path);
	if (st.st_size <= LIMIT_SEALED_FILE)
		return check_mode(path, st.st_mode, v);
	verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "%s: larger than a sealed API key", path);
	return verdict_hint(v, "seal the key: " SEAL, path);
}

/* At boot tcsd may still be starting: 17 is nobody at its port, 3 may be that there is no localhost yet. */
static bool may_come(int r, int status)
{
	return r == PROGRAM_FAILED && (status == 17 || status == 3);
}

/* Nobody tells when tcsd listens, so it is asked again, less and less often. As program_read_secret(). */
static int unseal(const char *path, deadline_t deadline, struct secret **ret, int *ret_status)
{
	const char *const argv[] = { program, "-z", "--infile", path, NULL };
	unsigned pause = LIMIT_UNSEAL_PAUSE_MS;
	int r = program_read_secret(argv, LIMIT_API_KEY_MAX, deadline, ret, ret_status);

	while (may_come(r, *ret_status) && deadline_left(deadline) > pause + pause) {
		log_debug("%s: tpm_unsealdata ends with status %d; once more in %u ms", path, *ret_status, pause);
		(void)poll(NULL, 0, (int)pause);
		if (pause < LIMIT_UNSEAL_PAUSE_MAX_MS)
			pause *= 2;
		r = program_read_secret(argv, LIMIT_API_KEY_MAX, deadline, ret, ret_status);
	}
	return r;
}

enum outcome credential_from_tpm(const char *path, deadline_t deadline, struct secret **ret,
				 struct verdict *v)
{
	_cleanup_secret_ struct secret *key = NULL;
	enum outcome o = look_at_file(path, v);
	int r, status = 0;

	if (o != OUTCOME_OK)
		return o;
	deadline = deadline_earlier(deadline, deadline_after(LIMIT_UNSEAL_MS));
	r = unseal(path, deadline, &key, &status);
	if (r != 0)
		return explain(r, status, path, v);
	o = credential_check_key(key, path, v);
	if (o == OUTCOME_OK)
		*ret = take_ptr(key);
	return o;
}
