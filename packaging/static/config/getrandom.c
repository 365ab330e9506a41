/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entropy of Mbed TLS. Its own source uses getrandom(2) with glibc only, and /dev/urandom
 * elsewhere, which may not exist yet.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/random.h>

#include <mbedtls/build_info.h>
#include <mbedtls/entropy.h>

int mbedtls_hardware_poll(void *data, unsigned char *output, size_t len, size_t *olen);

int mbedtls_hardware_poll(void *data, unsigned char *output, size_t len, size_t *olen)
{
	size_t done = 0;
	ssize_t n;

	(void)data;
	while (done < len) {
		n = getrandom(output + done, len - done, 0);
		if (n < 0 && errno != EINTR)
			return MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
		done += n > 0 ? (size_t)n : 0;
	}
	*olen = done;
	return 0;
}
