/* slurmd: a worker. Compare slurmd(8). */
#include "applets/applet.h"
#include "applets/common/daemon.h"
#include "applets/common/users.h"
#include "applets/worker/hardware.h"
#include "applets/worker/worker.h"
#include "core/util/log.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct slurmd_options {
	bool foreground, print_hardware, rebooted;
	unsigned verbose;
	const char *conf, *log, *node;
};

/* ---- options ---- */

static void print_usage(FILE *to)
{
	fputs("Usage: slurmd [OPTIONS]\n"
	      "   -b                         Report node reboot now.\n"
	      "   -c                         Accepted: there is nothing to clean up.\n"
	      "   -C                         Print node configuration information and exit.\n"
	      "   -D                         Run daemon in foreground.\n"
	      "   -f config                  Read configuration from the specified file.\n"
	      "   -h                         Print this help message.\n"
	      "   -L logfile                 Log messages to the file `logfile'.\n"
	      "   -N node                    Run the daemon for specified nodename.\n"
	      "   -v                         Verbose mode. Multiple -v's increase verbosity.\n"
	      "   -V                         Print version information and exit.\n",
	      to);
}

enum { OPTION_CONF = 256, OPTION_CONF_SERVER };

/* What slurmd has and we don't is known here, so that it is refused by name. */
static const char *not_served(int c)
{
	switch (c) {
	case 'd':
		return "-d: there is no slurmstepd program, this one is its own";
	case 'F':
	case 'Z':
	case OPTION_CONF:
		return "-F, -Z and --conf: dynamic nodes are not supported; write the node into slurm.conf";
	case 'G':
		return "-G: generic resources are not supported";
	case 'M':
		return "-M: locking slurmd's memory is not supported";
	case 'n':
		return "-n: use `nice -n VALUE slurmd ...` instead";
	case 's':
		return "-s is not supported: slurmd leaves no files in its working directory";
	case OPTION_CONF_SERVER:
		return "--conf-server: configless workers are not supported; copy slurm.conf to this host";
	default:
		return NULL;
	}
}

static int parse_options(int argc, char **argv, struct slurmd_options *o)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'},
	                                      {"version", no_argument, NULL, 'V'},
	                                      {"conf", required_argument, NULL, OPTION_CONF},
	                                      {"conf-server", required_argument, NULL, OPTION_CONF_SERVER},
	                                      {NULL, 0, NULL, 0}};
	for (int c; (c = getopt_long(argc, argv, "bcCd:Df:F::GhL:Mn:N:svVZ", longs, NULL)) != -1;) {
		const char *why = not_served(c);
		if (why) {
			log_error("%s", why);
			return -1;
		}
		switch (c) {
		case 'b':
			o->rebooted = true;
			break;
		case 'c':
			break;
		case 'C':
			o->print_hardware = true;
			break;
		case 'D':
			o->foreground = true;
			break;
		case 'f':
			o->conf = optarg;
			break;
		case 'L':
			o->log = optarg;
			break;
		case 'N':
			o->node = optarg;
			break;
		case 'v':
			o->verbose++;
			break;
		case 'V':
			puts("slurm " SLURM_VERSION_TEXT);
			exit(0);
		case 'h':
			print_usage(stdout);
			exit(0);
		default:
			print_usage(stderr);
			return -1;
		}
	}
	if (optind < argc) {
		log_error("unexpected argument: %s", argv[optind]);
		return -1;
	}
	return 0;
}

/* ---- who we are ---- */

static const struct core_node_conf *who_am_i(struct worker *w, const char *asked, struct err *err)
{
	char full[256] = "";
	if (gethostname(full, sizeof(full) - 1) != 0) {
		err_set(err, ERR_SYSTEM, "cannot read this host's name");
		return NULL;
	}
	text_copy(w->host, sizeof(w->host), full);
	w->host[strcspn(w->host, ".")] = '\0';
	const struct core_node_conf *node = worker_find_node(w, &w->file, asked, full);
	if (!node && asked)
		err_set(err, ERR_INVALID_NODE_NAME,
		        "Unable to determine this slurmd's NodeName: no node is named %s in %s", asked,
		        w->conf_path);
	else if (!node)
		err_set(err, ERR_INVALID_NODE_NAME,
		        "Unable to determine this slurmd's NodeName: no NodeName or NodeHostname in %s is "
		        "this host's name %s; "
		        "add it there, or start slurmd with -N NAME",
		        w->conf_path, full);
	return node;
}

/* The worker's own key, from a master that is wiped before this returns. */
static struct key_host *own_key(const struct worker *w, struct err *err)
{
	struct key_master *master = cluster_file_read_key(&w->file, err);
	struct key_host *key = NULL;
	if (master)
		key = key_host_derive(master, w->file.controller.cluster, KEY_CLASS_WORKER, w->node, 0, err);
	key_master_free(master);
	return key;
}

