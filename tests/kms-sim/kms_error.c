/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms_error.h"
#include "cleanup.h"
#include "random.h"

static const char *phrase(unsigned status)
{
	switch (status) {
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 409: return "Conflict";
	case 410: return "Gone";
	case 422: return "Unprocessable Entity";
	case 429: return "Too Many Requests";
	default:  return "Internal Server Error";
	}
}

static cJSON *error_envelope(cJSON *resource)
{
	cJSON *json = cJSON_CreateObject();
	cJSON *metadata = cJSON_AddObjectToObject(json, "metadata");

	cJSON_AddStringToObject(metadata, "collectionType", "application/vnd.ibm.kms.error+json");
	cJSON_AddNumberToObject(metadata, "collectionTotal", 1);
	cJSON_AddItemToArray(cJSON_AddArrayToObject(json, "resources"), resource);
	return json;
}

static cJSON *reason(unsigned status, const char *code, const char *message, const char *target)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	cJSON *json = cJSON_CreateObject(), *t;

	buffer_printf(&text, "%s%s", vary(8) ? "" : " ", code);
	cJSON_AddStringToObject(json, "code", text.data);
	cJSON_AddStringToObject(json, "message", message);
	cJSON_AddNumberToObject(json, "status", status);
	if (vary(4))
		cJSON_AddStringToObject(json, "moreInfo", "https://cloud.ibm.com/apidocs/key-protect");
	if (target) {
		t = cJSON_AddObjectToObject(json, "target");
		cJSON_AddStringToObject(t, "type", "field");
		cJSON_AddStringToObject(t, "name", target);
	}
	return json;
}

void kms_error(struct reply *reply, unsigned status, const char *code, const char *message,
	       const char *target)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	cJSON *resource = cJSON_CreateObject();

	switch (vary(4)) {
	case 0:
		buffer_printf(&text, "%s: %s: Please see `reasons` for more details (%s)",
			      phrase(status), message, code);
		break;
	case 1:
		buffer_printf(&text, "%s: %s. See 'reasons' for details ( %s)", phrase(status),
			      message, code);
		break;
	case 2:
		buffer_printf(&text, "%s: %s", phrase(status), message);
		break;
	default:
		buffer_printf(&text, "%s: action could not be performed on key", phrase(status));
		break;
	}
	cJSON_AddStringToObject(resource, "errorMsg", text.data);
	cJSON_AddItemToArray(cJSON_AddArrayToObject(resource, "reasons"),
			     reason(status, code, message, target));
	reply_json(reply, status, error_envelope(resource));
}

void kms_error_bare(struct reply *reply, unsigned status, const char *message)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	cJSON *resource = cJSON_CreateObject();

	buffer_printf(&text, "%s: %s", phrase(status),
		      vary(2) ? message : "The request could not be completed");
	cJSON_AddStringToObject(resource, "errorMsg", text.data);
	reply_json(reply, status, error_envelope(resource));
}
