/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What works today and may not work tomorrow. Beside the outcomes, whose words they don't share: stable
 * and documented (cexluks-outcomes(7)), and never a reason to fail.
 */
#ifndef CEXLUKS_OP_WARNING_H
#define CEXLUKS_OP_WARNING_H

enum warning {
	WARNING_MASTER_KEY_OLD,
	WARNING_SINGLE_QUEUE,
	WARNING_SERVICE_ENDS,
	WARNING_REWRAP_DUE,
	WARNING_KEY_UNWRAPS_ONLY,
	WARNING_CLEAR_KEY,
	WARNING_NO_PASSPHRASE,
	WARNING_PUBLIC_PASSPHRASE,
	WARNING_TURNED_OFF,
	WARNING_NOT_AT_BOOT,
	WARNING_BOOT_ENCRYPTED,
	WARNING_CERTIFICATE_ENDS,
	WARNING_NETWORK_UNCONFIGURED,
};

#define WARNINGS (WARNING_NETWORK_UNCONFIGURED + 1)

/* The stable word, e.g. "single-queue". Static. */
const char *warning_word(enum warning warning);

/* The next step. Static. */
const char *warning_hint(enum warning warning);

#endif
