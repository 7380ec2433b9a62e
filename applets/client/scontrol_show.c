/* scontrol show */
#include "applets/client/filters.h"
#include "applets/client/scontrol.h"
#include "core/util/hostlist.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The chunks of an answer, one after the other; each is handed to `take`. */
int scontrol_ask_all(struct scontrol *sc, uint32_t type, const void *request, uint32_t want,
                     bool (*take)(struct scontrol *sc, const void *record), struct err *err)
{
	uint32_t got = 0;
	void *record = NULL;
	int rc = client_call(sc->connection.client, type, request, &sc->arena, &got, &record, NULL, err);
	while (rc == 0) {
		if (got != want)
			return err_set(err, ERR_COMMUNICATION, "the controller answered with %s",
			               message_name(got));
		if (take(sc, record))
			return 0;
		rc = client_next(sc->connection.client, &sc->arena, -1, &got, &record, err);
	}
	return -1;
}

static void print(const struct text *out)
{
	fwrite(text_str(out), 1, out->len, stdout);
}

/* ---- jobs and steps ---- */

static unsigned shown;
static const struct filter_steps *wanted_steps;

static bool take_jobs(struct scontrol *sc, const void *record)
{
	const struct job_list *list = record;
	sc->show.now = list->now;
	for (uint32_t i = 0; i < list->jobs.n; i++) {
		struct text out = TEXT_EMPTY;
		show_job(&list->jobs.v[i], &sc->show, &out);
		print(&out);
		text_free(&out);
		shown++;
	}
	return list->last;
}

static bool take_steps(struct scontrol *sc, const void *record)
{
	const struct job_list *list = record;
	sc->show.now = list->now;
	for (uint32_t i = 0; i < list->jobs.n; i++) {
		const struct job_info *job = &list->jobs.v[i];
		for (uint32_t s = 0; s < job->steps.n; s++) {
			struct text out = TEXT_EMPTY;
			if (job->steps.v[s].state != JOB_RUNNING ||
			    !filter_step_wanted(wanted_steps, job->spec->job_id, job->steps.v[s].step_id))
				continue;
			show_step(job, &job->steps.v[s], &sc->show, &out);
			print(&out);
			text_free(&out);
			shown++;
		}
	}
	return list->last;
}

static int show_jobs(struct scontrol *sc, int argc, char **argv)
{
	struct job_query q;
	struct err err = {0};
	uint32_t id = 0;
	schema_init(schema_of_job_query(), &q);
	q.all_states = true;
	if (argc && (!text_to_u32(argv[0], &id) || id == 0)) {
		fprintf(stderr, "scontrol_print_job error: %s\n", err_code_text(ERR_INVALID_JOB_ID));
		return 1;
	}
	if (argc)
		filter_add_u32(&q.job_ids, id, &sc->arena);
	if (scontrol_connect(sc, "slurm_load_jobs error") != 0)
		return 1;
	shown = 0;
	if (scontrol_ask_all(sc, MSG_job_query, &q, MSG_job_list, take_jobs, &err) == 0 && (shown || !argc)) {
		if (!shown && !sc->quiet)
			puts("No jobs in the system");
		return 0;
	}
	fprintf(stderr, "slurm_load_jobs error: %s\n",
	        err.code ? err_text(&err) : err_code_text(ERR_INVALID_JOB_ID));
	return 1;
}

static int show_steps(struct scontrol *sc, int argc, char **argv)
{
	struct job_query q;
	struct filter_steps steps = {0};
	struct err err = {0};
	schema_init(schema_of_job_query(), &q);
	q.with_steps = true;
	if (argc && filter_steps(argv[0], &steps, &q.job_ids, &sc->arena, &err) != 0) {
		fprintf(stderr, "%s\n", err_text(&err));
		return 1;
	}
	if (scontrol_connect(sc, "slurm_get_job_steps error") != 0)
		return 1;
	shown = 0;
	wanted_steps = &steps;
	int rc = scontrol_ask_all(sc, MSG_job_query, &q, MSG_job_list, take_steps, &err);
	if (rc != 0 || (argc && !shown)) {
		fprintf(stderr, "slurm_get_job_steps error: %s\n", err_code_text(ERR_INVALID_JOB_ID));
		return 1;
	}
	if (!shown && !sc->quiet)
		puts("No job steps in the system");
	return 0;
}

/* ---- nodes and partitions ---- */

