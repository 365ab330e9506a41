/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every limit on what comes from outside, and every number a reviewer may want to change, in one
 * place. Sizes are bytes unless the name says otherwise.
 */
#ifndef CEXLUKS_BASE_LIMITS_H
#define CEXLUKS_BASE_LIMITS_H

/* Passphrases and credentials */
#define LIMIT_PASSPHRASE_LEN	32    /* what bind makes: random bytes without NUL */
#define LIMIT_PASSPHRASE_MAX	512   /* longest secret wrapped or unwrapped, and longest typed one */
#define LIMIT_KEYFILE_MAX	(8u << 20) /* cryptsetup's own limit for --key-file */
#define LIMIT_API_KEY_MAX	1024
#define LIMIT_API_KEYS		4     /* sources in one api-key line */
#define LIMIT_SEALED_FILE	(64u << 10) /* tpm_sealdata's, of an API key; some 2 KiB */
#define LIMIT_SEALED_TOKEN	336   /* the secure key in an API key's own seal: one token, EP11's is the longest */
#define LIMIT_SEALED_KEY	1600  /* an API key sealed by a card, whole */
#define LIMIT_CARRIED_KEYS	64    /* of one profile, in headers */

/* Files we read */
#define LIMIT_CONFIG_FILE	(64u << 10)
#define LIMIT_OLD_CONFIG	(16u << 10) /* /etc/hpcs-for-luks.ini, in locked memory */
#define LIMIT_CONFIG_LINE	4096
#define LIMIT_CA_FILE		(1u << 20)
#define LIMIT_CMDLINE		(64u << 10)
#define LIMIT_CRYPTTAB		(64u << 10)
#define LIMIT_KEY_FILES		1024  /* in the keys directory */
#define LIMIT_PROFILES		16
#define LIMIT_VOLUMES		64
#define LIMIT_BINDINGS		8     /* bindings named for one volume */
#define LIMIT_TRIED		8     /* bindings tried for one volume, as the report lists them */
#define LIMIT_TRIED_RUN		128   /* of all volumes in one run of the report */
#define LIMIT_TRIED_TEXT	160   /* cause and next step of each */

/* Images of the initramfs */
#define LIMIT_IMAGE_ENTRIES	262144
#define LIMIT_IMAGE_BYTES	(2ull << 30) /* unpacked, kernel modules and firmware too */
#define LIMIT_IMAGE_KEPT	(512u << 20) /* what of it is kept, in memory */
#define LIMIT_IMAGE_SEGMENTS	16
#define LIMIT_IMAGE_ANSWER	(1u << 20) /* what the helper in it prints */
#define LIMIT_IMAGE_FINDINGS	4096
#define LIMIT_JSON_TEXT		4096  /* one string of them */
#define LIMIT_MODULES_DEP	(8u << 20)
#define LIMIT_BOOT_ENTRY	(64u << 10)
#define LIMIT_BOOT_OPTIONS	4097  /* of the kernel in one of them: s390x kernels take 4096 */
#define LIMIT_BOOT_ENTRIES	64

/* LUKS2 header and tokens */
#define LIMIT_TOKEN_JSON	(8u << 10)
#define LIMIT_TOKENS		32    /* of LUKS2 itself */
#define LIMIT_KEYSLOTS		32
#define LIMIT_KEYFILE_KEYSLOTS	4     /* that a key file is tried on: each may cost a dear KDF */
#define LIMIT_PLUGIN_SAID	2048  /* what the plug-in repeats of a verb's standard error */
#define LIMIT_HEADER_JSON	(4u << 20) /* largest LUKS2 metadata area */
#define LIMIT_KEYSLOT_AREA	(128u << 20)
#define LIMIT_PBKDF2_ITERATIONS	100000u	 /* of our own keyslots; bind makes 1000 */
#define LIMIT_PBKDF2_ANY	50000000u /* of a digest, or of a keyslot that a person made */
#define LIMIT_ARGON2_MEMORY_KB	(4u << 20) /* of a keyslot we open */
#define LIMIT_ARGON2_RESERVE_KB	(64u << 10) /* memory that must stay free beside it */
#define LIMIT_ARGON2_TIME	100
#define LIMIT_HEADER_DEPTH	16    /* foreign tokens nest deeper than ours */
#define LIMIT_SERIAL		9007199254740991LL /* 2^53-1: what a JSON number carries exactly */
#define LIMIT_JSON_DEPTH	8
#define LIMIT_JOURNAL_RUN	(128u << 10) /* what a boot reports: 64 volumes of two bindings have room */
#define LIMIT_JSON_MEMBERS	64    /* of one object; a LUKS2 header has 32 keyslots at most */

