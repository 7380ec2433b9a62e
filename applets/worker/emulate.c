/* slurmd --emulate: one process that stands for many nodes, to measure a controller with. Each node has its
 * own key and its own session, registers, beats and answers by the code of a real worker, with the hardware
 * that slurm.conf says of it. A batch script is not run: it ends with 0 after the seconds that its lines
 * `sleep N` ask for. Nothing is written but the pid file and the log; a step of srun is refused. */
#include "applets/applet.h"
#include "applets/common/daemon.h"
#include "applets/worker/hardware.h"
#include "applets/worker/worker.h"
#include "conf/digest.h"
#include "core/util/hostlist.h"
#include "core/util/log.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A controller keeps that many connections of one host that have not said who they are (PENDING_PER_HOST). */
#define DIALS_MAX   48
#define FDS_OTHER   64
#define SLEEP_MAX_S 1e9

struct emulation {
	struct loop *loop;
	struct cluster_file *file;
	uint8_t hash[32];
	struct emulated *nodes;
	size_t n;
	size_t up;
	size_t dials;
	struct list waiting; /* struct emulated: time to dial, when another is through */
	bool dialling;       /* that list is being worked on */
	int64_t down_since;  /* on the loop's clock */
};

struct emulated {
	struct worker w;
	struct emulation *all;
	struct list waiting;
	bool dials, up;
};

static struct emulated *emulated_of(struct worker *w)
{
	return list_entry(w, struct emulated, w);
}

/* ---- jobs that only pass ---- */

static double line_sleeps_s(const char *line, size_t n)
{
	static const struct {
		char suffix;
		double seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	char word[32], *end;
	while (n > 0 && (*line == ' ' || *line == '\t'))
		line++, n--;
	if (n < 7 || memcmp(line, "sleep ", 6) != 0)
		return 0;
	snprintf(word, sizeof(word), "%.*s", (int)(n - 6), line + 6);
	double s = strtod(word, &end);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (*end == units[i].suffix)
			s *= units[i].seconds;
	return s > 0 ? s : 0;
}

/* What the script would sleep, if its lines were run one after the other. */
static int64_t script_sleeps_us(const struct schema_bytes *script)
{
	double s = 0;
	const char *at = (const char *)script->v, *end = at + script->n;
	while (at < end) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		s += line_sleeps_s(at, (size_t)((eol ? eol : end) - at));
		at = eol ? eol + 1 : end;
	}
	return (int64_t)((s < SLEEP_MAX_S ? s : SLEEP_MAX_S) * 1e6);
}

static void end(struct launch *l, uint32_t status)
{
	struct worker *w = l->worker;
	if (l->timer)
		loop_del_timer(w->loop, l->timer);
	l->timer = NULL;
	l->state = LAUNCH_ENDED;
	l->fate.serial = l->serial;
	l->fate.attempt = l->attempt;
	l->fate.step_id = l->step_id;
	l->fate.launch = l->number;
	l->fate.job_id = l->job_id;
	l->fate.status = status;
	l->fate.end_time = loop_wall_clock();
	control_send(w, MSG_step_fate, &l->fate);
}

static void slept(void *ctx)
{
	struct launch *l = ctx;
	l->timer = NULL;
	end(l, 0);
}

static int record(struct worker *w, const struct step_grant *g, struct err *err)
{
	(void)w;
	if (g->batch)
		return 0;
	return err_set(err, ERR_NOT_SUPPORTED,
	               "node %s is emulated (slurmd --emulate): it takes batch scripts, and no steps",
	               g->node);
}

static void start(struct launch *l, const struct step_grant *g)
{
	const struct step_started_report m = {
	        .serial = l->serial, .attempt = l->attempt, .step_id = l->step_id, .launch = l->number};
	l->state = LAUNCH_RUNNING;
	l->started = true;
	l->fate.start_time = loop_wall_clock();
	int64_t us = script_sleeps_us(&g->batch->script);
	l->sleeps_until = loop_clock() + us;
	l->timer = loop_add_timer(l->worker->loop, us, slept, l);
	control_send(l->worker, MSG_step_started_report, &m);
}

