/* slurmd: a worker. Compare slurmd(8). */
#include "applets/applet.h"
#include "applets/common/daemon.h"
#include "applets/common/option_error.h"
#include "applets/common/users.h"
#include "applets/worker/health.h"
#include "applets/worker/hooks.h"
#include "applets/worker/hardware.h"
#include "applets/worker/worker.h"
#include "core/util/log.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct slurmd_options {
	bool foreground, print_hardware, print_gres, rebooted, lock_memory, change_dir;
	unsigned verbose;
	uint32_t joins; /* enum worker_joins */
	const char *conf, *conf_server, *log, *node, *feature, *node_conf;
	int nice;
	bool emulate;
	uint32_t emulated; /* 0: all */
};

/* ---- options ---- */

/* The real one's, but for what this one doesn't have or alone has. */
static const char usage[] =
        "Usage: slurmd [OPTIONS]\n"
        "   -b                         Report node reboot now.\n"
        "   -c                         Force cleanup of slurmd shared memory.\n"
        "   -C                         Print node configuration information and exit.\n"
        "   --conf                     Dynamic node configuration, works with -Z.\n"
        "   --conf-server host[:port]  Get configs from slurmctld at `host[:port]`.\n"
        "   -D                         Run daemon in foreground.\n"
        "   --emulate N                Be N nodes (0: all) of -N's or this host's, and run nothing.\n"
        "   -f config                  Read configuration from the specified file.\n"
        "   -F[feature]                Start as Dynamic Future node w/optional Feature.\n"
        "   -G                         Print node's GRES configuration and exit.\n"
        "   -h                         Print this help message.\n"
        "   -L logfile                 Log messages to the file `logfile'.\n"
        "   -M                         Use mlock() to lock slurmd pages into memory.\n"
        "   -n value                   Run the daemon at the specified nice value.\n"
        "   -N node                    Run the daemon for specified nodename.\n"
        "   -s                         Change working directory to SlurmdLogFile/SlurmdSpoolDir.\n"
        "   -v                         Verbose mode. Multiple -v's increase verbosity.\n"
        "   -V                         Print version information and exit.\n"
        "   -Z                         Start as Dynamic Normal node.\n";

enum { OPTION_CONF = 256, OPTION_CONF_SERVER, OPTION_EMULATE, OPTION_HELP };

static int parse_options(int argc, char **argv, struct slurmd_options *o)
{
	static const struct option longs[] = {{"help", no_argument, NULL, OPTION_HELP},
	                                      {"version", no_argument, NULL, 'V'},
	                                      {"conf", required_argument, NULL, OPTION_CONF},
	                                      {"conf-server", required_argument, NULL, OPTION_CONF_SERVER},
	                                      {"emulate", required_argument, NULL, OPTION_EMULATE},
	                                      {NULL, 0, NULL, 0}};
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, ":bcCd:Df:F::GhL:Mn:N:svVZ", longs, NULL)) != -1;) {
		switch (c) {
		case 'b':
			o->rebooted = true;
			break;
		case OPTION_CONF_SERVER:
			o->conf_server = optarg;
			break;
		case 'c':
			break;
		case 'C':
			o->print_hardware = true;
			break;
		case 'd': /* known, so that it is refused by name */
			log_error("-d: there is no slurmstepd program, this one is its own");
			return -1;
		case 'D':
			o->foreground = true;
			break;
		case OPTION_EMULATE:
			o->emulate = true;
			if (!text_to_u32(optarg, &o->emulated)) {
				log_error("--emulate %s: that is not a number of nodes (0: all)", optarg);
				return -1;
			}
			break;
		case 'f':
			o->conf = optarg;
			break;
		case 'F':
			o->joins = JOINS_AS_FUTURE;
			o->feature = text_or_null(optarg);
			break;
		case 'G':
			o->print_gres = true;
			break;
		case 'Z':
			o->joins = JOINS_AS_NEW;
			break;
		case OPTION_CONF:
			o->node_conf = optarg;
			break;
		case 'L':
			o->log = optarg;
			break;
		case 'M':
			o->lock_memory = true;
			break;
		case 'n':
			o->nice = daemon_nice_value(optarg);
			break;
		case 'N':
			o->node = optarg;
			break;
		case 's':
			o->change_dir = true;
			break;
		case 'v':
			o->verbose++;
			break;
		case 'V':
			puts("slurm " SLURM_VERSION_TEXT);
			exit(0);
		case 'h': /* as the real one */
			fputs(usage, stderr);
			exit(0);
		case OPTION_HELP:
			fputs(usage, stdout);
			exit(0);
		default:
			option_error("slurmd", c, argv);
			fputs(usage, stderr);
			return -1;
		}
	}
	if (optind < argc)
		log_error("unexpected argument: %s", argv[optind]);
	else if (o->node_conf && o->joins != JOINS_AS_NEW)
		log_error("--conf=%s is for slurmd -Z: what else a node is stands in slurm.conf",
		          o->node_conf);
	else if (o->node && o->joins == JOINS_AS_FUTURE)
		log_error("-N %s and -F: which node it becomes is the controller's choice", o->node);
	else
		return 0;
	return -1;
}

