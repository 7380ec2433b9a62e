/* What a worker takes from slurm.conf: at its start, and again when it is told to (scontrol reconfigure,
 * SIGHUP). */
#include "applets/common/configless.h"
#include "applets/common/daemon.h"
#include "applets/worker/health.h"
#include "applets/worker/hardware.h"
#include "applets/worker/worker.h"
#include "conf/digest.h"
#include "core/util/log.h"

#include <stdlib.h>
#include <string.h>

/* ---- names and paths ---- */

bool worker_names_host(const char *name, const char *host, const char *short_host)
{
	return name && (strcmp(name, host) == 0 || strcmp(name, short_host) == 0);
}

const struct core_node_conf *worker_find_node(const struct worker *w, const struct cluster_file *file,
                                              const char *asked, const char *full_host)
{
	const struct cluster_conf *conf = &file->conf.core;
	for (size_t i = 0; i < conf->node_count; i++) {
		const struct core_node_conf *node = &conf->nodes[i];
		if (asked ? strcmp(node->name, asked) == 0
		          : worker_names_host(node->hostname, full_host, w->host))
			return node;
	}
	for (size_t i = 0; !asked && i < conf->node_count; i++)
		if (worker_names_host(conf->nodes[i].name, full_host, w->host))
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
	slurm_conf_hash(conf, &w->file.companions, w->hash);
	free(w->conf_digest.v);
	w->conf_digest.v = xmalloc(CONF_DIGEST_MAX);
	w->conf_digest.n = (uint32_t)slurm_conf_digest(conf, &w->file.companions, w->conf_digest.v);
	schema_free(schema_of_hardware(), &w->hardware);
	hardware_find(&w->hardware, w->tmp_fs);
	compare_hardware(w, node);
	w->cores_per_socket = node->cores_per_socket ? node->cores_per_socket : 1;
	w->cores = node->boards * node->sockets * w->cores_per_socket;
	w->threads_per_core = node->threads_per_core ? node->threads_per_core : 1;
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

/* ---- where it comes from ---- */

#define CACHE_NAME    "conf-cache"
#define CACHE_DEFAULT "/var/spool/slurmd/" CACHE_NAME /* where SlurmdSpoolDir isn't set */

/* The controller is away: what an earlier life of slurmd has kept is as good, and brought up to date later.
 */
static int load_kept(struct worker *w)
{
	char *places[] = {xprintf("%s/conf", configless_link_dir()), xstrdup(CACHE_DEFAULT)};
	int rc = -1;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct err err = {0};
		if (rc != 0 && (rc = configless_load(places[i], &w->fetched, &w->texts, &err)) == 0)
			log_info("the configuration that was kept in %s is used until the controller answers",
			         places[i]);
		else if (rc != 0)
			log_debug("%s", err_text(&err));
		free(places[i]);
	}
	return rc;
}

static int fetch(struct worker *w)
{
	struct err err = {0};
	if (configless_fetch(w->conf_servers, &w->fetched, &w->texts, &err) == 0)
		return 0;
	log_error("failed to fetch the configuration from %s: %s", w->conf_servers, err_text(&err));
	if (err.code == ERR_CONFIGLESS_DISABLED)
		log_error("set SlurmctldParameters=enable_configless there, and restart slurmctld");
	else if (err.code != ERR_CONFIG && load_kept(w) == 0)
		return 0;
	return -1;
}

int worker_read_configuration(struct worker *w, const char *conf_servers, const char *path)
{
	const char *servers = getenv("SLURM_CONF_SERVER");
	const char *found = conf_servers ? NULL : cluster_file_find(path);
	int rc;
	arena_init(&w->fetched);
	w->conf_servers = conf_servers ? conf_servers : found || !servers || !*servers ? NULL : servers;
	if (w->conf_servers) {
		rc = fetch(w) == 0 ? cluster_file_read_texts(&w->file, &w->texts) : -1;
	} else if (found) {
		rc = cluster_file_read(&w->file, found);
	} else {
		log_error("Could not establish a configuration source: there is no /etc/slurm/slurm.conf; "
		          "name the "
		          "controller by --conf-server HOST, or a file by -f FILE");
		rc = -1;
	}
	if (rc == 0 && cluster_file_check(&w->file) != 0) {
		cluster_file_free(&w->file);
		rc = -1;
	}
	if (rc == 0)
		w->conf_path = daemon_absolute_path(w->file.path);
	return rc;
}

/* In the spool, as Slurm does. */
static int worker_keep_texts(struct worker *w, struct cluster_file *file, struct err *err)
{
	char *dir = xprintf("%s/" CACHE_NAME, w->spool.path);
	int rc = configless_store(dir, &w->texts, err);
	if (rc == 0) {
		char *path = xprintf("%s/slurm.conf", dir);
		cluster_file_set_path(file, path);
		free(w->conf_path);
		w->conf_path = path;
		configless_link(dir);
	}
	free(dir);
	return rc;
}

