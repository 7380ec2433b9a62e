/* `batchbox fsck PATH`: looks at a controller's databases, or at a copy of state.db, and changes nothing. */
#include "applets/applet.h"
#include "applets/common/cluster_file.h"
#include "applets/controller/store_db.h"
#include "core/cluster.h"
#include "core/util/log.h"

#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
        "Usage: batchbox fsck [-f SLURM.CONF] PATH\n"
        "Checks the databases in PATH, a controller's StateSaveLocation, while that controller does not run; "
        "or\n"
        "PATH is a copy that `scontrol write state` made. Nothing is changed. Prints a line for each fault.\n"
        "Exit code: 0 none, 1 some, 2 they could not be read.\n";

static void print_finding(void *ctx, const char *text)
{
	(void)ctx;
	puts(text);
}

/* ---- what a controller would make of it ---- */

static void ignore_change(void *ctx, const struct schema *schema, const void *record)
{
	(void)ctx;
	(void)schema;
	(void)record;
}

static void ignore_action(void *ctx, const struct action *action)
{
	(void)ctx;
	(void)action;
}

static void print_note(void *ctx, const char *text)
{
	(void)ctx;
	printf("note: a start with this slurm.conf says: %s\n", text);
}

static int load_row(void *ctx, const struct schema *schema, const void *record, struct err *err)
{
	return cluster_load(ctx, schema, record, err);
}

/* The state as a controller loads it keeps the core's rules: no core given twice, totals that add up. The
 * number of faults. */
static int check_cluster(const char *path, const struct cluster_conf *conf)
{
	static const uint8_t instance[16];
	const struct core_sink sink = {.change = ignore_change, .action = ignore_action};
	struct cluster *cluster = cluster_new(conf, &sink);
	struct store_db db;
	struct err err = {0};
	int faults = 0;
	if (store_db_open_read_only(&db, path, &err) != 0 ||
	    store_db_load(&db, false, load_row, cluster, &err) != 0) {
		faults = 1;
	} else {
		const struct meta *meta = cluster_meta(cluster);
		if (meta->cluster_name && !text_eq(meta->cluster_name, conf->cluster_name)) {
			printf("note: this state is of cluster %s, and slurm.conf says ClusterName=%s: the "
			       "rules of "
			       "the cluster were not checked\n",
			       meta->cluster_name, conf->cluster_name);
		} else {
			cluster_start(cluster, (core_time)time(NULL) * CORE_SECOND, instance, print_note,
			              NULL);
			faults = cluster_check(cluster, &err) == 0 ? 0 : 1;
		}
	}
	if (faults)
		printf("the cluster of this state: %s\n", err_text(&err));
	store_db_close(&db);
	cluster_free(cluster);
	return faults;
}

/* Without a slurm.conf a copy can be looked at anywhere. */
static int check_with_conf(const char *path, const char *conf)
{
	struct cluster_file file;
	const char *found = cluster_file_find(conf);
	if (!found) {
		puts("note: without a slurm.conf (-f FILE) the rules of the cluster were not checked");
		return 0;
	}
	if (cluster_file_read(&file, found) != 0) {
		puts("note: slurm.conf has errors, so the rules of the cluster were not checked");
		return 0;
	}
	int faults = check_cluster(path, &file.conf.core);
	cluster_file_free(&file);
	return faults;
}

/* ---- the whole ---- */

static int check(const char *path, const char *conf, struct err *err)
{
	struct stat st;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode) && store_lock_is_free(path, err) != 0)
		return -1;
	int faults = store_check(path, print_finding, NULL, err);
	/* A damaged row can't be loaded; it is named already. */
	return faults == 0 ? check_with_conf(path, conf) : faults;
}

int fsck_main(int argc, char **argv)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct err err = {0};
	const char *conf = NULL;
	log_init("fsck", LOG_LEVEL_INFO);
	for (int c; (c = getopt_long(argc, argv, "f:h", longs, NULL)) != -1;) {
		if (c == 'f') {
			conf = optarg;
			continue;
		}
		fputs(usage, c == 'h' ? stdout : stderr);
		return c == 'h' ? 0 : 2;
	}
	if (optind != argc - 1) {
		fputs(usage, stderr);
		return 2;
	}
	if (sodium_init() < 0) {
		log_error("libsodium does not start");
		return 2;
	}
	int faults = check(argv[optind], conf, &err);
	if (faults < 0) {
		log_error("%s", err_text(&err));
		return 2;
	}
	printf("%d fault%s found in %s\n", faults, faults == 1 ? "" : "s", argv[optind]);
	if (faults)
		puts("slurmctld -i starts without the jobs whose rows are damaged, and keeps those rows "
		     "aside; a backup is "
		     "better");
	return faults ? 1 : 0;
}
