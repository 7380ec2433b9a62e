#include "applets/client/hidden.h"

#include "applets/common/users.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_member(const gid_t *groups, int n, const char *list)
{
	char *copy = xstrdup(list), *rest = copy;
	bool is = false;
	for (char *word = text_split(&rest, ','); word && !is; word = text_split(&rest, ',')) {
		gid_t gid;
		if (!*word || group_by_name(word, &gid) != 0)
			continue;
		is = gid == getegid();
		for (int i = 0; i < n && !is; i++)
			is = groups[i] == gid;
	}
	free(copy);
	return is;
}

bool part_is_hidden(const struct part_info *part)
{
	if (geteuid() == 0)
		return false;
	if (part->hidden || !part->allow_groups)
		return part->hidden;
	int n = getgroups(0, NULL);
	gid_t *groups = xcalloc(n > 0 ? (size_t)n : 1, sizeof(*groups));
	n = n > 0 ? getgroups(n, groups) : 0;
	bool in = is_member(groups, n > 0 ? n : 0, part->allow_groups);
	free(groups);
	return !in;
}

int hidden_parts(struct connect *connection, struct arena *arena, struct map *names, struct err *err)
{
	struct part_query q;
	void *record = NULL;
	if (geteuid() == 0)
		return 0;
	schema_init(schema_of_part_query(), &q);
	if (connect_ask(connection, MSG_part_query, &q, MSG_part_list, arena, &record, err) != 0)
		return -1;
	const struct part_list *list = record;
	for (uint32_t i = 0; i < list->parts.n; i++)
		if (part_is_hidden(&list->parts.v[i]))
			map_put_text(names, list->parts.v[i].name, names);
	return 0;
}
