/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/service-end.h"

/* 2027-03-28T00:00:00Z: IBM deletes what is left of HPCS. Source: IBM's announcement, kms-api.md. */
#define HPCS_ENDS_S INT64_C(1806192000)
#define DAY_S	    86400

bool service_days_left(enum kms_service service, int64_t now, int64_t *ret)
{
	if (service != KMS_SERVICE_HPCS)
		return false;
	*ret = now < HPCS_ENDS_S ? (HPCS_ENDS_S - now) / DAY_S : 0;
	return true;
}
