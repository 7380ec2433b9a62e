/* scontrol create, update and delete partitionname=; and the groups that partitions name. */
#include "applets/common/users.h"
#include "applets/controller/controller.h"
#include "conf/node_part.h"
#include "core/util/log.h"

#include <string.h>

/* ---- groups: names become ids here, as the core knows no names ---- */

static void resolve_groups(struct core_part_conf *part, struct arena *arena)
{
	size_t cap = 1, n = 0;
	for (const char *p = part->allow_groups; p && *p; p++)
		cap += *p == ',';
	uint32_t *gids = arena_array(arena, cap, sizeof(*gids));
	char *list = arena_strdup(arena, part->allow_groups), *rest = list;
	for (char *word = list ? text_split(&rest, ',') : NULL; word; word = text_split(&rest, ',')) {
		gid_t gid;
		if (*word && group_by_name(word, &gid) == 0)
			gids[n++] = gid;
		else if (*word)
			log_error("partition %s: AllowGroups=%s: there is no such group", part->name, word);
	}
	part->allow_gids = gids;
	part->allow_gid_count = n;
}

void parts_resolve_groups(struct cluster_conf *conf, struct arena *arena)
{
	for (size_t i = 0; i < conf->part_count; i++)
		if (conf->parts[i].allow_groups)
			resolve_groups(&conf->parts[i], arena);
}

/* ---- the handler ---- */

static int apply_values(struct request *r, const struct part_update_request *m, struct core_part_conf *part,
                        struct err *err)
{
	for (uint32_t i = 0; i < m->keys.n && i < m->values.n; i++) {
		const char *name = m->keys.v[i];
		if (node_part_set(part, m->keys.v[i], m->values.v[i], &r->arena, &name) != PART_VALUE_OK)
			return err_set(err, ERR_NOT_SUPPORTED, "%s=%s is not supported for a partition", name,
			               m->values.v[i]);
	}
	if (part->allow_groups)
		resolve_groups(part, &r->arena);
	return 0;
}

int on_part_update(struct request *r, struct err *err)
{
	const struct part_update_request *m = r->m;
	struct cluster *c = r->ctl->cluster;
	const struct part *old = part_by_name(c, m->name);
	core_time now = controller_now();
	if (m->keys.n != m->values.n)
		return err_set(err, ERR_INVALID, "%u keys with %u values", m->keys.n, m->values.n);
	if (m->remove) {
		if (part_delete(c, m->name, now, err) != 0)
			return -1;
		log_info("partition %s was removed by %s", log_escape(m->name), peer_title(r->peer));
		answer_ok(r);
		return 0;
	}
	if ((old != NULL) == m->create || !*m->name || strpbrk(m->name, ", \t\n"))
		return err_set(err, ERR_INVALID_PARTITION, "%s", "");
	struct core_part_conf part = old ? *old->conf : node_part_default();
	part.name = m->name;
	if (!old)
		part.min_nodes = 1; /* as the real one makes it */
	if (apply_values(r, m, &part, err) != 0 || part_update(c, &part, m->create, now, err) != 0)
		return -1;
	log_info("partition %s was %s by %s", log_escape(m->name), m->create ? "made" : "changed",
	         peer_title(r->peer));
	answer_ok(r);
	return 0;
}
