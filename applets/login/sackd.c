/* sackd: authentication for a login node, which runs neither slurmctld nor slurmd (compare sackd(8)): it
 * reads the key, derives its host key, and hands tickets to the users of this host. */
#include "applets/applet.h"
#include "applets/common/cluster_file.h"
#include "applets/common/configless.h"
#include "applets/common/daemon.h"
#include "applets/common/option_error.h"
#include "core/records.h"
#include "core/util/log.h"
#include "core/util/text.h"
#include "proto/conn.h"
#include "proto/key.h"
#include "proto/loop.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sackd_options {
	bool foreground;
	unsigned verbose;
	const char *conf, *conf_server, *log;
};

enum { OPTION_CONF_SERVER = 256, OPTION_HELP };

static const char usage[] = "Usage: sackd [OPTIONS]\n"
                            "   --conf-server host[:port]  Get configs from slurmctld at `host[:port]`.\n"
                            "   -D                         Run daemon in foreground.\n"
                            "   -f config                  Read configuration from the specified file.\n"
                            "   -h                         Print this help message.\n"
                            "   -L logfile                 Log messages to the file `logfile'.\n"
                            "   -v                         Verbose mode. Multiple -v's increase verbosity.\n"
                            "   -V                         Print version information and exit.\n";

static int parse_options(int argc, char **argv, struct sackd_options *o)
{
	static const struct option longs[] = {{"help", no_argument, NULL, OPTION_HELP},
	                                      {"version", no_argument, NULL, 'V'},
	                                      {"conf-server", required_argument, NULL, OPTION_CONF_SERVER},
	                                      {NULL, 0, NULL, 0}};
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, ":Df:hL:vV", longs, NULL)) != -1;) {
		switch (c) {
		case OPTION_CONF_SERVER:
			o->conf_server = optarg;
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
			option_error("sackd", c, argv);
			fputs(usage, stderr);
			return -1;
		}
	}
	if (optind < argc) {
		log_error("unexpected argument: %s", argv[optind]);
		return -1;
	}
	return 0;
}

static void stop(void *ctx, int signo)
{
	log_info("stopping on signal %d", signo);
	loop_stop(ctx);
}

/* ---- the configuration ---- */

/* Configless: where it comes from, and what came. */
struct fetched {
	const char *servers; /* NULL: it is in a file of this host */
	struct arena arena;
	struct conf_texts texts;
	char *dir;
	struct configless *follow;
	const struct cluster_file *file; /* as it was at the start */
	struct daemon_log *log;
};

static int read_configuration(struct cluster_file *file, struct fetched *f, const struct sackd_options *o)
{
	const char *env = getenv("SLURM_CONF_SERVER"),
	           *path = o->conf_server ? NULL : cluster_file_find(o->conf);
	struct err err = {0};
	f->file = file;
	if (path)
		return cluster_file_read(file, path);
	f->servers = o->conf_server ? o->conf_server : env && *env ? env : NULL;
	if (!f->servers)
		log_error("Could not establish a configuration source: there is no /etc/slurm/slurm.conf; "
		          "name the "
		          "controller by --conf-server HOST, or a file by -f FILE");
	if (!f->servers || configless_fetch(f->servers, &f->arena, &f->texts, &err) != 0) {
		if (f->servers)
			log_error("failed to fetch the configuration from %s: %s", f->servers,
			          err_text(&err));
		return -1;
	}
	return cluster_file_read_texts(file, &f->texts);
}

static int keep(struct fetched *f, const struct conf_texts *texts, struct err *err)
{
	if (configless_store(f->dir, texts, err) != 0)
		return -1;
	configless_link(f->dir);
	return 0;
}

