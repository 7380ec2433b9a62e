#include "applets/client/json_rows.h"

#include "applets/applet.h"
#include "core/records.h"

#include <stdio.h>

void json_head(struct json *j, const char *plugin, const char *name)
{
	int major = 0, minor = 0, micro = 0;
	sscanf(SLURM_VERSION_TEXT, "%d.%d.%d", &major, &minor, &micro);
	json_object(j);
	json_key(j, "meta");
	json_object(j);
	json_key(j, "plugin");
	json_object(j);
	json_key(j, "type");
	json_str(j, plugin);
	json_key(j, "name");
	json_str(j, name);
	json_end(j);
	json_key(j, "Slurm");
	json_object(j);
	json_key(j, "version");
	json_object(j);
	json_key(j, "major");
	json_int(j, major);
	json_key(j, "micro");
	json_int(j, micro);
	json_key(j, "minor");
	json_int(j, minor);
	json_end(j);
	json_key(j, "release");
	json_str(j, SLURM_VERSION_TEXT);
	json_end(j);
	json_end(j);
	json_key(j, "errors");
	json_list(j);
	json_end(j);
}

void json_no_text(struct json *j, const void *record, const void *ctx)
{
	(void)record, (void)ctx;
	json_str(j, "");
}

void json_no_number(struct json *j, const void *record, const void *ctx)
{
	(void)record, (void)ctx;
	json_null(j);
}

void json_no_list(struct json *j, const void *record, const void *ctx)
{
	(void)record, (void)ctx;
	json_list(j);
	json_end(j);
}

void json_zero(struct json *j, const void *record, const void *ctx)
{
	(void)record, (void)ctx;
	json_int(j, 0);
}

void json_no(struct json *j, const void *record, const void *ctx)
{
	(void)record, (void)ctx;
	json_bool(j, false);
}

void json_time(struct json *j, int64_t time_us)
{
	json_int(j, time_us / CORE_SECOND);
}

void json_limit(struct json *j, uint32_t minutes)
{
	if (minutes == CORE_INFINITE || minutes == CORE_NO_VAL)
		json_null(j);
	else
		json_int(j, minutes);
}