int worker_keep_configuration(struct worker *w, struct err *err)
{
	return w->conf_servers ? worker_keep_texts(w, &w->file, err) : 0;
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

static const struct cluster_file *first_file(const struct worker *w)
{
	const struct worker_kept_file *kept = w->kept_files;
	while (kept && kept->next)
		kept = kept->next;
	return kept ? &kept->file : &w->file;
}

static void say_what_stays(const struct worker *w, const struct cluster_file *new,
                           const struct core_node_conf *node)
{
	static const enum param fixed[] = {P_ClusterName,   P_SlurmdSpoolDir, P_SlurmdPidFile,
	                                   P_SlurmdLogFile, P_SlurmctldPort,  P_AuthType,
	                                   P_SlurmUser,     P_SlurmdUser};
	const struct cluster_file *first = first_file(w);
	const struct slurm_conf *old = &first->conf;
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		say_stays(!text_eq(conf_str(old, fixed[i]), conf_str(&new->conf, fixed[i])),
		          param_rows[fixed[i]].name);
	say_stays(!text_eq(first->controller.name, new->controller.name), "SlurmctldHost");
	say_stays(!text_eq(first->controller_addr, new->controller_addr),
	          "the address of slurmctld (SlurmctldAddr, SlurmctldHost)");
	say_stays(!text_eq(first->own->key_file, new->own->key_file), "key_file of batchbox.conf");
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
	w->file.controller_addr = kept->file.controller_addr;
	w->file.controller_port = kept->file.controller_port;
	w->file.controller = kept->file.controller;
}

/* A key that can't be read leaves the old one in force. The connection to the controller is made anew with it
 * afterwards. */
static void take_key(struct worker *w)
{
	struct err err = {0};
	struct key_host *key = cluster_file_host_key(&w->file, KEY_CLASS_WORKER, w->node, &err);
	if (!key) {
		log_error("the key stays as it was: %s", err_text(&err));
		return;
	}
	if (w->server)
		server_set_keys(w->server, NULL, key);
	if (w->tickets)
		ticket_server_set_key(w->tickets, key);
	w->old_key = w->key;
	w->key = key;
}

/* Reads and checks what is to be in force; -1: it was logged why it can't be. */
static int read_new(struct worker *w, struct cluster_file *file, const struct conf_texts *texts)
{
	if ((texts ? cluster_file_read_texts(file, texts) : cluster_file_read(file, w->conf_path)) != 0) {
		log_error("slurm.conf has errors, so nothing was changed");
		return -1;
	}
	const struct core_node_conf *node =
	        w->own_node ? w->own_node : worker_find_node(w, file, w->node, w->host);
	if (!node)
		log_error("there is no NodeName=%s in %s any more, so nothing was changed", w->node,
		          texts ? "the slurm.conf of the controller" : w->conf_path);
	if (node && cluster_file_check(file) == 0)
		return 0;
	cluster_file_free(file);
	return -1;
}

static void put_in_force(struct worker *w, struct cluster_file *file)
{
	const struct core_node_conf *node =
	        w->own_node ? w->own_node : worker_find_node(w, file, w->node, w->host);
	say_what_stays(w, file, node);
	swap_files(w, file);
	take(w, node);
	containment_configure(w);
	take_key(w);
	daemon_log_again(&w->log, &w->file.conf);
	health_configured(w);
	log_info("slurm.conf was read again");
	/* What is different now is told by a new registration. */
	control_renew(w);
	/* A dialling that needed it has ended. */
	key_host_free(w->old_key);
	w->old_key = NULL;
}

static void take_files(struct worker *w, const struct config_file_list *files)
{
	struct cluster_file file;
	struct arena arena;
	struct conf_texts texts;
	struct err err = {0};
	arena_init(&arena);
	const struct conf_server *server = &w->file.own->server;
	if (configless_take(files, server->host ? server : NULL, &arena, &texts, &err) != 0) {
		log_error("%s, so nothing was changed", err_text(&err));
	} else if (configless_equal(&texts, &w->texts)) {
		log_info("the configuration that the controller sent is in force already");
	} else if (read_new(w, &file, &texts) == 0) {
		const struct conf_texts old = w->texts;
		w->texts = texts;
		if (worker_keep_texts(w, &file, &err) == 0) {
			const struct arena other = w->fetched; /* it is freed below */
			w->fetched = arena;
			arena = other;
			put_in_force(w, &file);
		} else {
			w->texts = old;
			log_error("%s, so nothing was changed", err_text(&err));
			cluster_file_free(&file);
		}
	}
	arena_free(&arena);
}

void worker_reconfigure(struct worker *w, const struct config_file_list *files)
{
	struct cluster_file file;
	if (files && files->n && !w->conf_servers)
		log_error("the controller sent files, but this slurmd has its own: they are not taken");
	else if (files && files->n)
		take_files(w, files);
	else if (w->conf_servers)
		control_renew(w); /* the controller sends what is new */
	else if (read_new(w, &file, NULL) == 0)
		put_in_force(w, &file);
}

void worker_configure_free(struct worker *w)
{
	free(w->conf_digest.v);
	free(w->working_cluster);
	arena_free(&w->fetched);
	cluster_file_free(&w->file);
	while (w->kept_files) {
		struct worker_kept_file *kept = w->kept_files;
		w->kept_files = kept->next;
		cluster_file_free(&kept->file);
		free(kept);
	}
}
