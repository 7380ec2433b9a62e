/* What a worker takes from slurm.conf: at its start, and again when it is told to (scontrol reconfigure,
 * SIGHUP). */
#include "applets/worker/hardware.h"
#include "applets/worker/worker.h"
#include "conf/digest.h"
#include "core/util/log.h"

#include <stdlib.h>
#include <string.h>

/* ---- names and paths ---- */

static bool names_host(const char *name, const char *host, const char *short_host)
{
	return name && (strcmp(name, host) == 0 || strcmp(name, short_host) == 0);
}

const struct core_node_conf *worker_find_node(const struct worker *w, const struct cluster_file *file,
                                              const char *asked, const char *full_host)
{
	const struct cluster_conf *conf = &file->conf.core;
	for (size_t i = 0; i < conf->node_count; i++) {
		const struct core_node_conf *node = &conf->nodes[i];
		if (asked ? strcmp(node->name, asked) == 0 : names_host(node->hostname, full_host, w->host))
			return node;
	}
	for (size_t i = 0; !asked && i < conf->node_count; i++)
		if (names_host(conf->nodes[i].name, full_host, w->host))
			return &conf->nodes[i];
	return NULL;
}

char *worker_expand_path(const struct worker *w, const char *path)
{
	struct text out = TEXT_EMPTY;
	for (const char *p = path; *p; p++) {
		if (p[0] == '%' && p[1] == 'n')
			text_add(&out, w->node);
		else if (p[0] == '%' && p[1] == 'h')
			text_add(&out, w->host);
		else {
			text_add_char(&out, *p);
			continue;
		}
		p++;
	}
	return text_take(&out);
}

/* ---- taking it ---- */

static void compare_hardware(const struct worker *w, const struct core_node_conf *node)
{
	const struct hardware *hw = &w->hardware;
	if (node->cpus == hw->cpus && node->boards == hw->boards && node->sockets == hw->sockets &&
	    node->cores_per_socket == hw->cores_per_socket && node->threads_per_core == hw->threads_per_core)
		return;
	log_info("Node configuration differs from hardware: CPUs=%u:%u(hw) Boards=%u:%u(hw) "
	         "SocketsPerBoard=%u:%u(hw) "
	         "CoresPerSocket=%u:%u(hw) ThreadsPerCore=%u:%u(hw)",
	         node->cpus, hw->cpus, node->boards, hw->boards, node->sockets, hw->sockets,
	         node->cores_per_socket, hw->cores_per_socket, node->threads_per_core, hw->threads_per_core);
}

/* What follows from the file and may change with it. */
static void take(struct worker *w, const struct core_node_conf *node)
{
	const struct slurm_conf *conf = &w->file.conf;
	w->append = conf_bool(conf, P_JobFileAppend);
	w->kill_wait_s = conf->core.kill_wait_s;
	w->tmp_fs = conf_str(conf, P_TmpFS);
	w->conf_hash = (struct schema_bytes){w->hash, sizeof(w->hash)};
	slurm_conf_hash(conf, w->hash);
	free(w->conf_digest.v);
	w->conf_digest.v = xmalloc(CONF_DIGEST_MAX);
	w->conf_digest.n = (uint32_t)slurm_conf_digest(conf, w->conf_digest.v);
	schema_free(schema_of_hardware(), &w->hardware);
	hardware_find(&w->hardware, w->tmp_fs);
	compare_hardware(w, node);
}

static uint16_t port_of(const struct cluster_file *file, const struct core_node_conf *node)
{
	return (uint16_t)(node->port ? node->port : conf_u32(&file->conf, P_SlurmdPort));
}

void worker_configure(struct worker *w, const struct core_node_conf *node)
{
	w->node = node->name;
	w->node_addr = node->addr;
	w->port = port_of(&w->file, node);
	w->working_cluster = xprintf("%s:%s:%u:9728:109", w->file.controller.cluster, w->file.controller.name,
	                             w->file.controller_port);
	take(w, node);
}

/* ---- again ---- */

/* The old file's memory: names in it are in use wherever a server was started with them. */
struct worker_kept_file {
	struct cluster_file file;
	struct worker_kept_file *next;
};

static void say_stays(bool differs, const char *what)
{
	if (differs)
		log_error("reconfigure: %s is what it was at the start until slurmd is restarted", what);
}

static void say_what_stays(const struct worker *w, const struct cluster_file *new,
                           const struct core_node_conf *node)
{
	static const enum param fixed[] = {P_ClusterName,   P_SlurmdSpoolDir, P_SlurmdPidFile,
	                                   P_SlurmdLogFile, P_SlurmctldPort,  P_AuthType,
	                                   P_SlurmUser};
	const struct slurm_conf *old = &w->file.conf;
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		say_stays(!text_eq(conf_str(old, fixed[i]), conf_str(&new->conf, fixed[i])),
		          param_rows[fixed[i]].name);
	say_stays(!text_eq(w->file.controller.name, new->controller.name), "SlurmctldHost");
	say_stays(w->port != port_of(new, node), "the port of slurmd");
	say_stays(!text_eq(w->node_addr, node->addr), "NodeAddr");
}

/* What the servers and the connection were started with stays. */
static void swap_files(struct worker *w, const struct cluster_file *new)
{
	struct worker_kept_file *kept = xcalloc(1, sizeof(*kept));
	*kept = (struct worker_kept_file){w->file, w->kept_files};
	w->kept_files = kept;
	w->file = *new;
	w->file.path = kept->file.path;
	w->file.controller_addr = kept->file.controller_addr;
	w->file.controller_port = kept->file.controller_port;
	w->file.controller = kept->file.controller;
}

void worker_reconfigure(struct worker *w)
{
	struct cluster_file file;
	enum log_level level;
	if (cluster_file_read(&file, w->conf_path) != 0) {
		log_error("slurm.conf has errors, so nothing was changed");
		return;
	}
	const struct core_node_conf *node = worker_find_node(w, &file, w->node, w->host);
	if (!node || cluster_file_check(&file) != 0) {
		if (!node)
			log_error("there is no NodeName=%s in %s any more, so nothing was changed", w->node,
			          w->conf_path);
		cluster_file_free(&file);
		return;
	}
	say_what_stays(w, &file, node);
	swap_files(w, &file);
	take(w, node);
	if (!w->keep_log_level && log_level_parse(conf_str(&w->file.conf, P_SlurmdDebug), &level)) {
		log_change_level(level);
		w->log_level = level;
	}
	log_info("slurm.conf was read again");
	/* What is different now is told by a new registration. */
	control_renew(w);
}

void worker_configure_free(struct worker *w)
{
	free(w->conf_digest.v);
	free(w->working_cluster);
	cluster_file_free(&w->file);
	while (w->kept_files) {
		struct worker_kept_file *kept = w->kept_files;
		w->kept_files = kept->next;
		cluster_file_free(&kept->file);
		free(kept);
	}
}