/* A new configuration: for the commands of this host; what sackd itself has of it is fixed. */
static void changed(void *ctx, const struct conf_texts *texts)
{
	struct fetched *f = ctx;
	struct cluster_file file;
	struct err err = {0};
	const char *addr;
	uint16_t port;
	if (cluster_file_read_texts(&file, texts) != 0) {
		log_error("slurm.conf has errors, so nothing was changed");
		return;
	}
	if (strcmp(file.controller.cluster, f->file->controller.cluster) != 0 ||
	    strcmp(file.controller.name, f->file->controller.name) != 0)
		log_error("ClusterName and SlurmctldHost are what they were at the start until sackd is "
		          "restarted");
	if (keep(f, texts, &err) != 0)
		log_error("%s, so nothing was changed", err_text(&err));
	else
		log_info("the configuration came from the controller, and is kept in %s", f->dir);
	cluster_file_address(&file, &addr, &port);
	configless_also(f->follow, addr, port);
	daemon_log_again(f->log, &file.conf);
	cluster_file_free(&file);
}

static void unreachable(void *ctx, const struct err *err)
{
	const struct fetched *f = ctx;
	unsigned swallowed = 0;
	if (log_once_in("configless", 60, &swallowed))
		log_error("cannot follow the configuration of %s: %s", f->servers, err_text(err));
}

static int start_following(struct fetched *f, struct loop *loop, struct err *err)
{
	static const struct configless_ops ops = {.files = changed, .failed = unreachable};
	if (!f->servers)
		return 0;
	f->dir = xprintf("%s/sackd/conf-cache", cluster_file_run_dir(f->file));
	if (keep(f, &f->texts, err) != 0)
		return -1;
	f->follow = configless_start(loop, f->servers, true, &ops, f, err);
	return f->follow ? 0 : -1;
}

static void fetched_free(struct fetched *f)
{
	configless_stop(f->follow);
	free(f->dir);
	arena_free(&f->arena);
}

/* ---- serving ---- */

/* What runs of sackd. */
struct login {
	const struct cluster_file *file;
	char host[256];
	struct key_host *key;
	struct loop *loop;
	struct ticket_server *tickets;
	struct fetched *fetched;
	struct daemon_log log;
	char *conf_path; /* as it is found from the directory that a daemon works in */
};

/* The log's levels, from the file, or from what was kept of what the controller sent. */
static void read_levels(struct login *l)
{
	char *kept = l->fetched->dir ? xprintf("%s/slurm.conf", l->fetched->dir) : NULL;
	cluster_file_log_again(&l->log, kept ? kept : l->conf_path);
	log_reopen();
	free(kept);
}

/* SIGHUP: the key is read again. One that can't be read leaves the old one in force. */
static void reload(void *ctx, int signo)
{
	struct login *l = ctx;
	struct err err = {0};
	struct key_host *key = cluster_file_host_key(l->file, KEY_CLASS_LOGIN, l->host, &err);
	(void)signo;
	read_levels(l);
	if (!key) {
		log_error("the key stays as it was: %s", err_text(&err));
		return;
	}
	ticket_server_set_key(l->tickets, key);
	key_host_free(l->key);
	l->key = key;
	log_info("the key was read again; of slurm.conf only the log's levels are, until sackd is restarted");
}

static void reopen(void *ctx, int signo)
{
	(void)signo;
	read_levels(ctx);
}

static int add_signals(struct login *l, struct err *err)
{
	signal(SIGPIPE, SIG_IGN);
	return loop_add_signal(l->loop, SIGTERM, stop, l->loop, err) == 0 &&
	                       loop_add_signal(l->loop, SIGINT, stop, l->loop, err) == 0 &&
	                       loop_add_signal(l->loop, SIGHUP, reload, l, err) == 0 &&
	                       loop_add_signal(l->loop, SIGUSR2, reopen, l, err) == 0
	               ? 0
	               : -1;
}

