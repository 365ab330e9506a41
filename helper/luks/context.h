/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to luks/: what header.c lends to its neighbours, so that rules are applied in one
 * place.
 */
#ifndef CEXLUKS_LUKS_CONTEXT_H
#define CEXLUKS_LUKS_CONTEXT_H

#include "base/attributes.h"
#include "luks/header.h"
#include "luks/library.h"
#include "luks/rules.h"

/* Borrowed from @header. */
const struct luks_facts *luks_header_facts(const struct luks_header *header);
const struct luks_device *luks_header_device(const struct luks_header *header);

/**
 * luks_header_context() - a library context on the sealed copy, ready to open @keyslot
 * @with_data: the context knows the data device too, for activation
 * @ret:       owned by the caller, must not outlive @header
 *
 * The keyslot's price is checked here. Its area is read from the device the first time only.
 *
 * Return: 0, LUKS_NOT_BOUND, LUKS_REFUSED, -errno.
 */
int luks_header_context(struct luks_header *header, int keyslot, bool with_data,
			struct crypt_device **ret, struct luks_reason *reason) _must_check_;

/* The same, without any key material. Return: 0, -errno. */
int luks_header_bare_context(const struct luks_header *header, bool with_data,
			     struct crypt_device **ret) _must_check_;

/* May @keyslot be opened here and now? Return: 0, LUKS_NOT_BOUND (no such keyslot), LUKS_REFUSED. */
int luks_header_check_cost(struct luks_header *header, int keyslot, struct luks_reason *reason)
	_must_check_;

/**
 * luks_header_check_context() - the same rules on a context of the real device, before a change
 *
 * Return: 0, LUKS_REFUSED, -errno.
 */
int luks_header_check_context(struct crypt_device *cd, struct luks_reason *reason) _must_check_;

#endif
