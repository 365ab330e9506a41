/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/device.h"

#include <string.h>

void cex_device_load(const struct cex_place *place, struct cex_device *ret)
{
	*ret = (struct cex_device){
		.config = cex_attribute_number(place, "config"),
		.chkstop = cex_attribute_number(place, "chkstop"),
		.online = cex_attribute_number(place, "online"),
		.pending = cex_attribute_number(place, "pendingq_count"),
		.requested = cex_attribute_number(place, "requestq_count"),
	};
	(void)cex_attribute_line(place, "request_count", ret->requests, sizeof(ret->requests));
	(void)cex_attribute_line(place, "status", ret->passed, sizeof(ret->passed));
	cex_attribute_link(place, "driver", ret->driver, sizeof(ret->driver));
}

const char *cex_device_status(const struct cex_device *device)
{
	if (device->config == 0)
		return "deconfig";
	if (device->chkstop > 0)
		return "chkstop";
	if (device->online >= 0)
		return device->online ? "online" : "offline";
	return device->passed[0] ? device->passed : "-";
}

bool cex_device_is_served(const struct cex_device *device)
{
	const char *d = device->driver;

	return !strncmp(d, "cex", 3) && d[3] >= '0' && d[3] <= '9' &&
	       (!strcmp(d + 4, "card") || !strcmp(d + 4, "queue"));
}

bool cex_device_is_passed(const struct cex_device *device)
{
	return !strcmp(device->driver, "vfio_ap") || !strcmp(device->driver, "vfio-ap");
}

bool cex_device_is_online(const struct cex_device *device)
{
	return device->config != 0 && device->chkstop <= 0 && device->online > 0;
}
