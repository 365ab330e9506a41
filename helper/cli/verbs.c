/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/verb.h"

#include <errno.h>
#include <string.h>

#include "cli/hpcs-for-luks.h"

#define O(id) OPTION_BIT(OPTION_##id)

const struct verb verbs[] = {
	{ "status", "", "show what is set up, and the next step; also without any verb", 0, 0, 0, cli_status },
	{ "setup", "", "ask for a service, try it, and write the configuration", 0, 0, 0, cli_setup },
	{ "format", "DEVICE", "make an encrypted volume around a new secure key", 1, 1,
	  O(BIND) | O(VOLUME_KEY_FILE) | O(ZKEY_NAME) | O(SAVE_KEY) | O(RECOVERY_KEY) | O(KEY_FILE) |
		  O(KEY_TYPE) | O(KEYBITS) | O(APQNS) | O(SECTOR_SIZE) | O(LABEL) | O(UUID) | O(FORCE) |
		  O(DRY_RUN),
	  cli_format },
	{ "bind", "DEVICE BINDING", "add an automatic way in, and prove it", 2, 2,
	  O(KEY_FILE) | O(HEADER_BACKUP) | O(LUKS2_KEYRING) | O(DRY_RUN), cli_bind },
	{ "unbind", "DEVICE [BINDING]", "remove an automatic way in", 1, 2,
	  O(KEYSLOT) | O(HEADER_BACKUP) | O(DRY_RUN), cli_unbind },
	{ "rotate", "DEVICE [BINDING]", "give bindings new secrets", 1, 2,
	  O(REWRAP_ONLY) | O(HEADER_BACKUP) | O(DRY_RUN), cli_rotate },
	{ "apply", "[DEVICE]", "bring volumes to what the configuration's bindings say", 0, 1,
	  O(KEY_FILE) | O(HEADER_BACKUP) | O(DRY_RUN), cli_apply },
	{ "rebind", "DEVICE", "make bindings work again after the volume key was re-enciphered", 1, 1,
	  O(KEY_FILE) | O(HEADER_BACKUP), cli_rebind },
	{ "migrate", "[DEVICE] --to PROFILE", "move to another key management service", 0, 1,
	  O(ALL) | O(KEYS) | O(TO) | O(FROM) | O(FINISH) | O(HEADER_BACKUP) | O(DRY_RUN), cli_migrate },
	{ "list", "[DEVICE]", "show what opens a volume", 0, 1, O(JSON), cli_list },
	{ "inventory", "[DEVICE]", "show volumes, key files and services, and how long these last", 0, 1,
	  O(JSON) | O(PROMETHEUS), cli_inventory },
	{ "open", "DEVICE [NAME]", "open a volume through its bindings", 1, 2, 0, cli_open },
	{ "close", "NAME", "close a mapping", 1, 1, 0, cli_close },
	{ "pass", "DEVICE BINDING", "write a binding's passphrase to a pipe", 2, 2, 0, cli_pass },
	{ "load", "", "put keys and passphrases into the kernel keyring", 0, 0, O(OPEN), cli_load },
	{ "forget", "", "remove our keys from the kernel keyring", 0, 0, O(IMAGE_FILES),
	  cli_forget },
	{ "boot", "", "unlock at boot; for units and hooks", 0, 0,
	  O(RETRY) | O(NEEDS_NETWORK) | O(NEEDS_NAMES) | O(CRYPTTAB) | O(IMAGE_FILES), cli_boot },
	{ "check", "[DEVICE]", "prove that the next boot will unlock", 0, 1,
	  O(JSON) | O(OFFLINE) | O(CARDS) | O(INITRAMFS) | O(NEXT_IMAGE) | O(ALL_IMAGES), cli_check },
	{ "why", "", "tell what the last boots did", 0, 0, O(JSON), cli_why },
	{ "cards", "", "show crypto cards, their master keys, and who needs them", 0, 0,
	  O(JSON) | O(VERBOSE), cli_cards },
	{ "keygen", "[FILE]", "make a secure key", 0, 1,
	  O(NAME) | O(KEYBITS) | O(XTS) | O(KEY_TYPE) | O(APQNS) | O(VOLUMES) | O(SECTOR_SIZE) |
		  O(DESCRIPTION),
	  cli_keygen },
	{ "pattern set", "DEVICE|MAPPER", "store the volume key's verification pattern", 1, 1,
	  O(KEY_FILE) | O(HEADER_BACKUP) | O(DRY_RUN), cli_pattern_set },
	{ "pattern verify", "DEVICE|MAPPER", "recompute it, and compare", 1, 1, O(KEY_FILE),
	  cli_pattern_verify },
	{ "ping", "[PROFILE]", "prove the way to a key management service", 0, 1, 0, cli_ping },
	{ "key list", "[PROFILE]", "list the root keys of a service", 0, 1, O(JSON), cli_key_list },
	{ "key create", "PROFILE NAME", "make a root key", 2, 2, O(JSON), cli_key_create },
	{ "key rotate", "[PROFILE]", "make a new version of the root key", 0, 1, 0, cli_key_rotate },
	{ "credential set", "PROFILE", "replace an API key, which the service has to accept first", 1, 1,
	  O(KEY_TYPE) | O(APQNS) | O(FINISH), cli_credential_set },
	{ "credential check", "PROFILE", "ask the service about each API key", 1, 1, 0, cli_credential_check },
	{ "credential renew", "PROFILE", "seal anew what opens with the card's old master key", 1, 1,
	  O(KEY_TYPE) | O(APQNS), cli_credential_renew },
	{ "credential seal", "PROFILE [OUTPUT]", "encrypt an API key so that only this card domain can read it", 1, 2,
	  O(HEADER) | O(HEADER_BACKUP) | O(KEY_TYPE) | O(APQNS), cli_credential_seal },
	{ "wrap", "[PROFILE]", "wrap standard input with the root key", 0, 1, O(GEN), cli_wrap },
	{ "unwrap", "[PROFILE]", "unwrap a ciphertext from standard input", 0, 1, 0, cli_unwrap },
	{ "help", "[VERB]", "show verbs and their options", 0, 2, O(TABLE), cli_help },
	{ 0 },
};

