/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few things cJSON lacks. */
#ifndef SIM_JSON_H
#define SIM_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** json_parse() - whole text or nothing: no NUL, nothing after the value but white space */
cJSON *json_parse(const char *text, size_t length);
/** json_shuffle() - put the members of every object inside into another order */
void json_shuffle(cJSON *json);
/** json_string() - a member's text, or NULL when absent or not a string; borrowed from @json */
const char *json_string(const cJSON *json, const char *name);
long json_number(const cJSON *json, const char *name, long otherwise);
bool json_bool(const cJSON *json, const char *name, bool otherwise);
void json_add_time(cJSON *json, const char *name, int64_t when);

#endif
