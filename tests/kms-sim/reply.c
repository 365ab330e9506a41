/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reply.h"
#include "cleanup.h"
#include "json.h"

#include <string.h>
#include <strings.h>

void reply_done(struct reply *reply)
{
	for (unsigned i = 0; i < reply->headers_count; i++) {
		free(reply->headers[i].name);
		free(reply->headers[i].value);
	}
	buffer_done(&reply->body);
	*reply = (struct reply){ 0 };
}

void reply_header(struct reply *reply, const char *name, const char *value)
{
	unsigned i;

	for (i = 0; i < reply->headers_count; i++)
		if (!strcasecmp(reply->headers[i].name, name))
			break;
	if (i == REPLY_HEADERS_MAX)
		return;
	if (i == reply->headers_count) {
		reply->headers[i].name = must_strdup(name);
		reply->headers_count++;
	} else {
		free(reply->headers[i].value);
	}
	reply->headers[i].value = must_strdup(value);
}

void reply_text(struct reply *reply, unsigned status, const char *type, const char *text)
{
	reply->status = status;
	buffer_clear(&reply->body);
	buffer_append(&reply->body, text, strlen(text));
	reply_header(reply, "Content-Type", type);
}

void reply_empty(struct reply *reply, unsigned status)
{
	reply->status = status;
	buffer_clear(&reply->body);
}

void reply_json(struct reply *reply, unsigned status, cJSON *json)
{
	_cleanup_free_ char *text = NULL;

	json_shuffle(json);
	text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	reply_text(reply, status, "application/json", text ? text : "");
}
