/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of earlier boots as a file that anything may have become: the next one is added, and can be read. */
#include "fuzz-folder.h"

#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "op/report.h"

#define UUID "96fa7ba7-5229-4f32-a9d3-849404febb0e"

static void check_written(const char *path)
{
	_cleanup_json_ cJSON *report = NULL;
	_cleanup_free_ char *text = NULL;
	const cJSON *runs;
	size_t len;

	PROMISE(file_read(path, REPORT_SIZE, &text, &len) == 0);
	PROMISE(json_parse(text, len, LIMIT_JSON_DEPTH, &report) == 0);
	runs = cJSON_GetObjectItemCaseSensitive(report, "runs");
	PROMISE(cJSON_IsArray(runs) && cJSON_GetArraySize(runs) >= 1 && cJSON_GetArraySize(runs) <= 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct report_run run = { .mode = "boot", .started_ms = 1, .after_failure = "", .after_refusal = "" };
	char path[128];

	json_setup();
	folder_put("report.json", data, len);
	(void)snprintf(path, sizeof(path), "%s/report.json", folder());
	if (report_opened_with(path, UUID, "kms:prod"))
		PROMISE(memmem(data, len, "volumes", 7) || memchr(data, '\\', len));
	PROMISE(report_write(path, &run) == 0);
	check_written(path);
	return 0;
}