static int open_tickets(struct login *l, struct err *err)
{
	char *dir = xprintf("%s/sackd", cluster_file_run_dir(l->file));
	const struct ticket_server_conf conf = {
	        .dir = dir,
	        .file = "auth",
	        .own = l->key,
	        .controller = l->file->controller.name,
	        .single_uid = cluster_file_single_user(l->file) ? geteuid() : CORE_NO_VAL};
	l->tickets = ticket_server_new(l->loop, &conf, err);
	free(dir);
	return l->tickets ? 0 : -1;
}

/* On a login node slurmd(8) of Slurm 22.05 would run: SlurmdDebug and SlurmdSyslogDebug are this daemon's. */
static int open_log(struct login *l, const struct sackd_options *o, struct err *err)
{
	l->log = (struct daemon_log){.debug = P_SlurmdDebug,
	                             .syslog = P_SlurmdSyslogDebug,
	                             .verbose = o->verbose,
	                             .foreground = o->foreground};
	l->fetched->log = &l->log;
	return daemon_log_start(&l->log, o->log ? o->log : l->file->own->sackd_log, &l->file->conf, err);
}

/* Where the other daemons of root have theirs; a user's own is beside his socket. */
static int make_pidfile(const struct cluster_file *file, struct err *err)
{
	char *path = file->own->sackd_pid             ? xstrdup(file->own->sackd_pid)
	             : cluster_file_single_user(file) ? xprintf("%s/sackd/pid", cluster_file_run_dir(file))
	                                              : xstrdup("/var/run/sackd.pid");
	int rc = daemon_parent(path, geteuid(), getegid(), err) == 0
	                 ? daemon_pidfile(path, geteuid(), getegid(), err)
	                 : -1;
	free(path);
	return rc;
}

static int run(struct login *l, const struct sackd_options *o, struct err *err)
{
	if (open_log(l, o, err) != 0 || (!o->foreground && daemon_detach(err) != 0) ||
	    make_pidfile(l->file, err) != 0 || key_init(err) != 0)
		return -1;
	l->key = cluster_file_host_key(l->file, KEY_CLASS_LOGIN, l->host, err);
	l->loop = l->key ? loop_new(err) : NULL;
	if (!l->loop || open_tickets(l, err) != 0 || add_signals(l, err) != 0 ||
	    start_following(l->fetched, l->loop, err) != 0)
		return -1;
	log_info("serving tickets of cluster %s for users of %s", l->file->controller.cluster, l->host);
	daemon_ready();
	loop_run(l->loop);
	daemon_notify("STOPPING=1");
	return 0;
}

static int serve(const struct cluster_file *file, const struct sackd_options *o, struct fetched *fetched,
                 struct err *err)
{
	struct login l = {.file = file, .fetched = fetched};
	if (gethostname(l.host, sizeof(l.host) - 1) != 0)
		return err_set(err, ERR_SYSTEM, "cannot read this host's name");
	l.host[strcspn(l.host, ".")] = '\0';
	l.conf_path = daemon_absolute_path(file->path);
	int rc = run(&l, o, err);
	fetched_free(fetched);
	ticket_server_free(l.tickets);
	if (l.loop)
		loop_free(l.loop);
	key_host_free(l.key);
	free(l.log.path);
	free(l.conf_path);
	daemon_pidfile_remove();
	return rc;
}

int sackd_main(int argc, char **argv)
{
	struct sackd_options o = {0};
	struct cluster_file file;
	struct err err = {0};
	log_init("sackd", LOG_LEVEL_INFO);
	if (parse_options(argc, argv, &o) != 0)
		return 1;
	log_set_stderr_level(o.verbose > 5 ? LOG_LEVEL_DEBUG5 : (enum log_level)(LOG_LEVEL_INFO + o.verbose));
	struct fetched fetched = {0};
	arena_init(&fetched.arena);
	if (read_configuration(&file, &fetched, &o) != 0)
		return 1;
	int rc = serve(&file, &o, &fetched, &err);
	if (rc != 0)
		log_write(LOG_LEVEL_FATAL, "%s", err_text(&err));
	cluster_file_free(&file);
	return rc == 0 ? 0 : 1;
}