static const struct option_row rows[OPTIONS] = {
	[OPTION_KEY_FILE] = { "key-file", "FILE", "existing passphrase from FILE, - for standard input" },
	[OPTION_HEADER_BACKUP] = { "header-backup", "FILE", "write a header backup to FILE first" },
	[OPTION_HEADER] = { "header", "DEVICE", "into this volume's header, for the source header:" },
	[OPTION_KEYSLOT] = { "keyslot", "N", "remove this keyslot instead of a binding" },
	[OPTION_LUKS2_KEYRING] = { "luks2-keyring", NULL, "let systemd open with the loaded key as well" },
	[OPTION_DRY_RUN] = { "dry-run", NULL, "check everything, change nothing" },
	[OPTION_JSON] = { "json", NULL, "print JSON" },
	[OPTION_VERBOSE] = { "verbose", NULL, "show everything that lszcrypt -V shows; short: -V" },
	[OPTION_RETRY] = { "retry", NULL, "go on behind the prompt" },
	[OPTION_NEEDS_NETWORK] = { "needs-network", NULL, "say whether this boot may need the network" },
	[OPTION_NEEDS_NAMES] = { "needs-names", NULL, "say whether an image must look names up" },
	[OPTION_CRYPTTAB] = { "crypttab", NULL, "print crypttab lines for configured volumes" },
	[OPTION_IMAGE_FILES] = { "image-files", NULL, "boot: print what an image needs; forget: overwrite it" },
	[OPTION_TABLE] = { "table", "NAME", "print a table: verbs options config cmdline outcomes warnings" },
	[OPTION_BIND] = { "bind", "BINDING", "add this binding too; may be repeated" },
	[OPTION_VOLUME_KEY_FILE] = { "volume-key-file", "FILE", "take the secure key in FILE" },
	[OPTION_ZKEY_NAME] = { "zkey-name", "NAME", "take this secure key of zkey's repository" },
	[OPTION_SAVE_KEY] = { "save-key", "NAME", "put the new key into zkey's repository" },
	[OPTION_RECOVERY_KEY] = { "recovery-key", NULL, "make a recovery key, and print it once" },
	[OPTION_NAME] = { "name", "NAME", "put the key into zkey's repository under NAME" },
	[OPTION_KEYBITS] = { "keybits", "BITS", "of the AES key: 128, 192 or 256 (the default)" },
	[OPTION_XTS] = { "xts", NULL, "make a key for XTS mode, which volumes use" },
	[OPTION_KEY_TYPE] = { "key-type", "TYPE", "CCA-AESCIPHER, CCA-AESDATA or EP11-AES" },
	[OPTION_APQNS] = { "apqns", "LIST", "only these domains: 00.0047,01.0047" },
	[OPTION_VOLUMES] = { "volumes", "LIST", "for zkey: /dev/dasda2:root,…" },
	[OPTION_SECTOR_SIZE] = { "sector-size", "BYTES", "of the encryption: 512 to 4096" },
	[OPTION_DESCRIPTION] = { "description", "TEXT", "for zkey" },
	[OPTION_LABEL] = { "label", "LABEL", "of the new header" },
	[OPTION_UUID] = { "uuid", "UUID", "of the new header; random if not given" },
	[OPTION_FORCE] = { "force", NULL, "overwrite what the device holds" },
	[OPTION_OFFLINE] = { "offline", NULL, "ask neither KMS nor card" },
	[OPTION_REWRAP_ONLY] = { "rewrap-only", NULL, "keep the secrets; let the newest root key wrap them" },
	[OPTION_OPEN] = { "open", NULL, "open volumes instead of loading their passphrases; for units" },
	[OPTION_GEN] = { "gen", NULL, "32 random bytes instead of standard input" },
	[OPTION_CRK] = { "crk", NULL, "a root key; there are no others here" },
	[OPTION_KEY_NAME] = { "name", "NAME", "of the new key" },
	[OPTION_KEY] = { "uuid", "UUID", "this root key instead of the default one" },
	[OPTION_FROM] = { "from", "PROFILE", "leave this one, if there are several" },
	[OPTION_TO] = { "to", "PROFILE", "of the new service" },
	[OPTION_FINISH] = { "finish", NULL, "a boot has used the new one: remove the old one" },
	[OPTION_ALL] = { "all", NULL, "everything that hangs on the service to leave" },
	[OPTION_KEYS] = { "keys", NULL, "the files of the keys directory" },
	[OPTION_PROMETHEUS] = { "prometheus", NULL, "print metrics for Prometheus' textfile collector" },
	[OPTION_CARDS] = { "cards", "FILE", "judge by another machine's cards: its cards --json in FILE" },
	[OPTION_INITRAMFS] = { "initramfs", "IMAGE", "ask the helper in IMAGE, and look what is in it" },
	[OPTION_NEXT_IMAGE] = { "next-image", NULL, "the same for the image that the next boot takes" },
	[OPTION_ALL_IMAGES] = { "all-images", NULL, "the same for each image that a boot entry names" },
	[OPTION_CONFIG] = { "config", "FILE", "read FILE instead of /etc/cexluks/cexluks.conf" },
	[OPTION_SYSROOT] = { "sysroot", "DIR", "read configuration and files below DIR" },
	[OPTION_TIMEOUT] = { "timeout", "SECONDS", "give up after SECONDS" },
	[OPTION_DEBUG] = { "debug", NULL, "show each step" },
	[OPTION_HELP] = { "help", NULL, "show the verb's options" },
};

