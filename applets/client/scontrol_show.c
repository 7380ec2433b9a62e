/* scontrol show */
#include "applets/client/filters.h"
#include "applets/client/hidden.h"
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
		if (list->jobs.v[i].spec->partition &&
		    map_get_text(&sc->hidden, list->jobs.v[i].spec->partition))
			continue;
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
			    !filter_step_wanted(wanted_steps, job->spec, job->state, job->steps.v[s].step_id))
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
	struct job_name name = {0};
	schema_init(schema_of_job_query(), &q);
	q.all_states = true;
	if (argc && (!job_name_parse(argv[0], &name, &sc->arena) || name.step_id != CORE_NO_VAL)) {
		fprintf(stderr, "scontrol_print_job error: %s\n", err_code_text(ERR_INVALID_JOB_ID));
		return 1;
	}
	if (argc)
		filter_add_job(&name, &q.job_ids, &q.tasks, &sc->arena);
	if (scontrol_connect(sc, "slurm_load_jobs error") != 0)
		return 1;
	shown = 0;
	if ((argc || sc->all || hidden_parts(&sc->connection, &sc->arena, &sc->hidden, &err) == 0) &&
	    scontrol_ask_all(sc, MSG_job_query, &q, MSG_job_list, take_jobs, &err) == 0 && (shown || !argc)) {
		if (!shown && !sc->quiet)
			puts("No jobs in the system");
		return 0;
	}
	if (name.tasks && !err.code) {
		printf("Job %s not found\n", argv[0]);
		return 1;
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
	if (argc && filter_steps(argv[0], &steps, &q.job_ids, &q.tasks, &sc->arena, &err) != 0) {
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
	const struct node_list *list = record; /* ours to change: it is of the arena */
	sc->show.now = list->now;
	for (uint32_t i = 0; i < list->nodes.n; i++) {
		struct schema_strs *parts = &list->nodes.v[i].partitions;
		uint32_t kept = 0;
		for (uint32_t k = 0; k < parts->n; k++)
			if (!map_get_text(&sc->hidden, parts->v[k]))
				parts->v[kept++] = parts->v[k];
		parts->n = kept;
		show_node(&list->nodes.v[i], &sc->show, &sc->shown);
		map_put_text(&sc->shown_names, arena_strdup(&sc->arena, list->nodes.v[i].name), sc);
	}
	return list->last;
}

static int show_nodes(struct scontrol *sc, int argc, char **argv)
{
	struct node_query q = {.nodes = argc ? argv[0] : NULL, .future = sc->future};
	struct err err = {0};
	struct hostlist_iter it;
	int rc = 0;
	struct hostlist *names = argc ? hostlist_parse(argv[0], &err) : NULL;
	if (argc && !names) {
		fprintf(stderr, "%s\n", err_text(&err));
		return 1;
	}
	map_init_text(&sc->shown_names);
	if (scontrol_connect(sc, "slurm_load_node error") != 0)
		rc = 1;
	else if ((!sc->all && hidden_parts(&sc->connection, &sc->arena, &sc->hidden, &err) != 0) ||
	         scontrol_ask_all(sc, MSG_node_query, &q, MSG_node_list, take_nodes, &err) != 0) {
		fprintf(stderr, "slurm_load_node error: %s\n", err_text(&err));
		rc = 1;
	} else {
		if (names)
			hostlist_iter_init(&it, names);
		for (const char *name; names && (name = hostlist_next(&it));) {
			if (map_get_text(&sc->shown_names, name))
				continue;
			printf("Node %s not found\n", name);
			rc = 1;
		}
		if (sc->shown.len)
			print(&sc->shown);
	}
	map_free(&sc->shown_names);
	text_free(&sc->shown);
	hostlist_free(names);
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
		if ((argc && !text_eq(argv[0], list->parts.v[i].name)) ||
		    (!sc->all && part_is_hidden(&list->parts.v[i])))
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

/* No accounts are kept. Filters (users=NAME ...) choose among what isn't there. */
static int show_assoc_mgr(struct scontrol *sc, int argc, char **argv)
{
	static const char *const filters[] = {"users=", "accounts=", "qos="};
	(void)sc;
	for (int i = 0; i < argc; i++) {
		bool known = false;
		for (size_t k = 0; k < sizeof(filters) / sizeof(filters[0]); k++)
			known = known || strncasecmp(argv[i], filters[k], strlen(filters[k])) == 0;
		if (!known) {
			log_error("show assoc_mgr %s is not supported by batchbox", argv[i]);
			return 1;
		}
	}
	puts("Current Association Manager state\n\n"
	     "No users currently cached in Slurm.\n\n\n"
	     "No associations currently cached in Slurm.\n\n\n"
	     "No QOS currently cached in Slurm.\n");
	return 0;
}

static const struct entity {
	const char *name, *arguments, *help; /* as in struct command_word */
	int (*show)(struct scontrol *sc, int argc, char **argv);
} entities[] = {
        {"jobs", "[JOB]", "jobs, or one", show_jobs},
        {"jobid", NULL, NULL, show_jobs},
        {"nodes", "[NODES]", "nodes", show_nodes},
        {"partitions", "[PARTITION]", "partitions, or one", show_parts},
        {"steps", "[STEP]", "running steps, of all jobs, of one, or one", show_steps},
        {"config", NULL, "the configuration in force", show_config},
        {"hostnames", "[HOSTS]", "a host list, a name a line", show_hostnames},
        {"hostlist", "HOSTS", "names as a host list", show_hostlist},
        {"hostlistsorted", "HOSTS", "names as a host list, sorted", show_hostlistsorted},
        {"daemons", NULL, "the daemons that this host should run", show_daemons},
        {"licenses", NULL, "licences: there are none", show_licenses},
        {"reservations", "[NAME]", "reservations: there are none", show_reservations},
        {"topology", NULL, "switches", show_topology},
        {"assoc_mgr", "[users=NAMES|accounts=NAMES|qos=NAMES]", "what is known of accounts: nothing",
         show_assoc_mgr},
};

bool scontrol_show_noun(size_t i, struct command_word *out)
{
	if (i >= sizeof(entities) / sizeof(entities[0]))
		return false;
	*out = (struct command_word){entities[i].name, entities[i].arguments, entities[i].help};
	return true;
}

/* "show job -d 6", "show -o nodes": options may stand anywhere here. Is this one? */
static bool take_option(struct scontrol *sc, const char *word)
{
	static const struct {
		const char *letters, *name;
	} options[] = {{"d", "--details"}, {"o", "--oneliner"}, {"a", "--all"}, {"F", "--future"}};
	size_t n = strlen(word), known = 1;
	unsigned count[4] = {0};
	if (word[0] != '-' || n < 2)
		return false;
	for (size_t i = 0; i < 4; i++) {
		for (const char *p = word + 1; *p && word[1] != '-'; p++)
			count[i] += *p == options[i].letters[0];
		known += count[i];
		if (strcmp(word, options[i].name) == 0)
			count[i] = 1, known = n;
	}
	if (known != n)
		return false;
	sc->show.detail += count[0];
	sc->show.one_line = sc->show.one_line || count[1];
	sc->all = sc->all || count[2];
	sc->future = sc->future || count[3];
	return true;
}

/* Entities may be cut short, and written together with their name: "node=worker-1". */
int scontrol_show(struct scontrol *sc, int argc, char **argv)
{
	int n = 0;
	for (int i = 0; i < argc; i++)
		if (!take_option(sc, argv[i]))
			argv[n++] = argv[i];
	if (n < 1) {
		fputs("too few arguments for keyword:show\n", stderr);
		return 1;
	}
	char *equals = strchr(argv[0], '=');
	char *name = equals ? equals + 1 : NULL;
	size_t len = equals ? (size_t)(equals - argv[0]) : strlen(argv[0]);
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		if (len < 3 || strncasecmp(entities[i].name, argv[0], len) != 0)
			continue;
		return name ? entities[i].show(sc, 1, &name) : entities[i].show(sc, n - 1, argv + 1);
	}
	fprintf(stderr, "invalid entity:%s for keyword:show \n", argv[0]);
	return 1;
}
