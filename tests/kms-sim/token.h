/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * API keys with their roles, and the bearer tokens issued for them. A token is a JWT of the usual
 * size whose signature means nothing: whose it is, is found by looking it up.
 */
#ifndef SIM_TOKEN_H
#define SIM_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

/* in rising order: each may do what the ones before it may */
enum role { ROLE_NONE, ROLE_READER, ROLE_READER_PLUS, ROLE_WRITER, ROLE_MANAGER };

bool role_parse(const char *text, enum role *ret);

void api_key_add(const char *key, enum role role);
bool api_key_find(const char *key, enum role *ret);

/** token_issue() - a new token, borrowed until token_forget_all() */
const char *token_issue(enum role role, unsigned lifetime_s);
/** token_role() - ROLE_NONE for an unknown or expired token */
enum role token_role(const char *token);
unsigned token_issued_count(void);
/** token_forget_all() - as if IAM had revoked them; the count stays */
void token_forget_all(void);
void token_done(void);

#endif