static bool take_nodes(struct scontrol *sc, const void *record)
{
	const struct node_list *list = record;
	sc->show.now = list->now;
	for (uint32_t i = 0; i < list->nodes.n; i++) {
		struct text out = TEXT_EMPTY;
		show_node(&list->nodes.v[i], &sc->show, &out);
		print(&out);
		text_free(&out);
	}
	return list->last;
}

static int show_nodes(struct scontrol *sc, int argc, char **argv)
{
	struct node_query q = {.nodes = argc ? argv[0] : NULL};
	struct err err = {0};
	int missing = 0;
	struct hostlist *names = argc ? hostlist_parse(argv[0], &err) : NULL, *known = hostlist_new();
	if (argc && !names) {
		fprintf(stderr, "%s\n", err_text(&err));
		hostlist_free(known);
		return 1;
	}
	struct hostlist_iter it;
	if (names) {
		hostlist_iter_init(&it, names);
		for (const char *name; (name = hostlist_next(&it));) {
			if (connect_knows_node(&sc->connection, name)) {
				hostlist_add_name(known, name);
				continue;
			}
			printf("Node %s not found\n", name);
			missing = 1;
		}
	}
	char *list = hostlist_string(known);
	hostlist_free(names);
	uint64_t some = hostlist_count(known);
	hostlist_free(known);
	if (argc)
		q.nodes = list;
	int rc = missing;
	if (!argc || some) {
		if (scontrol_connect(sc, "slurm_load_node error") != 0)
			rc = 1;
		else if (scontrol_ask_all(sc, MSG_node_query, &q, MSG_node_list, take_nodes, &err) != 0) {
			fprintf(stderr, "slurm_load_node error: %s\n", err_text(&err));
			rc = 1;
		}
	}
	free(list);
	return rc;
}

static int show_parts(struct scontrol *sc, int argc, char **argv)
{
	struct part_query q;
	struct err err = {0};
	void *record = NULL;
	bool found = false;
	schema_init(schema_of_part_query(), &q);
	if (scontrol_connect(sc, "slurm_load_partitions error") != 0)
		return 1;
	if (connect_ask(&sc->connection, MSG_part_query, &q, MSG_part_list, &sc->arena, &record, &err) != 0) {
		fprintf(stderr, "slurm_load_partitions error: %s\n", err_text(&err));
		return 1;
	}
	const struct part_list *list = record;
	for (uint32_t i = 0; i < list->parts.n; i++) {
		struct text out = TEXT_EMPTY;
		if (argc ? !text_eq(argv[0], list->parts.v[i].name) : list->parts.v[i].hidden && !sc->all)
			continue;
		found = true;
		show_part(&list->parts.v[i], &sc->show, &out);
		print(&out);
		text_free(&out);
	}
	if (argc && !found)
		printf("Partition %s not found\n", argv[0]);
	return argc && !found;
}

/* ---- the configuration ---- */

static int show_config(struct scontrol *sc, int argc, char **argv)
{
	struct config_query q = {0};
	struct err err = {0};
	void *record = NULL;
	struct text out = TEXT_EMPTY;
	(void)argc, (void)argv;
	if (scontrol_connect(sc, "slurm_load_ctl_conf error") != 0)
		return 1;
	if (connect_ask(&sc->connection, MSG_config_query, &q, MSG_config_reply, &sc->arena, &record, &err) !=
	    0) {
		fprintf(stderr, "slurm_load_ctl_conf error: %s\n", err_text(&err));
		return 1;
	}
	const struct config_reply *m = record;
	text_add(&out, "Configuration data as of ");
	show_time(&out, m->now, "Unknown");
	text_add(&out, "\n");
	for (uint32_t i = 0; i < m->names.n && i < m->values.n; i++)
		text_printf(&out, "%-23s = %s\n", m->names.v[i], m->values.v[i]);
	text_printf(&out, "\nSlurmctld(primary) at %s is UP\n", sc->connection.file.controller.name);
	print(&out);
	text_free(&out);
	return 0;
}

/* ---- host lists: nobody has to be asked ---- */

static int hostlist_of(int argc, char **argv, struct hostlist **out)
{
	struct err err = {0};
	const char *s = argc ? argv[0] : getenv("SLURM_JOB_NODELIST");
	if (!s) {
		fputs("SLURM_JOB_NODELIST not set in environment\n", stderr);
		return 1;
	}
	*out = hostlist_parse(s, &err);
	if (!*out)
		fprintf(stderr, "Invalid hostlist: %s: %s\n", s, err_text(&err));
	return *out ? 0 : 1;
}

