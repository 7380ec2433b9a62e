/* What scontrol show licenses asks for. */
#include "applets/controller/controller.h"
#include "core/license.h"

static bool is_wanted(const struct license_query *m, const char *name)
{
	for (uint32_t i = 0; i < m->names.n; i++)
		if (text_eq(m->names.v[i], name))
			return true;
	return m->names.n == 0;
}

int on_license_query(struct request *r, struct err *err)
{
	const struct license *l;
	struct license_list list;
	size_t count = 0;
	(void)err;
	while (license_at(r->ctl->cluster, count))
		count++;
	schema_init(schema_of_license_list(), &list);
	list.licenses.v = arena_array(&r->arena, count + 1, sizeof(*list.licenses.v));
	list.now = controller_now();
	for (size_t i = 0; (l = license_at(r->ctl->cluster, i)); i++) {
		struct license_info *info = &list.licenses.v[list.licenses.n];
		if (!is_wanted(r->m, l->conf->name))
			continue;
		schema_init(schema_of_license_info(), info);
		info->name = l->conf->name;
		info->total = l->conf->total;
		info->used = l->used;
		list.licenses.n++;
	}
	answer(r, MSG_license_list, &list);
	return 0;
}
