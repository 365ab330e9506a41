/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libdevmapper and reboot(2) as this test says: up to two mappings, of which only the table is asked.
 */
#ifndef CEXLUKS_TESTS_OP_FAKE_MAPPER_H
#define CEXLUKS_TESTS_OP_FAKE_MAPPER_H

#include "op/stage.h"

#include <libdevmapper.h>
#include <sys/reboot.h>

#include "luks/holder.h"

#define MAPPER_DEVICE "7:99" /* the loop device that lies over the scratch file */

struct mapping {
	const char *name; /* NULL: there is none */
	const char *uuid; /* of its LUKS header, without the dashes */
	const char *cipher;
	size_t key_size;
	uint64_t offset, sectors;
};

static struct {
	struct mapping mappings[2];
	unsigned ended; /* how often reboot(2) was called */
} mapper;

struct dm_task {
	const struct mapping *found;
	int type;
	char params[2048];
};

int reboot(int how)
{
	(void)how;
	mapper.ended++;
	return 0;
}

struct dm_task *dm_task_create(int type)
{
	struct dm_task *task = calloc(1, sizeof(*task));

	if (task)
		task->type = type;
	return task;
}

void dm_task_destroy(struct dm_task *task)
{
	free(task);
}

int dm_task_set_name(struct dm_task *task, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(mapper.mappings); i++)
		if (mapper.mappings[i].name && !strcmp(mapper.mappings[i].name, name))
			task->found = &mapper.mappings[i];
	return 1;
}

int dm_task_secure_data(struct dm_task *task)
{
	return task != NULL;
}

int dm_task_run(struct dm_task *task)
{
	return task->type == DM_DEVICE_TABLE && task->found;
}

int dm_task_get_errno(struct dm_task *task)
{
	return task->found ? EINVAL : ENXIO;
}

int dm_task_get_info(struct dm_task *task, struct dm_info *info)
{
	*info = (struct dm_info){ .exists = task->found != NULL, .live_table = 1 };
	return 1;
}

const char *dm_task_get_uuid(const struct dm_task *task)
{
	static char uuid[192];

	(void)snprintf(uuid, sizeof(uuid), "CRYPT-LUKS2-%s-%s", task->found->uuid, task->found->name);
	return uuid;
}

void *dm_get_next_target(struct dm_task *task, void *next, uint64_t *start, uint64_t *length,
			 char **type, char **params)
{
	static char crypt[] = "crypt";
	int used = snprintf(task->params, sizeof(task->params), "%s ", task->found->cipher);

	(void)next;
	memset(task->params + used, '0', 2 * task->found->key_size);
	used += (int)(2 * task->found->key_size);
	(void)snprintf(task->params + used, sizeof(task->params) - (size_t)used, " 0 " MAPPER_DEVICE " %llu",
		       (unsigned long long)task->found->offset);
	*start = 0;
	*length = task->found->sectors;
	*type = crypt;
	*params = task->params;
	return NULL;
}

/* Somebody has opened the stage's volume as @name; the table as its header has it, but for @cipher. */
static inline void mapper_opened(const struct stage *s, size_t i, const char *name, const char *cipher)
{
	struct crypt_device *cd = NULL;
	struct stat st;

	assert_int_equal(stat(s->disk->path, &st), 0);
	assert_int_equal(crypt_init(&cd, s->disk->path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	mapper.mappings[i] = (struct mapping){
		.name = name,
		.uuid = "96fa7ba752294f32a9d3849404febb0e",
		.cipher = cipher,
		.key_size = (size_t)crypt_get_volume_key_size(cd),
		.offset = crypt_get_data_offset(cd),
		.sectors = ((uint64_t)st.st_size >> 9) - crypt_get_data_offset(cd),
	};
	crypt_free(cd);
}

static inline void mapper_begin(struct stage *s)
{
	static char sysfs[96];

	memset(&mapper, 0, sizeof(mapper));
	(void)snprintf(sysfs, sizeof(sysfs), "%s/block", s->tree->root);
	tree_put(s->tree, "/block/" MAPPER_DEVICE "/loop/backing_file", s->disk->path);
	luks_holder_set_sysfs(sysfs);
}

#endif
