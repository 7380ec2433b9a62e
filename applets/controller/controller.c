#include "applets/controller/controller.h"

#include "applets/controller/history.h"
#include "applets/controller/programs.h"
#include "core/util/log.h"

#include "conf/batchbox_conf.h"
#include "conf/digest.h"
#include "proto/fault.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define PURGE_FIRST_US 1000000
#define PURGE_US       60000000 /* between slices of the history's purge */
#define SHUTDOWN_US    2000000  /* at most, for the last words to leave: a peer may not be reading */
#define DUE_MAX_US     10000000 /* the wall clock may be set while we sleep */

core_time controller_now(void)
{
	return loop_wall_clock();
}

/* ---- the outbox's only way out ---- */

static void send_letter(void *ctx, uint64_t conn_id, uint32_t type, uint64_t id, const void *body, size_t n,
                        size_t left)
{
	const struct controller *ctl = ctx;
	if (conn_id == OUTBOX_SELF) {
		programs_take(ctl->programs, body, n);
		return;
	}
	struct peer *peer = peer_by_id(ctx, conn_id);
	if (!peer)
		return;
	conn_send_encoded(peer->conn, type, id, body, n);
	if (left == 0)
		peer_drained(peer);
}

static const struct outbox_ops outbox_ops = {.send = send_letter};

/* ---- rounds ---- */

static void due(void *ctx)
{
	struct controller *ctl = ctx;
	ctl->due_timer = NULL;
	ctl->due_at = 0;
}

static void arm_due(struct controller *ctl, core_time now)
{
	core_time next = ctl->degraded ? 0 : cluster_next_time(ctl->cluster);
	if (next == ctl->due_at && (next == 0 || ctl->due_timer))
		return;
	loop_del_timer(ctl->loop, ctl->due_timer);
	ctl->due_timer = NULL;
	ctl->due_at = next;
	if (next == 0)
		return;
	int64_t delay = next - now;
	ctl->due_timer = loop_add_timer(ctl->loop, delay > DUE_MAX_US ? DUE_MAX_US : delay, due, ctl);
}

static void run_cluster(struct controller *ctl, core_time now)
{
	core_time next = cluster_next_time(ctl->cluster);
	if (!ctl->touched && (next == 0 || next > now))
		return;
	bool wanted = next != 0 && next <= now;
	int64_t began = loop_clock();
	ctl->touched = false;
	cluster_run(ctl->cluster, now);
	if (wanted)
		stats_cycle(ctl->stats, ctl->cluster, loop_clock() - began);
}

/* Closes the round: what happened in it is one unit, on disk and to the outside. */
static void close_round(struct controller *ctl)
{
	store_hand_over(ctl->store);
	uint64_t committed = store_committed(ctl->store), seq = store_seq(ctl->store);
	/* While nothing can be written, reads are answered from what the disk has; orders wait. */
	outbox_close_round(ctl->outbox, ctl->degraded ? committed : seq, seq);
	outbox_release(ctl->outbox, committed);
}

/* In a build with fault points, whose restarts from the store no simulation of the core can see. */
static void check_invariants(struct controller *ctl)
{
	struct err err = {0};
	if (!fault_checks() || cluster_check(ctl->cluster, &err) == 0)
		return;
	log_write(LOG_LEVEL_FATAL, "an invariant of the cluster is broken: %s", err_text(&err));
	abort();
}

static void before_sleep(void *ctx)
{
	struct controller *ctl = ctx;
	if (!ctl->cluster || ctl->broken)
		return;
	core_time now = controller_now();
	if (!ctl->degraded) {
		run_cluster(ctl, now);
		submits_settle(ctl);
	}
	check_invariants(ctl);
	close_round(ctl);
	arm_due(ctl, now);
	if (ctl->leaving && outbox_waiting(ctl->outbox) == 0 && !peers_waiting(ctl))
		loop_stop(ctl->loop);
}

/* ---- loading ---- */

static void note(void *ctx, const char *text)
{
	(void)ctx;
	log_info("restoring: %s", text);
}

static int load_row(void *ctx, const struct schema *schema, const void *record, struct err *err)
{
	return cluster_load(ctx, schema, record, err);
}

