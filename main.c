/* batchbox: a whole Slurm-compatible cluster in one executable. This file looks at argv[0] and calls an
 * applet.
 *
 * A reading map. Each layer leans only on those above it in this list:
 *
 * - core/util/: errors, arenas, slabs, text, maps, lists, sorting, the log, host lists, and the schema
 * interpreter (schema.h) that encodes and decodes every record.
 *
 * - core/: the scheduler, pure: no socket, file or clock. records.def says what is stored; cluster.h is the
 *   whole interface: calls with the time as an argument in, changes and actions out; select.c finds cores,
 *   sched.c decides who is next, array.c keeps a job array's tasks in one record, report.c takes what workers
 *   say, check.c proves it.
 *
 * - proto/: the wire: messages.def (every message), permissions.def (who may send it), key.c and session.c
 *   (keys, tickets, sealed frames), conn.c on loop.c (connections on an event loop), client.c (blocking).
 *   conf/: slurm.conf: params.def (every parameter), slurm_conf.c; times, sizes; core_conf.c makes the core's
 *   view. These two don't see each other.
 *
 * - applets/: what people type; applets.def has a row for each. common/: what several share: configuration
 *   and key look-up, users, daemon chores. controller/, slurmctld: main.c, then store.c and outbox.c (nothing
 *   leaves before its cause is on disk), then one file of handlers per noun. worker/, slurmd, and the
 *   shepherd that owns one step's processes on one node (pmi.c: what it is asked by MPI programs), and the
 *   receiver of sbcast's files. client/, the
 *   commands: options.def (one row per option of srun, sbatch, salloc), columns (one row per column). login/,
 *   sackd: tickets for hosts that run neither daemon.
 *
 * - test/: unit/ (cmocka), sim/ (random histories through the core), fuzz/, cli/, lab/ (real hosts in
 *   namespaces), compat/ (what the real one prints), bench/.
 *
 * To follow one job: client/sbatch.c -> controller/submit.c -> core/submit.c (job_submit) -> core/sched.c ->
 * controller/actions.c -> worker/grants.c -> worker/shepherd.c, and back through worker/control.c ->
 * controller/worker.c -> core/report.c. */
#include "applets/applet.h"
#include "core/util/err.h"
#include "core/util/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct applet applets[] = {
#define APPLET(name, function, kind, summary) {#name, function, APPLET_##kind, summary},
#include "applets/applets.def"
#undef APPLET
};
#define APPLET_COUNT (sizeof(applets) / sizeof(applets[0]))

static const struct applet *applet_find(const char *name)
{
	for (size_t i = 0; i < APPLET_COUNT; i++)
		if (strcmp(applets[i].name, name) == 0)
			return &applets[i];
	return NULL;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static void print_list(void)
{
	for (size_t i = 0; i < APPLET_COUNT; i++)
		if (applets[i].kind != APPLET_INTERNAL)
			puts(applets[i].name);
}

static void print_help(FILE *to)
{
	fputs("batchbox " BATCHBOX_VERSION ": a Slurm-compatible cluster in one file\n\n"
	      "  batchbox APPLET [ARGUMENT...]   run an applet\n"
	      "  batchbox --install DIR          make a link in DIR for each of Slurm's commands\n"
	      "  batchbox --list                 the names of those links\n"
	      "  batchbox --version              this program's version\n\nApplets:\n",
	      to);
	for (size_t i = 0; i < APPLET_COUNT; i++)
		fprintf(to, "  %-10s  %s\n", applets[i].name, applets[i].summary);
}

/* One link. A link to this very program is left as it is; anything else of that name is not ours to replace.
 */
static int install_link(const char *self, const char *dir, const char *name, struct err *err)
{
	struct text path = TEXT_EMPTY;
	text_printf(&path, "%s/%s", dir, name);
	int rc = 0;
	if (symlink(self, path.s) != 0) {
		struct stat there, own;
		if (errno == EEXIST && stat(path.s, &there) == 0 && stat(self, &own) == 0 &&
		    there.st_dev == own.st_dev && there.st_ino == own.st_ino)
			rc = 0;
		else if (errno == EEXIST)
			rc = err_set(err, ERR_EXISTS, "%s exists and is not this program: move it away first",
			             path.s);
		else
			rc = err_sys(err, errno, "cannot make the link %s", path.s);
	}
	text_free(&path);
	return rc;
}

static int install(const char *dir)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0) {
		fprintf(stderr,
		        "batchbox: error: cannot find this program's own file: /proc is not mounted\n");
		return 1;
	}
	self[n] = '\0';
	int failed = 0;
	for (size_t i = 0; i < APPLET_COUNT; i++) {
		struct err err = {0};
		if (applets[i].kind == APPLET_INTERNAL)
			continue;
		if (install_link(self, dir, applets[i].name, &err) != 0) {
			fprintf(stderr, "batchbox: error: %s\n", err_text(&err));
			failed = 1;
		}
	}
	return failed;
}

static int batchbox_main(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help(argc < 2 ? stderr : stdout);
		return argc < 2 ? 1 : 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("batchbox " BATCHBOX_VERSION);
		return 0;
	}
	if (strcmp(argv[1], "--list") == 0) {
		print_list();
		return 0;
	}
	if (strcmp(argv[1], "--install") == 0) {
		if (argc == 3)
			return install(argv[2]);
		fputs("batchbox: error: --install takes one directory: batchbox --install DIR\n", stderr);
		return 1;
	}
	const struct applet *applet = applet_find(argv[1]);
	if (applet)
		return applet->main(argc - 1, argv + 1);
	fprintf(stderr, "batchbox: error: no applet is named %s; batchbox --help lists them\n", argv[1]);
	return 127;
}

int main(int argc, char **argv)
{
	if (argc < 1)
		return 127;
	const struct applet *applet = applet_find(base_name(argv[0]));
	return applet ? applet->main(argc, argv) : batchbox_main(argc, argv);
}
