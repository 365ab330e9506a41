/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to check*.c: how findings are noted. */
#ifndef CEXLUKS_OP_CHECK_FIND_H
#define CEXLUKS_OP_CHECK_FIND_H

#include "base/attributes.h"
#include "base/limits.h"
#include "luks/header.h"
#include "op/boot-setup.h"
#include "op/check.h"
#include "op/session.h"

struct checker {
	const struct check_request *request;
	struct boot_setup setup;
	struct op_session *session;
	struct cex_bus *elsewhere; /* the cards to judge by; NULL: this machine's */
	struct check *found;
	enum outcome first; /* the first failure, or OUTCOME_OK */
	const char *image; /* what is looked at, for findings; NULL: the running system */
	const char *options; /* of the kernel, that the next boot gives the image; NULL: those of now may be them */
	bool has_ip;	    /* of an image: the command line configures the network */
	bool unnamed;	    /* the one volume asked about: nothing that the boot reads names it */
	char *keys[LIMIT_KEY_FILES]; /* user keys of the keys directory that unwrap */
	size_t n_keys;
	bool no_memory;	    /* a finding was lost, so nothing may be called good */
};

/* A new finding, to be filled in; NULL: no memory, which was noted. */
struct check_finding *check_add(struct checker *c, const char *volume, const char *subject);

/* What an outcome says about @subject of @volume (may be ""). */
void check_found(struct checker *c, const char *volume, const char *subject,
		 const struct verdict *v);

/* What works, and why it may stop. */
void check_warn(struct checker *c, const char *volume, const char *subject, enum warning warning,
		const char *format, ...) _printf_(5, 6);

/* What another program of ours found, in JSON. Return: 0; -EBADMSG; -ENOMEM. */
int check_take(struct checker *c, const char *text, size_t len, enum outcome *ret) _must_check_;

/* What an image has to have: compared with this system, and by itself. Whether its helper can be asked. */
struct image_room;
bool check_image_files(struct checker *c, const char *image, const struct image_room *room);

/* While the image is the root directory: is there such a file, one of them, a hook of dracut's? What lacks is a finding. */
bool check_image_has(const char *path);
bool check_image_has_any(const char *const *paths);
bool check_image_has_hook(const char *name);
void check_image_hooks(struct checker *c, const char *subject, const char *const *hooks);
void check_image_missing(struct checker *c, const char *subject, const char *what);

/* Before that: what is known of the next command line. */
void check_image_network_outside(struct checker *c);

/* Likewise: what brings a network up, its configuration, and where it hears of name servers. */
void check_image_network(struct checker *c);

/* While the image is the root directory: the drivers of volumes, and what is to be loaded by name. */
void check_image_modules(struct checker *c);

/* What lies around it: the boot loader's map, the file system it is on. */
void check_image_place(struct checker *c, const char *image);

/* One image or every one that can be booted, all of the above. */
enum outcome check_images(struct checker *c, struct verdict *v);

/* The sum of all findings. */
enum outcome check_conclude(const struct checker *c, struct verdict *v);

/* Makes the plan one of what is to be looked at. */
enum outcome check_plan(struct checker *c, struct verdict *v);

/* Why the boot leaves a volume alone, or NULL. Of one that is named by path, once its header was read. */
const char *check_why_not_at_boot(const struct checker *c, const struct plan_volume *want);

/* One volume, all its bindings. */
void check_volume(struct checker *c, struct plan_volume *want);

/* Every file of the keys directory: is it a key, and does its service unwrap it? Loads none. */
void check_keys(struct checker *c);
void check_keys_done(struct checker *c);

/* The key among them that a luks2-keyring token of the volume names, or NULL. */
const char *check_key_of(const struct checker *c, const struct luks_header *header);

/* One service: the way there, the API key, the root key, and how long it will be there. */
void check_service(struct checker *c, const struct config_profile *profile);

#endif