/* A cluster from what the store has; ctl->cluster is NULL before. */
static int load_cluster(struct controller *ctl, struct err *err)
{
	const struct core_sink sink = controller_sink(ctl);
	parts_resolve_groups(&ctl->file->conf.core, &ctl->file->conf.arena);
	struct cluster_conf with_edits = ctl->file->conf.core;
	const struct cluster_conf *conf = &with_edits;
	with_edits.slurm_uid = ctl->slurm_uid;
	with_edits.keep_part_info |= ctl->keep_edits;
	with_edits.keep_node_edits |= ctl->keep_edits;
	ctl->keep_edits = true;
	ctl->cluster = cluster_new(conf, &sink);
	if (store_load(ctl->store, load_row, ctl->cluster, err) != 0)
		return -1;
	const struct meta *meta = cluster_meta(ctl->cluster);
	if (meta->cluster_name && !text_eq(meta->cluster_name, conf->cluster_name))
		return err_set(err, ERR_CONFIG,
		               "the state in %s is of cluster %s, and slurm.conf says ClusterName=%s: set "
		               "another StateSaveLocation, or the name back",
		               store_dir(ctl->store), meta->cluster_name, conf->cluster_name);
	cluster_start(ctl->cluster, controller_now(), ctl->instance, note, NULL);
	check_invariants(ctl);
	ctl->touched = true;
	return 0;
}

/* ---- a failed commit ---- */

static void retry(void *ctx)
{
	struct controller *ctl = ctx;
	ctl->retry_timer = NULL;
	store_retry(ctl->store);
}

static void give_up(struct controller *ctl, const struct err *err)
{
	log_write(LOG_LEVEL_FATAL, "the state can neither be written nor read again, ending: %s",
	          err_text(err));
	ctl->broken = true;
	loop_stop(ctl->loop);
}

/* Memory is ahead of the disk: go on from what the disk has. */
static void rebuild(struct controller *ctl)
{
	struct err err = {0};
	ctl->degraded = true;
	peers_close_workers(ctl);
	cluster_free(ctl->cluster);
	ctl->cluster = NULL;
	store_recover(ctl->store);
	if (load_cluster(ctl, &err) != 0) {
		give_up(ctl, &err);
		return;
	}
	waiters_loaded(ctl, ORPHAN_BOOT_US);
}

static void store_failed(void *ctx, const struct err *why)
{
	struct controller *ctl = ctx;
	struct err err = {0};
	unsigned swallowed = 0;
	if (log_once_in("store", 60, &swallowed))
		log_error("the state cannot be written, so nothing is changed until it can be: %s",
		          err_text(why));
	if (!store_on_trial(ctl->store)) {
		err_set(&err, ERR_STORE, "%s", "");
		outbox_fail(ctl->outbox, store_committed(ctl->store), &err, error_help(ERR_STORE));
		rebuild(ctl);
		return;
	}
	if (!ctl->retry_timer)
		ctl->retry_timer = loop_add_timer(ctl->loop, RETRY_US, retry, ctl);
}

static void store_wrote(void *ctx, uint64_t seq)
{
	struct controller *ctl = ctx;
	if (ctl->degraded && !store_on_trial(ctl->store)) {
		log_info("the state can be written again");
		ctl->degraded = false;
		ctl->touched = true;
	}
	outbox_release(ctl->outbox, seq);
}

static const struct store_ops store_ops = {.committed = store_wrote, .failed = store_failed};

/* ---- the history's end ---- */

/* A slice each time, so that neither the writer nor a reader of the history waits long. */
static void purge(void *ctx)
{
	struct controller *ctl = ctx;
	int64_t days = ctl->file->own->keep_days;
	ctl->purge_timer = loop_add_timer(ctl->loop, PURGE_US, purge, ctl);
	if (!ctl->degraded && days > 0)
		store_purge(ctl->store, controller_now() / CORE_SECOND - days * 86400);
}

/* ---- life ---- */

void controller_init(struct controller *ctl, struct loop *loop, struct cluster_file *file)
{
	memset(ctl, 0, sizeof(*ctl));
	ctl->loop = loop;
	ctl->file = file;
	ctl->first_file = file;
	ctl->boot_time = controller_now();
	ctl->slurm_uid = CORE_NO_VAL;
	map_init_text(&ctl->worker_keys);
	map_init_text(&ctl->workers);
	map_init_u64(&ctl->peers);
	map_init_u64(&ctl->waits);
	list_init(&ctl->unsettled);
	ctl->outbox = outbox_new(&outbox_ops, ctl);
	ctl->stats = stats_new();
}

