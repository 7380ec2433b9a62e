/* scontrol update nodename= */
#include "applets/controller/controller.h"
#include "core/util/hostlist.h"

int on_node_update(struct request *r, struct err *err)
{
	const struct node_update_request *m = r->m;
	struct cluster *c = r->ctl->cluster;
	struct hostlist *nodes = hostlist_parse(m->nodes, err);
	struct hostlist_iter it;
	const struct node_edit edit = {.state = m->state,
	                               .reason = m->reason,
	                               .features = m->features,
	                               .features_act = m->features_act,
	                               .comment = m->comment,
	                               .extra = m->extra,
	                               .weight = m->weight};
	int rc = nodes && hostlist_count(nodes) <= HOSTLIST_EXPAND_MAX
	                 ? 0
	                 : err_set(err, ERR_INVALID_NODE_NAME, "%s", "");
	/* All of them are known before any is changed. */
	if (rc == 0) {
		hostlist_iter_init(&it, nodes);
		for (const char *name; rc == 0 && (name = hostlist_next(&it));)
			if (!node_by_name(c, name))
				rc = err_set(err, ERR_INVALID_NODE_NAME, "%s", "");
	}
	if (rc == 0) {
		hostlist_iter_init(&it, nodes);
		for (const char *name; rc == 0 && (name = hostlist_next(&it));)
			rc = node_edit(c, name, &edit, request_uid(r), controller_now(), err);
	}
	hostlist_free(nodes);
	if (rc == 0)
		answer_ok(r);
	return rc;
}