static int open_log(struct worker *w, const struct slurmd_options *o, struct err *err)
{
	enum log_level level = LOG_LEVEL_INFO;
	const char *configured = conf_str(&w->file.conf, P_SlurmdDebug);
	const char *path = o->log ? o->log : conf_str(&w->file.conf, P_SlurmdLogFile);
	if (configured && !log_level_parse(configured, &level))
		return err_set(err, ERR_CONFIG, "SlurmdDebug=%s is not a level of the log", configured);
	w->keep_log_level = o->verbose > 0;
	if (o->verbose)
		level = LOG_LEVEL_INFO + o->verbose > LOG_LEVEL_DEBUG5
		                ? LOG_LEVEL_DEBUG5
		                : (enum log_level)(LOG_LEVEL_INFO + o->verbose);
	log_set_stderr_level(level);
	if (!path)
		return 0;
	char *expanded = worker_expand_path(w, path);
	w->log_path = daemon_absolute_path(expanded);
	free(expanded);
	w->log_level = level;
	return daemon_parent(w->log_path, geteuid(), getegid(), err) == 0
	               ? log_open_file(w->log_path, level, err)
	               : -1;
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
	log_reopen();
	if (signo == SIGHUP)
		worker_reconfigure(ctx);
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

static bool is_loopback(const char *addr)
{
	return addr && (strncmp(addr, "127.", 4) == 0 || strcmp(addr, "localhost") == 0);
}

static int start_servers(struct worker *w, struct err *err)
{
	static const struct server_ops ops = {.step_known = grants_step_known,
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
	w->server = server_new(w->loop, &conf, single && is_loopback(w->node_addr) ? "127.0.0.1" : NULL,
	                       w->port, &ops, w, err);
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

static int open_spool(struct worker *w, struct err *err)
{
	uid_t slurm;
	gid_t group;
	if (cluster_file_slurm_user(&w->file, &slurm, &group, err) != 0)
		return -1;
	char *path = worker_expand_path(w, conf_str(&w->file.conf, P_SlurmdSpoolDir));
	char *pid_file = worker_expand_path(w, conf_str(&w->file.conf, P_SlurmdPidFile));
	int rc = daemon_pidfile(pid_file, geteuid(), getegid(), err);
	if (rc == 0)
		rc = spool_open(&w->spool, path, slurm, err);
	free(path);
	free(pid_file);
	return rc;
}

static int start(struct worker *w, const struct slurmd_options *o, struct err *err)
{
	if (!o->foreground && daemon_detach(err) != 0)
		return -1;
	if (check_user(w, err) != 0 || key_init(err) != 0)
		return -1;
	w->key = own_key(w, err);
	w->loop = w->key ? loop_new(err) : NULL;
	if (!w->loop || add_signals(w, err) != 0 || open_spool(w, err) != 0)
		return -1;
	w->start_time = loop_wall_clock();
	w->rebooted = o->rebooted;
	raise_open_files(w);
	shepherds_init(w);
	if (start_servers(w, err) != 0 || grants_load(w, err) != 0)
		return -1;
	control_start(w);
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
	map_free(&w->by_number);
	map_free(&w->children);
	jobs_free(w);
	spool_close(&w->spool);
	if (w->loop)
		loop_free(w->loop);
	key_host_free(w->key);
	schema_free(schema_of_hardware(), &w->hardware);
	free(w->conf_path);
	free(w->log_path);
	daemon_pidfile_remove();
	worker_configure_free(w);
}

static void init(struct worker *w)
{
	*w = (struct worker){.spool = {.dir = -1, .launches = -1, .done = -1}};
	list_init(&w->launches);
	map_init_u64(&w->by_number);
	map_init_u64(&w->children);
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
	init(&w);
	if (cluster_file_read(&w.file, o.conf) != 0 || cluster_file_check(&w.file) != 0)
		return 1;
	w.conf_path = daemon_absolute_path(w.file.path);
	const struct core_node_conf *node = who_am_i(&w, o.node, &err);
	if (node) {
		worker_configure(&w, node);
		umask(022);
		if (open_log(&w, &o, &err) == 0 && start(&w, &o, &err) == 0) {
			log_info("slurmd for node %s started, port %u", w.node, w.port);
			daemon_ready();
			loop_run(w.loop);
			daemon_notify("STOPPING=1");
		}
	}
	if (err.code != 0)
		log_write(LOG_LEVEL_FATAL, "%s", err_text(&err));
	stop_all(&w);
	return err.code == 0 ? 0 : 1;
}
