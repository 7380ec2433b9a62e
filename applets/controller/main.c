/* slurmctld(8): start and stop. */
#include "applets/applet.h"
#include "applets/common/daemon.h"
#include "applets/common/option_error.h"
#include "applets/common/users.h"
#include "applets/controller/controller.h"
#include "core/util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_WANTED 65536

struct ctld_options {
	bool foreground, set_aside, skip_broken, keep_edits, change_dir;
	unsigned verbose;
	int nice;
	const char *conf, *log;
};

/* ---- options ---- */

/* The real one's; slurmctld(8) tells more. */
static const char usage[] = "Usage: slurmctld [OPTIONS]\n"
                            "  -c      \tDo not recover state from last checkpoint.\n"
                            "  -D      \tRun daemon in foreground, with logging copied to stdout.\n"
                            "  -f file \tUse specified file for slurmctld configuration.\n"
                            "  -h      \tPrint this help message.\n"
                            "  -i      \tIgnore errors found while reading in state files on startup.\n"
                            "  -L logfile \tLog messages to the specified file.\n"
                            "  -n value \tRun the daemon at the specified nice value.\n"
                            "  -R      \tRecover full state from last checkpoint.\n"
                            "  -s      \tChange working directory to SlurmctldLogFile/StateSaveLocation.\n"
                            "  -v      \tVerbose mode. Multiple -v's increase verbosity.\n"
                            "  -V      \tPrint version information and exit.\n";

enum { OPTION_HELP = 256 };

static int parse_options(int argc, char **argv, struct ctld_options *o)
{
	static const struct option longs[] = {{"help", no_argument, NULL, OPTION_HELP},
	                                      {"version", no_argument, NULL, 'V'},
	                                      {NULL, 0, NULL, 0}};
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, ":cdDf:hiL:n:rRsvV", longs, NULL)) != -1;) {
		switch (c) {
		case 'c':
			o->set_aside = true;
			break;
		case 'd':
			o->foreground = false;
			break;
		case 'D':
			o->foreground = true;
			break;
		case 'f':
			o->conf = optarg;
			break;
		case 'i':
			o->skip_broken = true;
			break;
		case 'L':
			o->log = optarg;
			break;
		case 'n':
			o->nice = daemon_nice_value(optarg);
			break;
		case 'R':
			o->keep_edits = true;
			break;
		case 'r':
			o->keep_edits = false;
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
			option_error("slurmctld", c, argv);
			fputs(usage, stderr);
			return -1;
		}
	}
	if (optind == argc)
		return 0;
	log_error("unexpected argument: %s", argv[optind]);
	return -1;
}

/* ---- the host ---- */

static void short_host(char out[256])
{
	if (gethostname(out, 255) != 0)
		text_copy(out, 256, "localhost");
	out[255] = '\0';
	out[strcspn(out, ".")] = '\0';
}

static bool is_host(const char *name, const char *host)
{
	size_t n = strcspn(name, ".");
	return (strlen(host) == n && strncmp(host, name, n) == 0) || strcmp(name, "localhost") == 0;
}

static int check_host(const struct cluster_file *file, const char *host, struct err *err)
{
	if (is_host(file->conf.hosts[0].name, host))
		return 0;
	for (size_t i = 1; i < file->conf.host_count; i++)
		if (is_host(file->conf.hosts[i].name, host))
			return err_set(err, ERR_NOT_SUPPORTED,
			               "this host (%s) is a backup controller (SlurmctldHost line %zu), and "
			               "batchbox has none yet: only %s serves, and this one stays out",
			               host, i + 1, file->conf.hosts[0].name);
	return err_set(err, ERR_CONFIG,
	               "this host (%s) is not the SlurmctldHost of %s (%s): start slurmctld there, or change "
	               "slurm.conf",
	               host, file->path, file->controller.name);
}

static void raise_file_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	if (geteuid() == 0 && limit.rlim_max < FILES_WANTED)
		limit.rlim_max = FILES_WANTED;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		log_debug("the limit of open files stays: %s", strerror(errno));
}

/* ---- what is done as root, or as whoever started us ---- */

struct account {
	uid_t uid;
	gid_t gid;
	const char *name;
	bool single_user;
};

/* The log is made while we are root, in whatever directory, and belongs to SlurmUser then. */
static int make_log(const char *path, const struct account *a, struct err *err)
{
	if (daemon_parent(path, a->uid, a->gid, err) != 0)
		return -1;
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(err, errno, "cannot open the log file %s", path);
	struct stat st;
	int rc = fstat(fd, &st) == 0 && S_ISREG(st.st_mode)
	                 ? 0
	                 : err_set(err, ERR_CONFIG, "the log file %s is no regular file", path);
	if (rc == 0 && geteuid() == 0 && st.st_uid != a->uid && fchown(fd, a->uid, a->gid) != 0)
		rc = err_sys(err, errno, "cannot give the log file %s to %s", path, a->name);
	close(fd);
	return rc;
}

