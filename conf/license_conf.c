#include "conf/license_conf.h"

#include "core/license.h"

#include <string.h>

static struct core_license_conf *known(const struct cluster_conf *c, const char *name, size_t n)
{
	for (size_t i = 0; i < c->license_count; i++)
		if (strlen(c->licenses[i].name) == n && memcmp(c->licenses[i].name, name, n) == 0)
			return &c->licenses[i];
	return NULL;
}

/* They are in order of their names, as they are shown. */
static struct core_license_conf *insert(struct cluster_conf *c, char *name)
{
	size_t at = c->license_count++;
	for (; at > 0 && strcmp(c->licenses[at - 1].name, name) > 0; at--)
		c->licenses[at] = c->licenses[at - 1];
	c->licenses[at] = (struct core_license_conf){.name = name};
	return &c->licenses[at];
}

void license_conf_read(struct slurm_conf *conf, struct conf_errors *errors)
{
	struct cluster_conf *c = &conf->core;
	const char *list = text_or_null(conf_str(conf, P_Licenses)), *name;
	size_t n, room = 1;
	uint32_t count;
	for (const char *p = list; p && *p; p++)
		room += *p == ',';
	c->licenses = arena_array(&conf->arena, room, sizeof(*c->licenses));
	while (license_next(&list, &name, &n, &count)) {
		struct core_license_conf *l = known(c, name, n);
		l = l ? l : insert(c, arena_strndup(&conf->arena, name, n));
		l->total += count;
	}
	if (list && *list)
		conf_error_add(errors, conf->values[P_Licenses].file, conf->values[P_Licenses].line,
		               "Licenses=%.60s: NAME[:COUNT],... is wanted, as fluent:4,matlab",
		               conf_str(conf, P_Licenses));
}