/* As a script that catches nothing. */
static bool signal_ends(const struct job_signal *m)
{
	static const int harmless[] = {SIGCHLD, SIGCONT, SIGURG,  SIGWINCH,
	                               SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (m->signal == (uint32_t)harmless[i])
			return false;
	return m->signal > 0 && m->signal < NSIG && (m->batch_only || m->full || m->signal == SIGKILL);
}

static void suspend(struct launch *l, bool resume)
{
	if (!l->timer == !resume)
		return; /* it is so already */
	if (resume) {
		l->timer = loop_add_timer(l->worker->loop, l->sleeps_until, slept, l);
		l->sleeps_until += loop_clock();
		return;
	}
	loop_del_timer(l->worker->loop, l->timer);
	l->timer = NULL;
	int64_t left = l->sleeps_until - loop_clock();
	l->sleeps_until = left > 0 ? left : 0;
}

static void tell(struct launch *l, enum link_type type, const void *order)
{
	const struct job_signal *sig = order;
	if (l->state != LAUNCH_RUNNING)
		return;
	if (type == LINK_END)
		end(l, SIGTERM);
	else if (type == LINK_SIGNAL && sig->suspend != SIGNAL_PLAIN)
		suspend(l, sig->suspend == SIGNAL_RESUME);
	else if (type == LINK_SIGNAL && signal_ends(sig))
		end(l, sig->signal);
}

static void forget(struct launch *l)
{
	map_del(&l->worker->by_number, l->number);
	launch_free(l);
}

static void ack(struct worker *w, uint64_t number)
{
	struct launch *l = map_get(&w->by_number, number);
	if (!l || l->state != LAUNCH_ENDED)
		return;
	uint64_t serial = l->serial;
	forget(l);
	jobs_launch_gone(w, serial);
}

static void disown(struct worker *w)
{
	list_each_safe (it, next, &w->launches)
		forget(list_entry(it, struct launch, in_all));
	jobs_disown(w);
}

static void obeyed(struct worker *w)
{
	(void)w; /* an emulated node forgets it all when it ends */
}

static void reconfigure(struct worker *w, const struct config_file_list *files)
{
	(void)files;
	if (w == &emulated_of(w)->all->nodes[0].w)
		log_error("reconfigure: emulated nodes are what slurm.conf said when they were started");
}

/* ---- connections ---- */

static void dial_next(struct emulation *all)
{
	if (all->dialling)
		return; /* one that fails at once comes here again */
	all->dialling = true;
	while (all->dials < DIALS_MAX && !list_empty(&all->waiting)) {
		struct emulated *e = list_entry(all->waiting.next, struct emulated, waiting);
		list_remove(&e->waiting);
		e->dials = true;
		all->dials++;
		control_dial(&e->w);
	}
	all->dialling = false;
}

static void dial(struct worker *w)
{
	struct emulated *e = emulated_of(w);
	list_remove(&e->waiting);
	list_append(&e->all->waiting, &e->waiting);
	dial_next(e->all);
}

static void settled(struct worker *w)
{
	struct emulated *e = emulated_of(w);
	struct emulation *all = e->all;
	bool up = control_is_up(w);
	if (e->dials) {
		e->dials = false;
		all->dials--;
	}
	if (up && !e->up && ++all->up == all->n)
		log_info("all %zu nodes are registered, after %.3f s", all->n,
		         (double)(loop_clock() - all->down_since) / 1e6);
	else if (!up && e->up && all->up-- == all->n)
		all->down_since = loop_clock();
	e->up = up;
	dial_next(all);
}

static const struct worker_orders emulated_orders = {.record = record,
                                                     .start = start,
                                                     .tell = tell,
                                                     .ack = ack,
                                                     .disown = disown,
                                                     .obeyed = obeyed,
                                                     .reconfigure = reconfigure,
                                                     .dial = dial,
                                                     .settled = settled};

/* ---- which nodes ---- */

static int check_names(const struct cluster_file *file, const struct hostlist *names, struct err *err)
{
	struct hostlist_iter it;
	struct map known;
	int rc = 0;
	map_init_text(&known);
	for (size_t i = 0; i < file->conf.core.node_count; i++)
		map_put_text(&known, file->conf.core.nodes[i].name, &file->conf.core.nodes[i]);
	hostlist_iter_init(&it, names);
	for (const char *name; rc == 0 && (name = hostlist_next(&it)) != NULL;)
		if (!map_get_text(&known, name))
			rc = err_set(err, ERR_INVALID_NODE_NAME, "-N: no node is named %s in %s", name,
			             file->path);
	map_free(&known);
	return rc;
}

static void add_node(struct emulation *all, const struct core_node_conf *node, const struct hardware *host)
{
	struct emulated *e = &all->nodes[all->n++];
	struct worker *w = &e->w;
	worker_init(w, &emulated_orders);
	e->all = all;
	list_init(&e->waiting);
	w->version = SLURM_VERSION_TEXT "-emulated";
	w->loop = all->loop;
	w->file = *all->file;
	w->node = node->name;
	w->node_addr = node->addr;
	w->port = (uint16_t)(node->port ? node->port : conf_u32(&w->file.conf, P_SlurmdPort));
	w->hardware = *host; /* arch and os are shared */
	w->hardware.cpus = node->cpus;
	w->hardware.boards = node->boards;
	w->hardware.sockets = node->sockets;
	w->hardware.cores_per_socket = node->cores_per_socket;
	w->hardware.threads_per_core = node->threads_per_core;
	w->hardware.real_memory = node->real_memory;
	w->hardware.tmp_disk = node->tmp_disk;
	w->start_time = loop_wall_clock();
	w->conf_hash = (struct schema_bytes){all->hash, sizeof(all->hash)};
}

static int add_nodes(struct emulation *all, const char *names, uint32_t count, const struct hardware *hw,
                     struct err *err)
{
	const struct cluster_conf *conf = &all->file->conf.core;
	char host[256] = "", brief[256];
	struct hostlist *list = names ? hostlist_parse(names, err) : NULL;
	if (names && (!list || check_names(all->file, list, err) != 0)) {
		hostlist_free(list);
		return -1;
	}
	if (gethostname(host, sizeof(host) - 1) != 0)
		host[0] = '\0';
	text_copy(brief, sizeof(brief), host);
	brief[strcspn(brief, ".")] = '\0';
	all->nodes = xcalloc(conf->node_count + 1, sizeof(*all->nodes));
	for (size_t i = 0; i < conf->node_count && (count == 0 || all->n < count); i++)
		if (list ? hostlist_contains(list, conf->nodes[i].name)
		         : worker_names_host(conf->nodes[i].hostname, host, brief))
			add_node(all, &conf->nodes[i], hw);
	hostlist_free(list);
	if (all->n > 0 && all->n >= count)
		return 0;
	return err_set(err, ERR_CONFIG,
	               "--emulate %u: %s has %zu nodes %s; write more into it, or name others with -N", count,
	               all->file->path, all->n, names ? "of that name" : "whose NodeHostname is this host's");
}

/* ---- running ---- */

static void stop(void *ctx, int signo)
{
	log_info("stopping on signal %d: the emulated nodes are gone", signo);
	loop_stop(ctx);
}

static void reopen(void *ctx, int signo)
{
	(void)ctx;
	(void)signo;
	log_reopen();
}

static int reserve_files(size_t n, struct err *err)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 0;
	limit.rlim_cur = limit.rlim_max;
	if (limit.rlim_max < n + FDS_OTHER)
		return err_set(
		        err, ERR_CONFIG,
		        "%zu nodes need %zu open files, and the limit is %llu: raise it with ulimit -n", n,
		        n + FDS_OTHER, (unsigned long long)limit.rlim_max);
	setrlimit(RLIMIT_NOFILE, &limit);
	return 0;
}

