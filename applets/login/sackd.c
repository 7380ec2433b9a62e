/* sackd: authentication for a login node, which runs neither slurmctld nor slurmd (compare sackd(8)): it
 * reads the key, derives its host key, and hands tickets to the users of this host. */
#include "applets/applet.h"
#include "applets/common/cluster_file.h"
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
	const char *conf;
};

static int parse_options(int argc, char **argv, struct sackd_options *o)
{
	static const struct option longs[] = {
	        {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'}, {NULL, 0, NULL, 0}};
	for (int c; (c = getopt_long(argc, argv, "Df:hvV", longs, NULL)) != -1;) {
		switch (c) {
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

/* This host's own key, from a master that is wiped before this returns. */
static struct key_host *own_key(const struct cluster_file *file, const char *host, struct err *err)
{
	struct key_master *master = cluster_file_read_key(file, err);
	struct key_host *key = NULL;
	if (master)
		key = key_host_derive(master, file->controller.cluster, KEY_CLASS_LOGIN, host, 0, err);
	key_master_free(master);
	return key;
}

static void stop(void *ctx, int signo)
{
	log_info("stopping on signal %d", signo);
	loop_stop(ctx);
}

/* Nothing is read again and there is no log file, but whoever tells all daemons of a host so must not end it.
 */
static void stay(void *ctx, int signo)
{
	(void)ctx;
	log_info("signal %d: sackd reads slurm.conf and the key when it is started", signo);
}

static int serve(const struct cluster_file *file, const struct sackd_options *o, struct err *err)
{
	char host[256] = "";
	int rc = -1;
	if (gethostname(host, sizeof(host) - 1) != 0)
		return err_set(err, ERR_SYSTEM, "cannot read this host's name");
	host[strcspn(host, ".")] = '\0';
	if ((!o->foreground && daemon_detach(err) != 0) || key_init(err) != 0)
		return -1;
	struct key_host *key = own_key(file, host, err);
	struct loop *loop = key ? loop_new(err) : NULL;
	if (loop && loop_add_signal(loop, SIGTERM, stop, loop, err) == 0 &&
	    loop_add_signal(loop, SIGINT, stop, loop, err) == 0 &&
	    loop_add_signal(loop, SIGHUP, stay, loop, err) == 0 &&
	    loop_add_signal(loop, SIGUSR2, stay, loop, err) == 0) {
		char *dir = xprintf("%s/sackd", cluster_file_run_dir(file));
		struct ticket_server_conf conf = {.dir = dir,
		                                  .file = "auth",
		                                  .own = key,
		                                  .controller = file->controller.name,
		                                  .single_uid = cluster_file_single_user(file) ? geteuid()
		                                                                               : CORE_NO_VAL};
		struct ticket_server *server = ticket_server_new(loop, &conf, err);
		if (server) {
			log_info("serving tickets of cluster %s for users of %s", file->controller.cluster,
			         host);
			daemon_ready();
			loop_run(loop);
			ticket_server_free(server);
			rc = 0;
		}
		free(dir);
	}
	if (loop)
		loop_free(loop);
	key_host_free(key);
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
	if (cluster_file_read(&file, o.conf) != 0)
		return 1;
	int rc = serve(&file, &o, &err);
	if (rc != 0)
		log_write(LOG_LEVEL_FATAL, "%s", err_text(&err));
	cluster_file_free(&file);
	return rc == 0 ? 0 : 1;
}