/* ---- who we are ---- */

/* The real one's word, and a line that helps. */
static void __attribute__((format(printf, 1, 2))) unknown_node(const char *fmt, ...)
{
	struct text why = TEXT_EMPTY;
	va_list ap;
	va_start(ap, fmt);
	text_vprintf(&why, fmt, ap);
	va_end(ap);
	log_write(LOG_LEVEL_FATAL, "Unable to determine this slurmd's NodeName");
	log_error("%s", text_str(&why));
	text_free(&why);
}

/* Our node's configuration; NULL with err set, or after the log has said why. */
static const struct core_node_conf *who_am_i(struct worker *w, const struct slurmd_options *o,
                                             struct err *err)
{
	const char *asked = o->node;
	char full[256] = "";
	if (gethostname(full, sizeof(full) - 1) != 0) {
		err_set(err, ERR_SYSTEM, "cannot read this host's name");
		return NULL;
	}
	text_copy(w->host, sizeof(w->host), full);
	w->host[strcspn(w->host, ".")] = '\0';
	w->joins = o->joins;
	w->feature = o->feature;
	if (o->joins == JOINS_AS_FUTURE)
		return join_as_future(w, err);
	const struct core_node_conf *node = worker_find_node(w, &w->file, asked, full);
	if (!node && o->joins == JOINS_AS_NEW)
		return join_as_new(w, asked ? asked : w->host, o->node_conf);
	if (!node && asked)
		unknown_node("no node is named %s in %s", asked, w->conf_path);
	else if (!node)
		unknown_node("no NodeName or NodeHostname in %s is this host's name %s; add it there, or "
		             "start slurmd with -N NAME",
		             w->conf_path, full);
	return node;
}

int worker_open_log(struct worker *w, const char *given, unsigned verbose, bool foreground, struct err *err)
{
	const char *path = given ? given : conf_str(&w->file.conf, P_SlurmdLogFile);
	w->log = (struct daemon_log){.debug = P_SlurmdDebug,
	                             .syslog = P_SlurmdSyslogDebug,
	                             .verbose = verbose,
	                             .foreground = foreground};
	char *expanded = path ? worker_expand_path(w, path) : NULL;
	int rc = daemon_log_start(&w->log, expanded, &w->file.conf, err);
	free(expanded);
	return rc;
}

/* -n, -M and -s. What fails is said; nobody is worse off than without. */
static void take_comforts(const struct worker *w, const struct slurmd_options *o)
{
	daemon_nice(o->nice);
	if (o->lock_memory && mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
		log_error("cannot lock slurmd's memory: %s", strerror(errno));
	if (o->change_dir) {
		char *spool = worker_expand_path(w, conf_str(&w->file.conf, P_SlurmdSpoolDir));
		daemon_log_chdir(&w->log, spool);
		free(spool);
	}
}

/* Every step has a link, and a session while it is claimed. Tasks get the old limit back. */
static void raise_open_files(struct worker *w)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
		return;
	w->open_files = limit.rlim_cur;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		w->open_files = 0;
}

/* ---- running ---- */

static void stop(void *ctx, int signo)
{
	log_info("stopping on signal %d: what runs here goes on", signo);
	loop_stop(ctx);
}