static int derive_keys(struct emulation *all, struct err *err)
{
	struct key_master *master = cluster_file_read_key(all->file, err);
	int rc = master ? 0 : -1;
	for (size_t i = 0; rc == 0 && i < all->n; i++) {
		struct worker *w = &all->nodes[i].w;
		w->key = key_host_derive(master, w->file.controller.cluster, KEY_CLASS_WORKER, w->node, 0,
		                         err);
		rc = w->key ? 0 : -1;
	}
	key_master_free(master);
	return rc;
}

static int begin(struct emulation *all, bool foreground, struct err *err)
{
	if ((!foreground && daemon_detach(err) != 0) || key_init(err) != 0 ||
	    worker_pidfile(&all->nodes[0].w, err) != 0 || derive_keys(all, err) != 0)
		return -1;
	all->loop = loop_new(err);
	if (!all->loop || loop_add_signal(all->loop, SIGTERM, stop, all->loop, err) != 0 ||
	    loop_add_signal(all->loop, SIGINT, stop, all->loop, err) != 0 ||
	    loop_add_signal(all->loop, SIGHUP, reopen, all, err) != 0 ||
	    loop_add_signal(all->loop, SIGUSR2, reopen, all, err) != 0)
		return -1;
	signal(SIGPIPE, SIG_IGN);
	all->down_since = loop_clock();
	for (size_t i = 0; i < all->n; i++) {
		all->nodes[i].w.loop = all->loop;
		control_start(&all->nodes[i].w);
	}
	return 0;
}