static int make_state_directory(const char *path, const struct account *a, struct err *err)
{
	struct stat st;
	if (daemon_directory(path, a->uid, a->gid, 0700, err) != 0) {
		err_prefix(err, "StateSaveLocation");
		return -1;
	}
	if (stat(path, &st) == 0 && (st.st_mode & 07777) != 0700 &&
	    (geteuid() == 0 || st.st_uid == geteuid()) && chmod(path, 0700) == 0)
		log_info("%s is closed to others now (mode 0700)", path);
	if (stat(path, &st) == 0 && st.st_uid != a->uid)
		return err_set(err, ERR_CONFIG, "StateSaveLocation: %s belongs to uid %u: chown it to %s",
		               path, (unsigned)st.st_uid, a->name);
	return 0;
}

static int make_directories(const struct cluster_file *file, const struct account *a, const char *log,
                            struct err *err)
{
	const char *run_dir = cluster_file_run_dir(file),
	           *pid_file = conf_str(&file->conf, P_SlurmctldPidFile);
	char *own_run_dir = xprintf("%s/slurmctld", run_dir);
	int rc = make_state_directory(conf_str(&file->conf, P_StateSaveLocation), a, err);
	if (rc == 0 && geteuid() == 0)
		rc = daemon_directory(run_dir, 0, 0, 0755, err);
	if (rc == 0)
		rc = daemon_directory(own_run_dir, a->uid, a->gid, 0755, err);
	if (rc == 0 && log)
		rc = make_log(log, a, err);
	if (rc == 0)
		rc = daemon_parent(pid_file, a->uid, a->gid, err) == 0
		             ? daemon_pidfile(pid_file, a->uid, a->gid, err)
		             : -1;
	free(own_run_dir);
	return rc;
}

static int find_account(const struct cluster_file *file, struct account *a, struct err *err)
{
	a->name = conf_str(&file->conf, P_SlurmUser);
	a->single_user = cluster_file_single_user(file);
	return cluster_file_slurm_user(file, &a->uid, &a->gid, err);
}

static int read_key(struct controller *ctl, struct err *err)
{
	return key_init(err) == 0 ? keys_load(ctl, err) : -1;
}

/* Before anything else is opened, and before there is a thread. */
static int start_key_helper(struct controller *ctl, const struct account *a, struct err *err)
{
	struct key_files files;
	if (geteuid() != 0 || a->uid == 0)
		return 0;
	return cluster_file_key_files(ctl->file, &files, err) == 0 ? key_helper_start(ctl, &files, err) : -1;
}

/* ---- signals ---- */

static void on_stop(void *ctx, int signo)
{
	struct controller *ctl = ctx;
	log_info("ending on signal %d", signo);
	daemon_notify("STOPPING=1");
	loop_stop(ctl->loop);
}

static void on_hangup(void *ctx, int signo)
{
	struct controller *ctl = ctx;
	struct err err = {0};
	(void)signo;
	if (ctl->degraded)
		log_error("reconfigure: the state cannot be written just now, so nothing is changed");
	else if (controller_reconfigure(ctl, true, &err) != 0)
		log_error("reconfigure: %s", err_text(&err));
	log_reopen();
}

/* slurmctld(8): the level is read again, nothing else. */
static void on_reopen(void *ctx, int signo)
{
	struct controller *ctl = ctx;
	(void)signo;
	cluster_file_log_again(&ctl->log, ctl->conf_path);
	log_reopen();
}

static void nothing(void *ctx, int signo)
{
	(void)ctx;
	log_debug("signal %d has no effect", signo);
}

/* slurmctld(8) ignores these. Not by SIG_IGN: what is run for the controller would inherit it. */
static int ignore_signals(struct controller *ctl, struct err *err)
{
	static const int ignored[] = {SIGUSR1, SIGTSTP, SIGXCPU, SIGQUIT, SIGALRM};
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		if (loop_add_signal(ctl->loop, ignored[i], nothing, ctl, err) != 0)
			return -1;
	return 0;
}

static int add_signals(struct controller *ctl, struct err *err)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a write beyond a limit fails, and is handled as a full disk */
	if (ignore_signals(ctl, err) != 0)
		return -1;
	return loop_add_signal(ctl->loop, SIGTERM, on_stop, ctl, err) == 0 &&
	                       loop_add_signal(ctl->loop, SIGINT, on_stop, ctl, err) == 0 &&
	                       loop_add_signal(ctl->loop, SIGHUP, on_hangup, ctl, err) == 0 &&
	                       loop_add_signal(ctl->loop, SIGUSR2, on_reopen, ctl, err) == 0
	               ? 0
	               : -1;
}

/* ---- serving ---- */

