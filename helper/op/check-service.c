/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/log.h"
#include "op/check-find.h"
#include "op/service-end.h"

#define DAY_S (INT64_C(24) * 60 * 60)

enum key_state {
	KEY_PRE_ACTIVE = 0,
	KEY_ACTIVE = 1,
	KEY_SUSPENDED = 2,
	KEY_DEACTIVATED = 3,
	KEY_DESTROYED = 5,
};

static void check_end(struct checker *c, const struct config_profile *profile, const char *subject)
{
	int64_t days;

	if (!service_days_left(profile->kms.service, time(NULL), &days))
		return;
	if (days > 0)
		check_warn(c, "", subject, WARNING_SERVICE_ENDS,
			   "HPCS is deleted on 28 March 2027, in %" PRId64 " days", days);
	else
		check_warn(c, "", subject, WARNING_SERVICE_ENDS, "HPCS ends on 28 March 2027");
}

static void judge_key(struct checker *c, const char *subject, const struct kms_key *key)
{
	struct verdict v = { 0 };

	switch (key->state) {
	case KEY_ACTIVE:
		return;
	case KEY_DEACTIVATED:
		check_warn(c, "", subject, WARNING_KEY_UNWRAPS_ONLY,
			   "root key %s is deactivated: it unwraps, and wraps no more", key->id);
		return;
	case KEY_SUSPENDED:
		(void)verdict_set(&v, OUTCOME_KMS_KEY_DISABLED, "root key %s is disabled", key->id);
		break;
	case KEY_DESTROYED:
		(void)verdict_set(&v, OUTCOME_KMS_KEY_GONE, "root key %s is deleted", key->id);
		break;
	default:
		(void)verdict_set(&v, OUTCOME_KMS_KEY_DISABLED, "root key %s has state %d", key->id,
				  key->state);
		break;
	}
	check_found(c, "", subject, &v);
}

/* A service ID may be allowed to unwrap and nothing else: that is no reason to complain. */
static void check_root_key(struct checker *c, const struct config_profile *profile,
			   const char *subject, deadline_t deadline)
{
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	struct kms_request request = {
		.verb = KMS_METADATA,
		.deadline = deadline,
		.key = profile->kms.root_key,
	};
	struct verdict v = { 0 };
	enum outcome o;

	if (!profile->kms.root_key)
		return;
	o = op_session_call(c->session, profile->kms.name, &request, &reply, &v);
	if (o == OUTCOME_OK)
		judge_key(c, subject, &reply->key);
	else if (o != OUTCOME_KMS_REFUSED)
		check_found(c, "", subject, &v);
}

/* Of IAM and service what ends first. */
static void warn_if_near(struct checker *c, const char *subject, const char *what, int64_t ends)
{
	int64_t days = (ends - (int64_t)time(NULL)) / DAY_S;
	char date[CERTIFICATE_DATE_SIZE];

	certificate_date(ends, date);
	if (date[0] && days < LIMIT_CERTIFICATE_NEAR_DAYS)
		check_warn(c, "", subject, WARNING_CERTIFICATE_ENDS, "%s ends on %s, in %" PRId64 " days", what, date, days);
}

/* The dates stand in the finding of the service, which is the last one. */
static void note_lifetime(struct checker *c, const struct kms_reply *reply)
{
	struct check_finding *f = c->found->n ? &c->found->findings[c->found->n - 1] : NULL;

	if (!f)
		return;
	certificate_date(reply->certificate_ends, f->certificate_ends);
	certificate_date(reply->ca_ends, f->ca_ends);
}

/* Sets the verdict of a service that answered. */
static void tell_answer(const struct kms_reply *reply, struct verdict *v)
{
	char server[CERTIFICATE_DATE_SIZE], ca[CERTIFICATE_DATE_SIZE];

	certificate_date(reply->certificate_ends, server);
	certificate_date(reply->ca_ends, ca);
	(void)verdict_set(v, OUTCOME_OK, "TLS, IAM token and service in %.1f s%s%s%s%s", (double)reply->elapsed_ms / 1000.0,
			  server[0] ? "; certificate until " : "", server, ca[0] ? ", CA until " : "", ca);
}

void check_service(struct checker *c, const struct config_profile *profile)
{
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	deadline_t deadline = deadline_after(c->request->timeout_ms);
	struct kms_request request = { .verb = KMS_PING, .deadline = deadline };
	char subject[LIMIT_ID + 8];
	struct verdict v = { 0 };

	(void)snprintf(subject, sizeof(subject), "kms:%s", profile->kms.name);
	check_end(c, profile, subject);
	if (!cmdline_allows_profile(c->setup.cmdline, profile->kms.name)) {
		(void)verdict_set(&v, OUTCOME_NOTHING_TO_DO, "rd.cexluks.kms leaves it out");
		check_found(c, "", subject, &v);
		return;
	}
	if (c->request->offline)
		return;
	log_step("asking %s ...", subject);
	if (op_session_call(c->session, profile->kms.name, &request, &reply, &v) == OUTCOME_OK)
		tell_answer(reply, &v);
	check_found(c, "", subject, &v);
	if (v.outcome == OUTCOME_OK) {
		note_lifetime(c, reply);
		warn_if_near(c, subject, "a certificate of the service", reply->certificate_ends);
		warn_if_near(c, subject, "the CA", reply->ca_ends);
	}
	if (profile->old_master_key)
		check_warn(c, "", subject, WARNING_MASTER_KEY_OLD,
			   "the API key is sealed with the card's old master key: cexluks credential renew %s",
			   profile->kms.name);
	if (v.outcome == OUTCOME_OK)
		check_root_key(c, profile, subject, deadline);
}