const struct option_row *option_row(enum option_id id)
{
	return &rows[id];
}

const char *option_choices(enum option_id id)
{
	static const char *const choices[OPTIONS] = {
		[OPTION_TABLE] = "verbs options config cmdline outcomes warnings",
		[OPTION_KEYBITS] = "128 192 256",
		[OPTION_KEY_TYPE] = "CCA-AESCIPHER CCA-AESDATA EP11-AES",
		[OPTION_SECTOR_SIZE] = "512 1024 2048 4096",
	};

	return choices[id];
}

const struct program *verb_program(void)
{
	static const struct program ours = {
		"cexluks", "open encrypted disks at boot without anybody at the console", verbs
	};
	static const struct program old = {
		OLD_PROGRAM, "keys of a key management service, for LUKS and dm-crypt", old_verbs
	};

	return !strcmp(program_invocation_short_name, OLD_PROGRAM) ? &old : &ours;
}

const struct verb *verb_find(int argc, char **argv, int *ret_words)
{
	for (const struct verb *v = verb_program()->verbs; v->name; v++) {
		const char *space = strchr(v->name, ' ');
		size_t first = space ? (size_t)(space - v->name) : strlen(v->name);

		if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], v->name, first) != 0)
			continue;
		if (space && (argc < 2 || strcmp(argv[1], space + 1) != 0))
			continue;
		*ret_words = space ? 2 : 1;
		return v;
	}
	return NULL;
}
