/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * veil - turn every bit of a file over, in place; twice is as before
 *
 * A secret comes into the virtual machine veiled and is unveiled here, through a shared mapping: so its plain form
 * exists in the pages of this one file and nowhere else, and veiling it again leaves none. What a search of the
 * machine's memory finds then, somebody else has left there.
 */
#include <err.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_RDWR | O_CLOEXEC);
		volatile uint8_t *bytes;
		struct stat st;

		if (fd < 0 || fstat(fd, &st) < 0)
			err(1, "cannot open '%s'", argv[i]);
		bytes = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (bytes == MAP_FAILED)
			err(1, "cannot map '%s'", argv[i]);
		for (off_t n = 0; n < st.st_size; n++)
			bytes[n] = (uint8_t)~bytes[n];
	}
	return argc > 1 ? 0 : 2;
}
