/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zkey's repository for verbs: cex/repository.h with words for what can go wrong.
 */
#ifndef CEXLUKS_OP_KEY_STORE_H
#define CEXLUKS_OP_KEY_STORE_H

#include "base/attributes.h"
#include "base/secret.h"
#include "cex/repository.h"
#include "op/verdict.h"

/* @sysroot: "" or the tree that the repository lies in. @ret: owned by the caller. */
enum outcome key_store_load(const char *sysroot, const char *name, struct secret **ret,
			    struct verdict *v) _must_check_;

/* Could a key of that name be added? Looks only; to be asked before what cannot be undone. */
enum outcome key_store_check(const char *sysroot, const char *name, struct verdict *v) _must_check_;

enum outcome key_store_add(const char *sysroot, const struct cex_entry *entry,
			   const struct secret *key, struct verdict *v) _must_check_;

#endif
