/* scontrol update, create and delete nodename=; and what a slurmd says that joins by itself. */
#include "applets/controller/controller.h"
#include "conf/node_part.h"
#include "core/util/hostlist.h"
#include "core/util/log.h"
#include "proto/permission.h"

#include <stdlib.h>
#include <string.h>

/* A host list, or ALL. */
static struct hostlist *nodes_meant(const struct cluster *c, const char *text, struct err *err)
{
	struct hostlist *all;
	const struct node *node;
	if (!text_eq_nocase(text, "ALL"))
		return hostlist_parse(text, err);
	all = hostlist_new();
	for (size_t i = 0; (node = node_at(c, i)); i++)
		hostlist_add_name(all, node->conf->name);
	return all;
}

int on_node_update(struct request *r, struct err *err)
{
	const struct node_update_request *m = r->m;
	struct cluster *c = r->ctl->cluster;
	struct hostlist *nodes = nodes_meant(c, m->nodes, err);
	struct hostlist_iter it;
	const struct node_edit edit = {.state = m->state,
	                               .reason = m->reason,
	                               .features = m->features,
	                               .features_act = m->features_act,
	                               .comment = m->comment,
	                               .extra = m->extra,
	                               .addr = m->addr,
	                               .hostname = m->hostname,
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
	int rc = nodes && hostlist_count(nodes) <= HOSTLIST_EXPAND_MAX
	                 ? 0
	                 : err_set(err, ERR_INVALID_NODE_NAME, "%s", m->nodes);
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
