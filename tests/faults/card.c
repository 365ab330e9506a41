/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A crypto card for the helper that tests/faults/run makes calls of fail: with FAULTS_CARD in its environment it talks
 * to the pkey device and the cipher of the unit tests, where all is well; with FAULTS_CARD=old every secure key's master
 * key is the old one. The cards themselves are a copy of sysfs. FAULTS_NET names the program that is started as net process,
 * for valgrind.sh.
 */
#include "kms/client-seam.h"
#include "op/fake-pkey.h"
#include "op/paes.h"

__attribute__((constructor)) static void attach_card(void)
{
	static struct fake_pkey pkey = { .queues = { .n = 1, .list = { { 0x00, 0x47 } } } };
	static const struct cex_pkey_calls calls = FAKE_PKEY_CALLS(&pkey);

	if (getenv("FAULTS_NET"))
		kms_client_set_program(strdup(getenv("FAULTS_NET")));
	if (!getenv("FAULTS_CARD"))
		return;
	pkey.old = !strcmp(getenv("FAULTS_CARD"), "old");
	cex_pkey_set_calls(&calls);
	cex_skcipher_set(kernel_encrypt);
}
