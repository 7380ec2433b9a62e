/* scontrol show: what needs no query of jobs, nodes or partitions: the configuration, host lists, and what
 * this cluster has none of. */
#include "applets/client/scontrol.h"
#include "core/util/hostlist.h"
#include "core/util/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the configuration ---- */

int scontrol_show_config(struct scontrol *sc, int argc, char **argv)
{
	struct config_query q = {0};
	struct err err = {0};
	void *record = NULL;
	struct text out = TEXT_EMPTY;
	(void)argc, (void)argv;
	if (scontrol_connect(sc, "slurm_load_ctl_conf error") != 0)
		return 1;
	if (connect_ask(&sc->connection, MSG_config_query, &q, MSG_config_reply, &sc->arena, &record, &err) !=
	    0)
		return scontrol_complain(sc, "slurm_load_ctl_conf error: %s\n", err_text(&err));
	const struct config_reply *m = record;
	text_add(&out, "Configuration data as of ");
	show_time(&out, m->now, "Unknown");
	text_add(&out, "\n");
	for (uint32_t i = 0; i < m->names.n && i < m->values.n; i++)
		text_printf(&out, "%-23s = %s\n", m->names.v[i], m->values.v[i]);
	text_add(&out, "\n");
	cluster_file_print_ping(&sc->connection.file.conf, true, &out);
	fwrite(text_str(&out), 1, out.len, stdout);
	text_free(&out);
	return 0;
}

/* ---- host lists ---- */

/* "/PATH" is a file of names, with commas or newlines between them. NULL: it can't be read, and why was said.
 */
static char *list_of_file(const char *path)
{
	struct text list = TEXT_EMPTY;
	char buf[4096];
	FILE *f = fopen(path, "re");
	if (!f) {
		log_error("cannot open %s: %s", path, strerror(errno));
		return NULL;
	}
	for (size_t n; (n = fread(buf, 1, sizeof(buf), f)) > 0;)
		text_add_n(&list, buf, n);
	fclose(f);
	for (char *p = list.s; p && p < list.s + list.len; p++)
		if (strchr(" \t\r\n", *p))
			*p = ',';
	return text_take(&list);
}

static int print_hostlist(int argc, char **argv, bool sorted)
{
	struct err err = {0};
	if (argc == 0) {
		fputs("invalid encode argument\n", stderr);
		return 1;
	}
	char *list = argv[0][0] == '/' ? list_of_file(argv[0]) : xstrdup(argv[0]);
	struct hostlist *h = list ? hostlist_parse(list, &err) : NULL;
	free(list);
	if (!h) {
		if (err.code)
			log_error("%s", err_text(&err));
		fprintf(stderr, "Invalid hostlist: %s\n", argv[0]);
		return 1;
	}
	if (sorted)
		hostlist_sort(h);
	char *s = hostlist_string(h);
	puts(s);
	free(s);
	hostlist_free(h);
	return 0;
}

int scontrol_show_hostlist(struct scontrol *sc, int argc, char **argv)
{
	(void)sc;
	return print_hostlist(argc, argv, false);
}

int scontrol_show_hostlistsorted(struct scontrol *sc, int argc, char **argv)
{
	(void)sc;
	return print_hostlist(argc, argv, true);
}

/* Without a list it is the job's. That a list is none is said, and is no failure, as there. */
int scontrol_show_hostnames(struct scontrol *sc, int argc, char **argv)
{
	struct err err = {0};
	const char *s = argc ? argv[0] : getenv("SLURM_NODELIST");
	(void)sc;
	if (!s)
		s = getenv("SLURM_JOB_NODELIST");
	if (!s) {
		log_error("host list is empty");
		return 0;
	}
	struct hostlist *h = hostlist_parse(s, &err);
	if (!h) {
		log_error("%s", err_text(&err));
		fprintf(stderr, "Invalid hostlist: %s\n", s);
		return 0;
	}
	struct hostlist_iter it;
	hostlist_iter_init(&it, h);
	for (const char *name; (name = hostlist_next(&it));)
		puts(name);
	hostlist_free(h);
	return 0;
}

/* ---- this host ---- */

static void own_host(char *host, size_t size)
{
	if (gethostname(host, size - 1) != 0)
		*host = '\0';
	host[strcspn(host, ".")] = '\0';
}

int scontrol_show_daemons(struct scontrol *sc, int argc, char **argv)
{
	char host[256] = "";
	(void)argc, (void)argv;
	own_host(host, sizeof(host));
	bool head = text_eq(sc->connection.file.controller.name, host), worker = false;
	const struct cluster_conf *core = &sc->connection.file.conf.core;
	for (size_t i = 0; i < core->node_count; i++)
		worker = worker || text_eq(core->nodes[i].hostname, host);
	printf("%s%s\n", head ? "slurmctld " : "", worker ? "slurmd " : "");
	return 0;
}

