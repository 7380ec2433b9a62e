/* scontrol update, create and delete nodename=; and what a slurmd says that joins by itself. */
#include "applets/controller/controller.h"
#include "conf/node_part.h"
#include "core/util/hostlist.h"
#include "core/util/log.h"
#include "proto/permission.h"

#include <stdlib.h>
#include <string.h>

/* A host list, or ALL. Anything else is no name of a node. */
static struct hostlist *nodes_meant(const struct cluster *c, const char *text, struct err *err)
{
	struct hostlist *all;
	const struct node *node;
	struct err why = {0};
	if (!text_eq_nocase(text, "ALL")) {
		all = hostlist_parse(text, &why);
		if (!all || hostlist_count(all) == 0 || hostlist_count(all) > HOSTLIST_EXPAND_MAX) {
			hostlist_free(all);
			err_set(err, ERR_INVALID_NODE_NAME, "%s", "");
			return NULL;
		}
		return all;
	}
	all = hostlist_new();
	for (size_t i = 0; (node = node_at(c, i)); i++)
		hostlist_add_name(all, node->conf->name);
	return all;
}

/* A host list with a name for each of n nodes, or NULL for none; an empty one is one empty name. */
static int places_of(const char *text, uint64_t n, struct hostlist **out, struct err *err)
{
	struct err why = {0};
	*out = NULL;
	if (!text || !*text)
		return 0;
	*out = hostlist_parse(text, &why);
	return *out && hostlist_count(*out) == n ? 0 : err_set(err, ERR_INVALID_NODE_NAME, "%s", "");
}

/* All of them are known before any is changed. */
static int all_known(const struct cluster *c, const struct hostlist *nodes, struct err *err)
{
	struct hostlist_iter it;
	hostlist_iter_init(&it, nodes);
	for (const char *name; (name = hostlist_next(&it));)
		if (!node_by_name(c, name))
			return err_set(err, ERR_INVALID_NODE_NAME, "%s", "");
	return 0;
}

/* edit is the same for all nodes, but for where each is: addrs and hosts have a name for each, or are NULL.
 */
static int edit_all(struct request *r, const struct hostlist *nodes, const struct hostlist *addrs,
                    const struct hostlist *hosts, struct node_edit *edit, struct err *err)
{
	struct hostlist_iter it, addr, host;
	hostlist_iter_init(&it, nodes);
	if (addrs)
		hostlist_iter_init(&addr, addrs);
	if (hosts)
		hostlist_iter_init(&host, hosts);
	for (const char *name; (name = hostlist_next(&it));) {
		if (addrs)
			edit->addr = hostlist_next(&addr);
		if (hosts)
			edit->hostname = hostlist_next(&host);
		if (node_edit(r->ctl->cluster, name, edit, request_uid(r), controller_now(), err) != 0)
			return -1;
	}
	return 0;
}

int on_node_update(struct request *r, struct err *err)
{
	const struct node_update_request *m = r->m;
	struct hostlist *nodes = nodes_meant(r->ctl->cluster, m->nodes, err), *addrs = NULL, *hosts = NULL;
	struct node_edit edit = {.state = m->state,
	                         .reason = m->reason,
	                         .features = m->features,
	                         .features_act = m->features_act,
	                         .comment = m->comment,
	                         .extra = m->extra,
	                         .addr = m->addr,
	                         .hostname = m->hostname,
	                         .weight = m->weight};
	int rc = nodes ? all_known(r->ctl->cluster, nodes, err) : -1;
	if (rc == 0)
		rc = places_of(m->addr, hostlist_count(nodes), &addrs, err);
	if (rc == 0)
		rc = places_of(m->hostname, hostlist_count(nodes), &hosts, err);
	if (rc == 0)
		rc = edit_all(r, nodes, addrs, hosts, &edit, err);
	hostlist_free(addrs);
	hostlist_free(hosts);
	hostlist_free(nodes);
	if (rc == 0)
		answer_ok(r);
	return rc;
}

/* ---- made and removed ---- */

