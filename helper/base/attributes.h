/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contracts the compiler reads. Nothing here changes what a function does.
 */
#ifndef CEXLUKS_BASE_ATTRIBUTES_H
#define CEXLUKS_BASE_ATTRIBUTES_H

#define _must_check_   __attribute__((warn_unused_result))
#define _nonnull_(...) __attribute__((nonnull(__VA_ARGS__)))
#define _printf_(f, a) __attribute__((format(printf, f, a)))
#define _noreturn_     __attribute__((noreturn))
#define _unused_       __attribute__((unused))
#define _cleanup_(fn)  __attribute__((cleanup(fn)))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