static int show_hostnames(struct scontrol *sc, int argc, char **argv)
{
	struct hostlist *h;
	(void)sc;
	if (hostlist_of(argc, argv, &h) != 0)
		return 1;
	struct hostlist_iter it;
	hostlist_iter_init(&it, h);
	for (const char *name; (name = hostlist_next(&it));)
		puts(name);
	hostlist_free(h);
	return 0;
}

static int print_hostlist(int argc, char **argv, bool sorted)
{
	struct hostlist *h;
	if (hostlist_of(argc, argv, &h) != 0)
		return 1;
	if (sorted)
		hostlist_sort(h);
	char *s = hostlist_string(h);
	puts(s);
	free(s);
	hostlist_free(h);
	return 0;
}

static int show_hostlist(struct scontrol *sc, int argc, char **argv)
{
	(void)sc;
	return print_hostlist(argc, argv, false);
}

static int show_hostlistsorted(struct scontrol *sc, int argc, char **argv)
{
	(void)sc;
	return print_hostlist(argc, argv, true);
}

/* ---- the rest ---- */

static int show_daemons(struct scontrol *sc, int argc, char **argv)
{
	char host[256] = "";
	(void)argc, (void)argv;
	if (gethostname(host, sizeof(host) - 1) != 0)
		return 1;
	host[strcspn(host, ".")] = '\0';
	bool head = text_eq(sc->connection.file.controller.name, host), worker = false;
	const struct cluster_conf *core = &sc->connection.file.conf.core;
	for (size_t i = 0; i < core->node_count; i++)
		worker = worker || text_eq(core->nodes[i].hostname, host);
	printf("%s%s\n", head ? "slurmctld " : "", worker ? "slurmd " : "");
	return 0;
}

static int show_licenses(struct scontrol *sc, int argc, char **argv)
{
	(void)sc, (void)argc, (void)argv;
	puts("No licenses configured in Slurm.");
	return 0;
}

static int show_reservations(struct scontrol *sc, int argc, char **argv)
{
	(void)sc;
	if (argc) {
		fprintf(stderr, "Reservation %s not found\n", argv[0]);
		return 1;
	}
	puts("No reservations in the system");
	return 0;
}

static int show_topology(struct scontrol *sc, int argc, char **argv)
{
	(void)sc, (void)argc, (void)argv;
	log_error("No topology information available");
	return 0;
}

static const struct entity {
	const char *name;
	int (*show)(struct scontrol *sc, int argc, char **argv);
} entities[] = {
        {"jobs", show_jobs},
        {"nodes", show_nodes},
        {"partitions", show_parts},
        {"steps", show_steps},
        {"config", show_config},
        {"hostnames", show_hostnames},
        {"hostlistsorted", show_hostlistsorted},
        {"hostlist", show_hostlist},
        {"daemons", show_daemons},
        {"licenses", show_licenses},
        {"reservations", show_reservations},
        {"topology", show_topology},
};

/* Entities may be cut short, and written together with their name: "node=worker-1". */
int scontrol_show(struct scontrol *sc, int argc, char **argv)
{
	if (argc < 1) {
		fputs("too few arguments for keyword:show\n", stderr);
		return 1;
	}
	char *equals = strchr(argv[0], '=');
	char *name = equals ? equals + 1 : NULL;
	size_t len = equals ? (size_t)(equals - argv[0]) : strlen(argv[0]);
	/* "show job -d 6": options may stand here too. */
	int rest = 1;
	for (; rest < argc && argv[rest][0] == '-'; rest++) {
		if (strcmp(argv[rest], "-d") == 0 || strcmp(argv[rest], "-dd") == 0)
			sc->show.detail += (unsigned)strlen(argv[rest]) - 1;
		else if (strcmp(argv[rest], "-o") == 0)
			sc->show.one_line = true;
		else if (strcmp(argv[rest], "-a") == 0)
			sc->all = true;
		else
			break;
	}
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		if (len < 3 || strncasecmp(entities[i].name, argv[0], len) != 0)
			continue;
		return name ? entities[i].show(sc, 1, &name) : entities[i].show(sc, argc - rest, argv + rest);
	}
	fprintf(stderr, "invalid entity:%s for keyword:show \n", argv[0]);
	return 1;
}
