/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Good answers made bad in one particular way each, for clients that trust what a server sends.
 * All take the text of a JSON object and change it in place; anything else is left alone.
 */
#ifndef SIM_HOSTILE_H
#define SIM_HOSTILE_H

#include "buffer.h"

void hostile_wrong_types(struct buffer *body);
void hostile_nulls(struct buffer *body);
/** hostile_duplicates() - every member twice, a decoy first */
void hostile_duplicates(struct buffer *body);
/** hostile_unknown_members() - means the same; has a decoy whose name differs in case only */
void hostile_unknown_members(struct buffer *body);
/** hostile_escapes() - means the same: base64's characters as JSON escapes */
void hostile_escapes(struct buffer *body);
/** hostile_nul() - a NUL byte, or its escape, inside the most precious string */
void hostile_nul(struct buffer *body, const char *nul, size_t length);
void hostile_deep(struct buffer *body, size_t nesting);
void hostile_huge(struct buffer *body, size_t bytes);
void hostile_empty_plaintext(struct buffer *body);
/** hostile_other_plaintext() - right shape and length, other bytes */
void hostile_other_plaintext(struct buffer *body);
/** hostile_gzip() - the body as a gzip file */
void hostile_gzip(struct buffer *body);

#endif