/* KMS and wire */
#define LIMIT_CERTIFICATE	(16u << 10) /* one of a server or a CA, as PEM */
#define LIMIT_CERTIFICATE_NEAR_DAYS 30 /* before its end: check warns */
#define LIMIT_CIPHERTEXT	(16u << 10)
#define LIMIT_ID		64    /* key ids, aliases, instance ids */
#define LIMIT_ALIAS_MIN		2
#define LIMIT_ALIAS_MAX		90
#define LIMIT_URL		256
#define LIMIT_AAD_STRINGS	8
#define LIMIT_AAD_STRING	255
#define LIMIT_HTTP_BODY		(64u << 10)
#define LIMIT_HTTP_LIST_BODY	(2u << 20)
#define LIMIT_HTTP_HEADERS	(16u << 10)
#define LIMIT_HTTP_HEADER_LINES	64
#define LIMIT_TOKEN_JWT		(16u << 10)
#define LIMIT_ERROR_TEXT	256   /* sanitised server text that may be logged */
#define LIMIT_KEYS_LISTED	50000
#define LIMIT_KEYS_PAGE		200
#define LIMIT_JOBS		64    /* requests under way in one net child */
#define LIMIT_MESSAGE		(64u << 10) /* one message between core and net child */
#define LIMIT_MAPS		(256u << 10) /* /proc/self/maps of the net child */

/* Cards: sysfs, uevents, key tokens, zkey's repository */
#define LIMIT_CARDS_FILE	(4u << 20) /* what cards --json printed elsewhere */
#define LIMIT_AP_CARDS		256   /* adapter numbers have 8 bits */
#define LIMIT_AP_QUEUES		256   /* of one card: domain numbers have 8 bits as well */
#define LIMIT_AP_APQNS		256   /* in one list of the kernel, which knows 64 */
#define LIMIT_AP_ATTRIBUTE	4096  /* one sysfs file */
#define LIMIT_AP_WORD		32    /* one word out of it */
#define LIMIT_AP_RESCAN_S	5     /* while waiting: ask for a scan, and look at registers again */
#define LIMIT_UEVENT		8192  /* the kernel's own buffer has 2048 */
#define LIMIT_UEVENTS		256   /* read in one go, before the caller gets to look */
#define LIMIT_PROC_CRYPTO	(1u << 20)
#define LIMIT_KEYBLOB		672   /* two EP11 tokens: the most that xts(paes) takes */
#define LIMIT_ZKEY_NAME		100   /* of a key in zkey's repository */
#define LIMIT_ZKEY_LINE		4000  /* one value there; zkey reads lines of 4095 */

/* Time */
#define LIMIT_TIME_S		253402300799ull /* 9999-12-31T23:59:59Z, since 1970 */
#define LIMIT_CONNECT_MS	5000
#define LIMIT_TRY_MS		20000 /* one HTTP try, all included */
#define LIMIT_SLOW_MS		5000  /* without an answer, until the next binding is tried as well */
#define LIMIT_RETRY_BASE_MS	500
#define LIMIT_RETRY_CAP_MS	8000
#define LIMIT_RETRY_AFTER_MS	30000
#define LIMIT_RETRY_PAUSE_MS	30000 /* between rounds behind the prompt */
#define LIMIT_TRIES		8     /* of one request within one budget */
#define LIMIT_SLOW_BYTES	64    /* fewer bytes per second ... */
#define LIMIT_SLOW_SECONDS	5     /* ... for this long: give up this try */
#define LIMIT_TIMEOUT_MS	100000 /* upper bound of "timeout" */
#define LIMIT_TIMEOUT_DEFAULT_MS 60000
#define LIMIT_CARD_BUSY_TRIES	10    /* zkey's numbers: a card whose master key was just changed */
#define LIMIT_CARD_BUSY_MS	1000
#define LIMIT_VERB_TIMEOUT_MS	60000 /* verbs typed by a person */
#define LIMIT_PLUGIN_S		20    /* before cryptsetup goes on to ask, with the plug-in */
#define LIMIT_PLUGIN_END_MS	5000  /* for its verb to say why, after that */
#define LIMIT_MODULES_MS	1500  /* udev's for a kernel module, once its absence was seen */
#define LIMIT_UNSEAL_MS		15000 /* a TPM 1.2 takes its time, and tcsd takes turns */
#define LIMIT_UNSEAL_PAUSE_MS	250   /* until tcsd, which may be starting, is asked once more */
#define LIMIT_UNSEAL_PAUSE_MAX_MS 1000
#define LIMIT_KEY_EXPIRY_S	300
#define LIMIT_KEY_EXPIRY_MAX_S	3600
#define LIMIT_KEYS_EXPIRY_MAX_S	604800 /* 7 days; of the keys directory */

#endif