int controller_load(struct controller *ctl, const struct store_conf *conf, struct err *err)
{
	randombytes_buf(ctl->instance, sizeof(ctl->instance));
	ctl->configless = conf_list_has(&ctl->file->conf, P_SlurmctldParameters, "enable_configless");
	config_push_check(ctl);
	programs_check(ctl);
	ctl->programs = programs_new(ctl);
	slurm_conf_hash(&ctl->file->conf, &ctl->file->companions, ctl->conf_hash);
	ctl->store = store_open(ctl->loop, conf, &store_ops, ctl, err);
	if (!ctl->store || load_cluster(ctl, err) != 0 || store_commit_now(ctl->store, err) != 0)
		return -1;
	memcpy(ctl->instance, cluster_meta(ctl->cluster)->instance.v, sizeof(ctl->instance));
	ctl->history = history_open(ctl->loop, store_dir(ctl->store), err);
	if (!ctl->history)
		return -1;
	waiters_loaded(ctl, ORPHAN_BOOT_US);
	loop_before_sleep(ctl->loop, before_sleep, ctl);
	workers_watch(ctl);
	ctl->purge_timer = loop_add_timer(ctl->loop, PURGE_FIRST_US, purge, ctl);
	log_info("%s in %s: %zu jobs, epoch %llu", store_is_new(ctl->store) ? "new state" : "state",
	         store_dir(ctl->store), job_count(ctl->cluster),
	         (unsigned long long)cluster_meta(ctl->cluster)->epoch);
	return 0;
}

struct kept_file {
	struct cluster_file *file;
	struct kept_file *next;
};

void controller_stop(struct controller *ctl)
{
	struct err err = {0};
	ctl->stopping = true;
	if (ctl->server)
		server_free(ctl->server);
	if (ctl->tickets)
		ticket_server_free(ctl->tickets);
	if (ctl->store && ctl->cluster && !ctl->broken && !ctl->degraded) {
		if (store_commit_now(ctl->store, &err) != 0)
			log_error("the last changes could not be written: %s", err_text(&err));
		close_round(ctl);
	}
	peers_close_all(ctl);
	waiters_free(ctl);
	history_close(ctl->history);
	store_close(ctl->store);
	cluster_free(ctl->cluster);
	loop_del_timer(ctl->loop, ctl->due_timer);
	loop_del_timer(ctl->loop, ctl->watch_timer);
	loop_del_timer(ctl->loop, ctl->retry_timer);
	loop_del_timer(ctl->loop, ctl->purge_timer);
	outbox_free(ctl->outbox);
	programs_free(ctl->programs);
	stats_free(ctl->stats);
	keys_free(ctl);
	map_free(&ctl->worker_keys);
	key_helper_end(ctl);
	map_free(&ctl->workers);
	map_free(&ctl->peers);
	while (ctl->kept_files) {
		struct kept_file *kept = ctl->kept_files;
		ctl->kept_files = kept->next;
		cluster_file_free(kept->file);
		free(kept->file);
		free(kept);
	}
}

/* ---- reconfigure ---- */

static void say_stays(bool differs, const char *what)
{
	if (differs)
		log_error("reconfigure: %s is what it was at the start until slurmctld is restarted", what);
}

static void say_what_stays(const struct cluster_file *old, const struct cluster_file *new)
{
	static const enum param fixed[] = {P_ClusterName, P_SlurmctldPort,    P_StateSaveLocation,
	                                   P_SlurmUser,   P_SlurmctldPidFile, P_SlurmctldLogFile,
	                                   P_AuthType};
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		say_stays(!text_eq(conf_str(&old->conf, fixed[i]), conf_str(&new->conf, fixed[i])),
		          param_rows[fixed[i]].name);
	say_stays(!text_eq(old->controller.name, new->controller.name), "SlurmctldHost");
	say_stays(!text_eq(old->controller_addr, new->controller_addr),
	          "the address of slurmctld (SlurmctldAddr, SlurmctldHost)");
	say_stays(!text_eq(old->own->key_file, new->own->key_file), "key_file of batchbox.conf");
}