static void reopen(void *ctx, int signo)
{
	struct worker *w = ctx;
	if (signo == SIGHUP)
		worker_reconfigure(w, NULL);
	else
		cluster_file_log_again(&w->log, w->conf_path);
	log_reopen();
}

static int add_signals(struct worker *w, struct err *err)
{
	struct loop *loop = w->loop;
	if (loop_add_signal(loop, SIGTERM, stop, loop, err) != 0 ||
	    loop_add_signal(loop, SIGINT, stop, loop, err) != 0 ||
	    loop_add_signal(loop, SIGHUP, reopen, w, err) != 0 ||
	    loop_add_signal(loop, SIGUSR2, reopen, w, err) != 0)
		return -1;
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static int start_servers(struct worker *w, struct err *err)
{
	static const struct server_ops ops = {.accepted = local_accepted,
	                                      .step_known = grants_step_known,
	                                      .step_opened = grants_step_opened};
	bool single = cluster_file_single_user(&w->file);
	const struct server_conf conf = {.role = ROLE_WORKER,
	                                 .name = w->node,
	                                 .cluster = w->file.controller.cluster,
	                                 .own = w->key,
	                                 .version = SLURM_VERSION_TEXT,
	                                 .fd_reserve = 128,
	                                 .single_uid = single ? geteuid() : CORE_NO_VAL,
	                                 .slurm_uid = 0};
	w->server = server_new(w->loop, &conf, cluster_file_listen_at(w->node_addr), w->port, &ops, w, err);
	if (!w->server)
		return -1;
	char *dir = xprintf("%s/slurmd", cluster_file_run_dir(&w->file)), *file = xprintf("auth.%s", w->node);
	const struct ticket_server_conf tickets = {.dir = dir,
	                                           .file = file,
	                                           .own = w->key,
	                                           .controller = w->file.controller.name,
	                                           .worker = w->node,
	                                           .single_uid = single ? geteuid() : CORE_NO_VAL};
	w->tickets = ticket_server_new(w->loop, &tickets, err);
	free(dir);
	free(file);
	return w->tickets ? 0 : -1;
}

/* SlurmdUser, where slurm.conf names one: only root can start jobs of others, and a single user's his own. */
static int check_user(const struct worker *w, struct err *err)
{
	uid_t uid;
	const char *name = conf_str(&w->file.conf, P_SlurmdUser);
	if (!w->file.conf.values[P_SlurmdUser].text || (user_parse(name, &uid) == 0 && uid == geteuid()))
		return 0;
	return err_set(err, ERR_CONFIG,
	               "SlurmdUser=%s, but slurmd runs as uid %u: start it as %s, or change slurm.conf", name,
	               (unsigned)geteuid(), name);
}

int worker_pidfile(const struct worker *w, struct err *err)
{
	char *path = worker_expand_path(w, conf_str(&w->file.conf, P_SlurmdPidFile));
	int rc = daemon_parent(path, geteuid(), getegid(), err) == 0
	                 ? daemon_pidfile(path, geteuid(), getegid(), err)
	                 : -1;
	free(path);
	return rc;
}

static int open_spool(struct worker *w, struct err *err)
{
	uid_t slurm;
	gid_t group;
	if (cluster_file_slurm_user(&w->file, &slurm, &group, err) != 0)
		return -1;
	char *path = worker_expand_path(w, conf_str(&w->file.conf, P_SlurmdSpoolDir));
	int rc = worker_pidfile(w, err);
	if (rc == 0)
		rc = spool_open(&w->spool, path, slurm, err);
	if (rc == 0)
		rc = worker_keep_configuration(w, err);
	free(path);
	return rc;
}

static int start(struct worker *w, const struct slurmd_options *o, struct err *err)
{
	if (!o->foreground && daemon_detach(err) != 0)
		return -1;
	if (check_user(w, err) != 0 || key_init(err) != 0)
		return -1;
	w->key = cluster_file_host_key(&w->file, KEY_CLASS_WORKER, w->node, err);
	w->loop = w->key ? loop_new(err) : NULL;
	if (!w->loop || add_signals(w, err) != 0 || open_spool(w, err) != 0)
		return -1;
	take_comforts(w, o);
	w->start_time = loop_wall_clock();
	w->rebooted = o->rebooted;
	raise_open_files(w);
	shepherds_init(w);
	hooks_init(w);
	containment_configure(w);
	if (start_servers(w, err) != 0 || grants_load(w, err) != 0)
		return -1;
	containment_sweep(w);
	health_start(w);
	return 0;
}

static void stop_all(struct worker *w)
{
	if (w->control)
		control_stop(w);
	if (w->server)
		server_free(w->server);
	if (w->tickets)
		ticket_server_free(w->tickets);
	list_each_safe (it, next, &w->launches)
		launch_free(list_entry(it, struct launch, in_all));
	if (w->loop) {
		containment_free(w);
		health_stop(w);
		hooks_free(w);
	}
	bcasts_free(w);
	map_free(&w->by_number);
	map_free(&w->children);
	jobs_free(w);
	spool_close(&w->spool);
	if (w->loop)
		loop_free(w->loop);
	key_host_free(w->key);
	schema_free(schema_of_hardware(), &w->hardware);
	free(w->conf_path);
	free(w->log.path);
	free(w->node_line);
	arena_free(&w->own_arena);
	daemon_pidfile_remove();
	worker_configure_free(w);
}

static void keep_controller(struct worker *w)
{
	spool_write_controller(&w->spool, w->epoch, w->instance);
}

const struct worker_orders worker_orders = {.record = grants_record,
                                            .start = grants_start,
                                            .tell = shepherd_send,
                                            .ack = grants_ack,
                                            .disown = grants_disown,
                                            .obeyed = keep_controller,
                                            .reconfigure = worker_reconfigure,
                                            .dial = control_dial};

void worker_init(struct worker *w, const struct worker_orders *orders)
{
	*w = (struct worker){.orders = orders,
	                     .version = SLURM_VERSION_TEXT,
	                     .spool = {.dir = -1, .launches = -1, .done = -1}};
	map_init_u64(&w->spool.done_set);
	arena_init(&w->own_arena);
	list_init(&w->launches);
	list_init(&w->bcasts);
	map_init_u64(&w->by_number);
	map_init_u64(&w->children);
	map_init_u64(&w->hooks);
	map_init_u64(&w->hook_pids);
	list_init(&w->hook_queue);
	jobs_init(w);
}

static int print_hardware(void)
{
	struct hardware hw;
	char host[256] = "";
	if (gethostname(host, sizeof(host) - 1) != 0)
		return 1;
	host[strcspn(host, ".")] = '\0';
	hardware_find(&hw, NULL);
	hardware_print(&hw, host, stdout);
	schema_free(schema_of_hardware(), &hw);
	return 0;
}

int slurmd_main(int argc, char **argv)
{
	struct slurmd_options o = {0};
	struct worker w;
	struct err err = {0};
	log_init("slurmd", LOG_LEVEL_INFO);
	if (parse_options(argc, argv, &o) != 0)
		return 1;
	if (o.print_hardware)
		return print_hardware();
	if (o.emulate)
		return worker_emulate(o.conf, o.node, o.emulated, o.log, o.verbose, o.foreground);
	worker_init(&w, &worker_orders);
	if (worker_read_configuration(&w, o.conf_server, o.conf) != 0) {
		log_write(LOG_LEVEL_FATAL, "Unable to process configuration file");
		return 1;
	}
	const struct core_node_conf *node = who_am_i(&w, &o, &err);
	/* -G: a configuration with generic resources is not read at all. */
	if (node && !o.print_gres) {
		worker_configure(&w, node);
		umask(022);
		if (worker_open_log(&w, o.log, o.verbose, o.foreground, &err) == 0 &&
		    start(&w, &o, &err) == 0) {
			log_info("slurmd for node %s started, port %u", w.node, w.port);
			daemon_ready();
			loop_run(w.loop);
			daemon_notify("STOPPING=1");
		}
	}
	if (err.code != 0)
		log_write(LOG_LEVEL_FATAL, "%s", err_text(&err));
	stop_all(&w);
	return node && err.code == 0 ? 0 : 1;
}