int on_node_create(struct request *r, struct err *err)
{
	const struct node_create_request *m = r->m;
	struct core_node_conf *nodes;
	size_t n;
	if (node_part_nodes(&r->ctl->file->conf, m->line, &r->arena, &nodes, &n, err) != 0)
		return -1;
	if (nodes[0].state != CONF_NODE_FUTURE && nodes[0].state != CONF_NODE_CLOUD)
		return err_set(err, ERR_INVALID_STATE, "%s", "");
	if (nodes_create(r->ctl->cluster, nodes, n, controller_now(), err) != 0)
		return -1;
	log_info("nodes were made by %s: %s", peer_title(r->peer), log_escape(m->line));
	answer_ok(r);
	return 0;
}

/* Those that can go, go; the answer names the others. */
int on_node_delete(struct request *r, struct err *err)
{
	const struct node_delete_request *m = r->m;
	struct cluster *c = r->ctl->cluster;
	struct hostlist *nodes = nodes_meant(c, m->nodes, err), *left = hostlist_new();
	struct hostlist_iter it;
	struct err why = {0};
	int rc = nodes ? 0 : err_set(err, ERR_INVALID_NODE_NAME, "%s", m->nodes);
	if (rc == 0) {
		hostlist_iter_init(&it, nodes);
		for (const char *name; (name = hostlist_next(&it));) {
			struct err not_gone = {0};
			if (node_delete(c, name, controller_now(), &not_gone) != 0) {
				why = not_gone;
				hostlist_add_name(left, name);
				rc = -1;
			} else {
				log_info("node %s was removed by %s", name, peer_title(r->peer));
			}
		}
		workers_close_foreign(r->ctl);
	}
	if (hostlist_count(left) > 0) {
		char *names = hostlist_string(left);
		err_set(err, (enum err_code)why.code, "%s", names);
		free(names);
	}
	hostlist_free(left);
	hostlist_free(nodes);
	if (rc == 0)
		answer_ok(r);
	return rc;
}

/* ---- slurmd -Z and -F ---- */

/* It goes into a NodeName line, where brackets and blanks would mean more than a name. */
static bool is_name(const char *s)
{
	return s && *s && strlen(s) <= 64 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == strlen(s);
}

int worker_join(struct request *r, const struct worker_register *m, struct err *err)
{
	struct cluster *c = r->ctl->cluster;
	struct core_node_conf *nodes;
	size_t n;
	if (m->joins != JOINS_AS_NEW)
		return 0;
	if (!node_by_name(c, m->node) && m->was_registered)
		return err_set(err, ERR_INVALID_NODE_NAME,
		               "node %s was deleted: start slurmd again there, if it is to join again",
		               m->node);
	if (!is_name(m->node) || !is_name(m->hostname))
		return err_set(err, ERR_INVALID_NODE_NAME, "a node can't be named %s on host %s", m->node,
		               m->hostname ? m->hostname : "(none)");
	const char *line =
	        arena_printf(&r->arena, "NodeName=%s %s", m->node, m->node_line ? m->node_line : "");
	if (node_part_nodes(&r->ctl->file->conf, line, &r->arena, &nodes, &n, err) != 0)
		return -1;
	if (n != 1 || !text_eq(nodes[0].name, m->node))
		return err_set(err, ERR_INVALID_NODE_NAME, "%s says that it is another node than %s",
		               log_escape(line), m->node);
	nodes[0].addr = arena_strdup(&r->arena, conn_peer(r->peer->conn)->address);
	nodes[0].hostname = m->hostname;
	nodes[0].port = m->port;
	nodes[0].state = CONF_NODE_UNKNOWN;
	nodes[0].reason = NULL;
	return node_join(c, nodes, controller_now(), err);
}

int on_future_query(struct request *r, struct err *err)
{
	const struct future_query *m = r->m;
	const struct session_peer *peer = conn_peer(r->peer->conn);
	struct future_reply reply;
	if (permission_check(r->type, peer, r->ctl->slurm_uid, CORE_NO_VAL, m->hostname, err) != 0)
		return -1;
	if (!is_name(m->hostname))
		return err_set(err, ERR_INVALID_NODE_NAME, "%s is no name of a host", m->hostname);
	const char *name = node_take_future(r->ctl->cluster, m->hostname, peer->address, m->hardware,
	                                    m->feature, controller_now(), err);
	if (!name)
		return -1;
	schema_init(schema_of_future_reply(), &reply);
	reply.node = (char *)(uintptr_t)name;
	log_info("the slurmd of host %s becomes node %s", m->hostname, name);
	answer(r, MSG_future_reply, &reply);
	return 0;
}