/* The nodes that a host is. */
int scontrol_show_aliases(struct scontrol *sc, int argc, char **argv)
{
	char own[256] = "";
	const struct cluster_conf *core = &sc->connection.file.conf.core;
	bool any = false;
	own_host(own, sizeof(own));
	const char *host = argc ? argv[0] : own;
	for (size_t i = 0; i < core->node_count; i++) {
		if (!text_eq(core->nodes[i].hostname, host))
			continue;
		printf("%s%s", any ? " " : "", core->nodes[i].name);
		any = true;
	}
	if (any)
		puts("");
	return 0;
}

/* ---- what there is none of ---- */

/* Burst buffers, other clusters of a federation. */
int scontrol_show_nothing(struct scontrol *sc, int argc, char **argv)
{
	(void)sc, (void)argc, (void)argv;
	return 0;
}

int scontrol_show_frontend(struct scontrol *sc, int argc, char **argv)
{
	if (argc && !sc->quiet)
		printf("Node %s not found\n", argv[0]);
	else if (!sc->quiet)
		puts("No nodes in the system");
	return argc > 0;
}

static void print_license(const struct license_info *l, bool one_line)
{
	const char *sep = one_line ? " " : "\n    ";
	printf("LicenseName=%s%sTotal=%" PRIu32 " Used=%" PRIu64 " Free=%" PRIu64 " Reserved=0 Remote=no\n",
	       l->name, sep, l->total, l->used, l->used < l->total ? l->total - l->used : 0);
}

int scontrol_show_licenses(struct scontrol *sc, int argc, char **argv)
{
	struct license_query q = {0};
	struct err err = {0};
	void *record = NULL;
	if (scontrol_connect(sc, "slurm_load_licenses error") != 0)
		return 1;
	if (connect_ask(&sc->connection, MSG_license_query, &q, MSG_license_list, &sc->arena, &record,
	                &err) != 0)
		return scontrol_complain(sc, "slurm_load_licenses error: %s\n", err_text(&err));
	const struct license_list *list = record;
	for (uint32_t i = 0; i < list->licenses.n; i++) {
		if (argc && !text_eq(argv[0], list->licenses.v[i].name))
			continue;
		print_license(&list->licenses.v[i], sc->show.one_line);
	}
	if (list->licenses.n == 0)
		puts("No licenses configured in Slurm.");
	return 0;
}

int scontrol_show_reservations(struct scontrol *sc, int argc, char **argv)
{
	if (argc && !sc->quiet)
		printf("Reservation %s not found\n", argv[0]);
	else if (!sc->quiet)
		puts("No reservations in the system");
	return argc > 0;
}

int scontrol_show_topology(struct scontrol *sc, int argc, char **argv)
{
	(void)sc;
	if (argc)
		log_error("Topology information contains no switch or node named %s", argv[0]);
	else
		log_error("No topology information available");
	return 0;
}

/* ---- accounts ---- */

/* No accounts are kept: users=NAME ... chooses among what isn't there, flags= says of which kind it isn't. */
static const struct {
	const char *flag, *says;
} kinds[] = {
        {"users", "No users currently cached in Slurm.\n"},
        {"assoc", "No associations currently cached in Slurm.\n"},
        {"qos", "No QOS currently cached in Slurm.\n"},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static int take_kinds(char *list, bool *wanted)
{
	char *rest = list;
	for (char *word = text_split(&rest, ','); word; word = text_split(&rest, ',')) {
		size_t k = 0;
		while (k < KINDS && !text_eq_nocase(word, kinds[k].flag))
			k++;
		if (k == KINDS) {
			fprintf(stderr, "invalid flag '%s', valid options are 'Assoc, QOS, and/or Users'\n",
			        word);
			return -1;
		}
		wanted[k] = true;
	}
	return 0;
}

static bool is_filter(const char *word)
{
	static const char *const filters[] = {"users=", "accounts=", "qos="};
	for (size_t k = 0; k < sizeof(filters) / sizeof(filters[0]); k++)
		if (text_starts_nocase(word, filters[k]))
			return true;
	return false;
}

int scontrol_show_assoc_mgr(struct scontrol *sc, int argc, char **argv)
{
	bool wanted[KINDS] = {false}, some = false;
	for (int i = 0; i < argc; i++) {
		if (text_starts_nocase(argv[i], "flags=")) {
			if (take_kinds(strchr(argv[i], '=') + 1, wanted) != 0)
				return 0; /* as there */
			some = true;
		} else if (!is_filter(argv[i])) {
			return scontrol_complain(sc, "invalid entity: %s for keyword:%s assoc_mgr\n", argv[i],
			                         sc->word);
		}
	}
	puts("Current Association Manager state\n");
	const char *gap = "";
	for (size_t k = 0; k < KINDS; k++) {
		if (some && !wanted[k])
			continue;
		printf("%s%s", gap, kinds[k].says);
		gap = "\n\n";
	}
	puts("");
	return 0;
}