static void finish(struct emulation *all)
{
	for (size_t i = 0; i < all->n; i++) {
		struct worker *w = &all->nodes[i].w;
		if (w->control)
			control_stop(w);
		list_each_safe (it, next, &w->launches)
			launch_free(list_entry(it, struct launch, in_all));
		bcasts_free(w);
		map_free(&w->by_number);
		map_free(&w->children);
		map_free(&w->spool.done_set);
		jobs_free(w);
		arena_free(&w->own_arena);
		key_host_free(w->key);
		free(w->log.path);
	}
	if (all->loop)
		loop_free(all->loop);
	free(all->nodes);
	daemon_pidfile_remove();
}

int worker_emulate(const char *conf_path, const char *names, uint32_t count, const char *log,
                   unsigned verbose, bool foreground)
{
	struct cluster_file file = {0};
	struct emulation all = {.file = &file};
	struct hardware host;
	struct err err = {0};
	list_init(&all.waiting);
	const char *path = cluster_file_find(conf_path);
	if (!path)
		log_error("--emulate needs a slurm.conf on this host");
	if (!path || cluster_file_read(&file, path) != 0 || cluster_file_check(&file) != 0)
		return 1;
	slurm_conf_hash(&file.conf, &file.companions, all.hash);
	hardware_find(&host, NULL);
	umask(022);
	if (add_nodes(&all, names, count, &host, &err) == 0 && reserve_files(all.n, &err) == 0 &&
	    worker_open_log(&all.nodes[0].w, log, verbose, foreground, &err) == 0 &&
	    begin(&all, foreground, &err) == 0) {
		log_info("%zu nodes from %s on are emulated: for measuring. Nothing is run; a batch script "
		         "ends with exit code 0 after what its `sleep` lines ask for",
		         all.n, all.nodes[0].w.node);
		daemon_ready();
		loop_run(all.loop);
		daemon_notify("STOPPING=1");
	}
	if (err.code != 0)
		log_write(LOG_LEVEL_FATAL, "%s", err_text(&err));
	finish(&all);
	schema_free(schema_of_hardware(), &host);
	cluster_file_free(&file);
	return err.code == 0 ? 0 : 1;
}