static int open_doors(struct controller *ctl, const struct account *a, struct err *err)
{
	const struct session_audience *audience = &ctl->file->controller;
	uint32_t single_uid = a->single_user ? a->uid : CORE_NO_VAL;
	char *dir = xprintf("%s/slurmctld", cluster_file_run_dir(ctl->file));
	const struct ticket_server_conf tickets = {.dir = dir,
	                                           .file = "auth",
	                                           .own = ctl->own_key,
	                                           .controller = audience->name,
	                                           .single_uid = single_uid};
	const struct server_conf server = {.role = ROLE_CONTROLLER,
	                                   .name = audience->name,
	                                   .cluster = audience->cluster,
	                                   .master = ctl->master,
	                                   .version = BATCHBOX_VERSION,
	                                   .instance = ctl->instance,
	                                   .fd_reserve = (uint32_t)ctl->file->conf.core.node_count + 128,
	                                   .single_uid = single_uid,
	                                   .slurm_uid = a->uid};
	int rc = (ctl->tickets = ticket_server_new(ctl->loop, &tickets, err)) &&
	                         (ctl->server = server_new(ctl->loop, &server,
	                                                   cluster_file_listen_at(ctl->file->controller_addr),
	                                                   ctl->file->controller_port, &controller_server_ops,
	                                                   ctl, err))
	                 ? 0
	                 : -1;
	free(dir);
	return rc;
}

static int run(struct controller *ctl, const struct ctld_options *o, const struct account *a, struct err *err)
{
	const struct store_conf store = {.dir = conf_str(&ctl->file->conf, P_StateSaveLocation),
	                                 .set_aside = o->set_aside,
	                                 .skip_broken = o->skip_broken};
	if (add_signals(ctl, err) != 0 || controller_load(ctl, &store, err) != 0 ||
	    open_doors(ctl, a, err) != 0)
		return -1;
	key_master_log(ctl->master);
	log_info("slurmctld " BATCHBOX_VERSION " serves cluster %s on port %u", ctl->file->controller.cluster,
	         (unsigned)server_port(ctl->server));
	daemon_ready();
	loop_run(ctl->loop);
	return ctl->broken ? err_set(err, ERR_STORE, "the state is out of reach") : 0;
}

/* From here on the controller's own errors go through err, and what was begun is ended in order. */
static int start(struct cluster_file *file, const struct ctld_options *o, struct err *err)
{
	struct account a;
	struct controller ctl;
	char host[256];
	const char *log = o->log ? o->log : conf_str(&file->conf, P_SlurmctldLogFile);
	short_host(host);
	if (find_account(file, &a, err) != 0 || check_host(file, host, err) != 0 ||
	    (!o->foreground && daemon_detach(err) != 0))
		return -1;
	raise_file_limit();
	controller_init(&ctl, NULL, file);
	ctl.conf_path = o->conf;
	ctl.log = (struct daemon_log){.debug = P_SlurmctldDebug,
	                              .syslog = P_SlurmctldSyslogDebug,
	                              .path = xstrdup(log),
	                              .verbose = o->verbose,
	                              .foreground = o->foreground};
	ctl.keep_edits = o->keep_edits;
	ctl.slurm_uid = a.uid;
	ctl.single_user = a.single_user;
	int rc = daemon_log_take(&ctl.log, &file->conf, err);
	if (rc == 0)
		rc = start_key_helper(&ctl, &a, err);
	if (rc == 0)
		rc = make_directories(file, &a, log, err);
	if (rc == 0)
		rc = read_key(&ctl, err);
	if (rc == 0)
		daemon_nice(o->nice); /* only root may ask for a negative one */
	if (rc == 0)
		rc = daemon_drop(a.uid, a.gid, a.name, err);
	if (rc == 0)
		rc = daemon_log_open(&ctl.log, err);
	if (rc == 0 && o->change_dir)
		daemon_log_chdir(&ctl.log, conf_str(&file->conf, P_StateSaveLocation));
	user_name_of(a.uid); /* known from now on without a look-up */
	if (rc == 0)
		rc = (ctl.loop = loop_new(err)) ? run(&ctl, o, &a, err) : -1;
	controller_stop(&ctl);
	if (ctl.loop)
		loop_free(ctl.loop);
	free(ctl.log.path);
	daemon_pidfile_remove();
	return rc;
}

int slurmctld_main(int argc, char **argv)
{
	struct ctld_options o = {0};
	struct cluster_file file;
	struct err err = {0};
	log_init("slurmctld", LOG_LEVEL_INFO);
	if (parse_options(argc, argv, &o) != 0)
		return 1;
	const char *found = cluster_file_find(o.conf);
	if (!found)
		log_error("there is no /etc/slurm/slurm.conf: name a file by -f FILE");
	if (!found || cluster_file_read(&file, found) != 0) {
		log_write(LOG_LEVEL_FATAL, "Unable to process configuration file");
		return 1;
	}
	int rc = cluster_file_check(&file);
	char *path = daemon_absolute_path(file.path); /* it is read again from elsewhere */
	o.conf = path;
	if (rc == 0 && (rc = start(&file, &o, &err)) != 0)
		log_write(LOG_LEVEL_FATAL, "%s", err_text(&err));
	cluster_file_free(&file);
	free(path);
	return rc == 0 ? 0 : 1;
}