/* A bad new file leaves the old one in force: NULL, and the log says why. */
static struct cluster_file *read_again(struct controller *ctl, struct err *err)
{
	struct cluster_file *file = xcalloc(1, sizeof(*file));
	if (cluster_file_read(file, ctl->conf_path) == 0) {
		if (cluster_file_check(file) == 0)
			return file;
		cluster_file_free(file);
	}
	free(file);
	err_set(err, ERR_CONFIG, "slurm.conf has errors, so nothing was changed: see the log of slurmctld");
	return NULL;
}

/* Those that are connected; the others never hear of it, as with Slurm. */
static void tell_workers(struct controller *ctl, uint32_t type, const void *order)
{
	size_t at = 0;
	void *entry;
	while (map_next(&ctl->workers, &at, &entry))
		outbox_add(ctl->outbox, ((const struct peer *)entry)->id, type, 0, true, order);
}

static void tell_reconfigured(struct controller *ctl)
{
	const struct worker_reconfigure order = {.epoch = cluster_meta(ctl->cluster)->epoch};
	size_t at = 0;
	void *entry;
	while (map_next(&ctl->workers, &at, &entry)) {
		const struct peer *peer = entry;
		if (ctl->configless && peer->worker->configless)
			config_push_worker(ctl, peer);
		else
			outbox_add(ctl->outbox, peer->id, MSG_worker_reconfigure, 0, true, &order);
	}
	if (ctl->configless)
		config_push_followers(ctl);
}

int controller_reconfigure(struct controller *ctl, bool hangup, struct err *err)
{
	struct cluster_file *file = read_again(ctl, err);
	if (!file)
		return -1;
	if (keys_load(ctl, err) != 0) {
		err_prefix(err, "nothing was changed");
		cluster_file_free(file);
		free(file);
		return -1;
	}
	parts_resolve_groups(&file->conf.core, &file->conf.arena);
	say_what_stays(ctl->first_file, file);
	file->conf.core.cluster_name = cluster_conf_of(ctl->cluster)->cluster_name;
	struct cluster_conf conf = file->conf.core;
	conf.keep_node_edits |= hangup;
	conf.slurm_uid = ctl->slurm_uid;
	cluster_reconfigure(ctl->cluster, &conf, controller_now(), note, NULL);
	ctl->touched = true;
	struct kept_file *kept = xcalloc(1, sizeof(*kept));
	*kept = (struct kept_file){file, ctl->kept_files};
	ctl->kept_files = kept;
	file->controller = ctl->file->controller;
	ctl->file = file;
	slurm_conf_hash(&file->conf, &file->companions, ctl->conf_hash);
	workers_close_foreign(ctl);
	daemon_log_again(&ctl->log, &file->conf);
	log_info("slurm.conf was read again");
	config_push_check(ctl);
	programs_check(ctl);
	tell_reconfigured(ctl);
	return 0;
}

int on_reconfigure(struct request *r, struct err *err)
{
	if (controller_reconfigure(r->ctl, false, err) != 0)
		return -1;
	answer_ok(r);
	return 0;
}

int on_ping(struct request *r, struct err *err)
{
	const struct msg_ping *m = r->m;
	const struct msg_pong pong = {.token = m->token};
	(void)err;
	answer(r, MSG_msg_pong, &pong);
	return 0;
}

static void leave(void *ctx)
{
	loop_stop(((struct controller *)ctx)->loop);
}

int on_shutdown(struct request *r, struct err *err)
{
	const struct shutdown_request *m = r->m;
	struct controller *ctl = r->ctl;
	(void)err;
	log_info("shutdown%s was asked for by %s", m->workers_too ? "" : " of slurmctld alone",
	         peer_title(r->peer));
	answer_ok(r);
	const struct worker_stop stop = {.epoch = cluster_meta(ctl->cluster)->epoch};
	if (m->workers_too && !ctl->degraded)
		tell_workers(ctl, MSG_worker_stop, &stop);
	/* before_sleep() ends the loop as soon as what was said now has left. */
	ctl->leaving = true;
	loop_add_timer(ctl->loop, SHUTDOWN_US, leave, ctl);
	return 0;
}
