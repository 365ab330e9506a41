/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instead of the config.h that libcryptsetup's configure would write (its source package has no
 * configure script). Defaults are upstream's and Debian's; what a library for one program does not
 * need is out: plug-ins, OPAL, messages in other languages.
 */
#define PACKAGE_NAME	"cryptsetup"
#define PACKAGE_VERSION "2.8"

#define HAVE_BYTESWAP_H		1
#define HAVE_ENDIAN_H		1
#define HAVE_LOCALE_H		1
#define HAVE_SYS_STATVFS_H	1
#define HAVE_SYS_SYSMACROS_H	1
#define HAVE_UCHAR_H		1
#define HAVE_EXPLICIT_BZERO	1
#define HAVE_DECL_O_CLOEXEC	1
#define HAVE_ATTRIBUTE_SYMVER	0

#define HAVE_BLKID	     1
#define HAVE_BLKID_WIPE	     1
#define HAVE_BLKID_STEP_BACK 1

#define HAVE_DECL_DM_TASK_SECURE_DATA		1
#define HAVE_DECL_DM_TASK_RETRY_REMOVE		1
#define HAVE_DECL_DM_TASK_DEFERRED_REMOVE	1
#define HAVE_DECL_DM_DEVICE_HAS_MOUNTED_FS	1
#define HAVE_DECL_DM_DEVICE_HAS_HOLDERS		1
#define HAVE_DECL_DM_DEVICE_GET_NAME		1
#define HAVE_DECL_DM_DEVICE_GET_TARGET_VERSION	1
#define HAVE_DECL_DM_UDEV_DISABLE_DISK_RULES_FLAG 1
#define USE_UDEV				1

/* Never done here, but without it a header under re-encryption is not even understood. */
#define USE_LUKS2_REENCRYPTION 1

#define HAVE_DECL_JSON_OBJECT_OBJECT_ADD_EX 1
#define HAVE_DECL_JSON_OBJECT_DEEP_COPY	    1

#define HAVE_MBEDTLS_PKCS5_PBKDF2_HMAC_EXT 1
#define USE_INTERNAL_ARGON2		   1
#define ENABLE_AF_ALG			   1

/* Volume keys go to device mapper by name, as logon keys; without it they are in the table. */
#define KERNEL_KEYRING 1

#define DEFAULT_RNG		      "/dev/urandom"
#define DEFAULT_KEYFILE_SIZE_MAXKB    8192
#define DEFAULT_LOOPAES_CIPHER	      "aes"
#define DEFAULT_LUKS_FORMAT	      CRYPT_LUKS2
#define DEFAULT_LUKS1_HASH	      "sha256"
#define DEFAULT_LUKS1_ITER_TIME	      2000
#define DEFAULT_LUKS2_ITER_TIME	      2000
#define DEFAULT_LUKS2_KEYSLOT_CIPHER  "aes-xts-plain64"
#define DEFAULT_LUKS2_KEYSLOT_KEYBITS 512
#define DEFAULT_LUKS2_LOCK_PATH	      "/run/cryptsetup"
#define DEFAULT_LUKS2_LOCK_DIR_PERMS  0700
#define DEFAULT_LUKS2_MEMORY_KB	      1048576
#define DEFAULT_LUKS2_PARALLEL_THREADS 4
#define DEFAULT_LUKS2_PBKDF	      "argon2id"
