/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files in the simulator's folder that tell tests where everything is. */
#ifndef SIM_PUBLISH_H
#define SIM_PUBLISH_H

#include <cjson/cJSON.h>
#include <stddef.h>

/** publish_path() - DIR/NAME, absolute where DIR can be resolved; owned by the caller */
char *publish_path(const char *dir, const char *name);
/** publish_text() - write a file (mode 0600) under another name and move it into place */
int publish_text(const char *dir, const char *name, const char *text);
int publish_json(const char *dir, const char *name, const cJSON *json);

#endif
