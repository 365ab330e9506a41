/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libcryptsetup is told about "cexluks pass": errno in the words of its token contract. It tries several
 * tokens, and any errno beside these four makes it give up on the others: so each failure of ours is one of two.
 *
 *  -EAGAIN  what opens the binding isn't there now: card, service, network, disk
 *  -ENOENT  this binding can't be used here; on to the next token, and to the passphrase
 *
 * ENOANO, "a PIN is missing or wrong", would have people asked for one: our bindings have none.
 * Source: crypt_activate_by_token_pin() in libcryptsetup.h and LUKS2_token_open_and_activate() in its
 * lib/luks2/luks2_token.c, 2.6.1 to 2.8.8.
 */
#ifndef CEXLUKS_PLUGIN_ANSWER_H
#define CEXLUKS_PLUGIN_ANSWER_H

/**
 * plugin_answer() - the errno for what became of the verb
 * @result: of program_read(), not 0
 * @status: of PROGRAM_FAILED: the exit status, which is the outcome's (op/outcome.h, cexluks(8))
 *
 * Return: -EAGAIN or -ENOENT.
 */
int plugin_answer(int result, int status);

#endif
