/* sackd: authentication for a login node, which runs neither slurmctld nor slurmd (compare sackd(8)): it
 * reads the key, derives its host key, and hands tickets to the users of this host. */
#include "applets/applet.h"
#include "applets/common/cluster_file.h"
#include "applets/common/configless.h"
#include "applets/common/daemon.h"
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
	const char *conf, *conf_server;
};

enum { OPTION_CONF_SERVER = 256 };

static int parse_options(int argc, char **argv, struct sackd_options *o)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'},
	                                      {"version", no_argument, NULL, 'V'},
	                                      {"conf-server", required_argument, NULL, OPTION_CONF_SERVER},
	                                      {NULL, 0, NULL, 0}};
	for (int c; (c = getopt_long(argc, argv, "Df:hvV", longs, NULL)) != -1;) {
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
		case 'v':
			o->verbose++;
			break;
		case 'V':
			puts("slurm " SLURM_VERSION_TEXT);
			exit(0);
		case 'h':
			puts("Usage: sackd [OPTIONS]\n"
			     "  --conf-server HOST[:PORT]  get the configuration from the controller at "
			     "HOST\n"
			     "  -D         run in the foreground\n"
			     "  -f FILE    read FILE as slurm.conf\n"
			     "  -v         say more (repeat for more)\n"
			     "  -V         print the version\n"
			     "  -h, --help print this");
			exit(0);
		default:
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
};

/* SIGHUP: the key is read again. One that can't be read leaves the old one in force. */
static void reload(void *ctx, int signo)
{
	struct login *l = ctx;
	struct err err = {0};
	struct key_host *key = cluster_file_host_key(l->file, KEY_CLASS_LOGIN, l->host, &err);
	(void)signo;
	if (!key) {
		log_error("the key stays as it was: %s", err_text(&err));
		return;
	}
	ticket_server_set_key(l->tickets, key);
	key_host_free(l->key);
	l->key = key;
	log_info("the key was read again; slurm.conf is read when sackd is started");
}

/* There is no log file, but whoever tells all daemons of a host so must not end it. */
static void stay(void *ctx, int signo)
{
	(void)ctx;
	log_info("signal %d: sackd has no log file", signo);
}

static int add_signals(struct login *l, struct err *err)
{
	return loop_add_signal(l->loop, SIGTERM, stop, l->loop, err) == 0 &&
	                       loop_add_signal(l->loop, SIGINT, stop, l->loop, err) == 0 &&
	                       loop_add_signal(l->loop, SIGHUP, reload, l, err) == 0 &&
	                       loop_add_signal(l->loop, SIGUSR2, stay, l, err) == 0
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

static int serve(const struct cluster_file *file, const struct sackd_options *o, struct fetched *fetched,
                 struct err *err)
{
	struct login l = {.file = file};
	int rc = -1;
	if (gethostname(l.host, sizeof(l.host) - 1) != 0)
		return err_set(err, ERR_SYSTEM, "cannot read this host's name");
	l.host[strcspn(l.host, ".")] = '\0';
	if ((!o->foreground && daemon_detach(err) != 0) || key_init(err) != 0)
		return -1;
	l.key = cluster_file_host_key(file, KEY_CLASS_LOGIN, l.host, err);
	l.loop = l.key ? loop_new(err) : NULL;
	if (l.loop && open_tickets(&l, err) == 0 && add_signals(&l, err) == 0 &&
	    start_following(fetched, l.loop, err) == 0) {
		log_info("serving tickets of cluster %s for users of %s", file->controller.cluster, l.host);
		daemon_ready();
		loop_run(l.loop);
		rc = 0;
	}
	fetched_free(fetched);
	ticket_server_free(l.tickets);
	if (l.loop)
		loop_free(l.loop);
	key_host_free(l.key);
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
