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

/* Records are printed as they come; with -v they are kept, since their number stands before them. */
static void print(struct scontrol *sc, const struct text *out)
{
	if (sc->verbose)
		text_add_n(&sc->shown, text_str(out), out->len);
	else
		fwrite(text_str(out), 1, out->len, stdout);
}

static void print_kept(struct scontrol *sc, size_t count)
{
	struct text head = TEXT_EMPTY;
	text_add(&head, "last_update_time=");
	show_time(&head, sc->show.now, "Unknown");
	if (sc->verbose)
		printf("%s, records=%zu\n", text_str(&head), count);
	fwrite(text_str(&sc->shown), 1, sc->shown.len, stdout);
	text_free(&head);
	text_free(&sc->shown);
}

/* Which partitions are not to be seen. */
static int load_hidden(struct scontrol *sc, struct err *err)
{
	map_free(&sc->hidden);
	map_init_text(&sc->hidden);
	return sc->all ? 0 : hidden_parts(&sc->connection, &sc->arena, &sc->hidden, err);
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
		print(sc, &out);
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
		if (job->spec->partition && map_get_text(&sc->hidden, job->spec->partition))
			continue;
		for (uint32_t s = 0; s < job->steps.n; s++) {
			struct text out = TEXT_EMPTY;
			if (job->steps.v[s].state != JOB_RUNNING ||
			    !filter_step_wanted(wanted_steps, job->spec, job->state, job->steps.v[s].step_id))
				continue;
			show_step(job, &job->steps.v[s], &sc->show, &out);
			print(sc, &out);
			text_free(&out);
			shown++;
		}
	}
	return list->last;
}

/* "12", "12_3"; "12+1" is a component of a heterogeneous job, of which there are none. */
static bool read_job(const char *word, struct job_name *name, struct arena *arena)
{
	size_t n = strspn(word, "0123456789");
	if (word[n] == '+' && word[n + 1] && strspn(word + n + 1, "0123456789") == strlen(word + n + 1))
		return job_name_parse(arena_strndup(arena, word, n), name, arena);
	return job_name_parse(word, name, arena) && name->step_id == CORE_NO_VAL;
}

static int show_jobs(struct scontrol *sc, int argc, char **argv)
{
	struct job_query q;
	struct err err = {0};
	struct job_name name = {0};
	schema_init(schema_of_job_query(), &q);
	q.all_states = true;
	if (argc && (!*argv[0] || text_eq(argv[0], "0"))) {
		if (!sc->quiet)
			puts("Job 0 not found");
		return 1;
	}
	if (argc && !read_job(argv[0], &name, &sc->arena))
		return scontrol_complain(sc, "scontrol_print_job error: %s\n",
		                         err_code_text(ERR_INVALID_JOB_ID));
	if (argc)
		filter_add_job(&name, &q.job_ids, &q.tasks, &sc->arena);
	if (scontrol_connect(sc, "slurm_load_jobs error") != 0)
		return 1;
	shown = 0;
	if ((argc || load_hidden(sc, &err) == 0) &&
	    scontrol_ask_all(sc, MSG_job_query, &q, MSG_job_list, take_jobs, &err) == 0 && (shown || !argc)) {
		print_kept(sc, shown);
		if (!shown && !sc->quiet)
			puts("No jobs in the system");
		return 0;
	}
	if (name.tasks && !err.code) {
		if (!sc->quiet)
			printf("Job %s not found\n", argv[0]);
		return 1;
	}
	return scontrol_complain(sc, "slurm_load_jobs error: %s\n",
	                         err.code ? err_text(&err) : err_code_text(ERR_INVALID_JOB_ID));
}

static int show_steps(struct scontrol *sc, int argc, char **argv)
{
	struct job_query q;
	struct filter_steps steps = {0};
	struct err err = {0};
	schema_init(schema_of_job_query(), &q);
	q.with_steps = true;
	if (argc && filter_steps(argv[0], &steps, &q.job_ids, &q.tasks, &sc->arena, &err) != 0)
		return scontrol_complain(sc, "%s\n", err_text(&err));
	if (scontrol_connect(sc, "slurm_get_job_steps error") != 0)
		return 1;
	shown = 0;
	wanted_steps = &steps;
	if (load_hidden(sc, &err) != 0 ||
	    scontrol_ask_all(sc, MSG_job_query, &q, MSG_job_list, take_steps, &err) != 0)
		return scontrol_complain(sc, "slurm_get_job_steps error: %s\n", err_text(&err));
	print_kept(sc, shown);
	if (!shown && !sc->quiet && argc)
		printf("Job step %s%s not found\n", argv[0], strchr(argv[0], '.') ? "" : ".");
	else if (!shown && !sc->quiet)
		puts("No job steps in the system");
	return argc && !shown;
}

/* ---- nodes and partitions ---- */

static bool take_nodes(struct scontrol *sc, const void *record)
{
	const struct node_list *list = record; /* ours to change: it is of the arena */
	sc->show.now = list->now;
	for (uint32_t i = 0; i < list->nodes.n; i++) {
		struct schema_strs *parts = &list->nodes.v[i].partitions;
		struct text out = TEXT_EMPTY;
		uint32_t kept = 0;
		for (uint32_t k = 0; k < parts->n; k++)
			if (!map_get_text(&sc->hidden, parts->v[k]))
				parts->v[kept++] = parts->v[k];
		parts->n = kept;
		show_node(&list->nodes.v[i], &sc->show, &out);
		map_put_text(&sc->shown_names, arena_strdup(&sc->arena, list->nodes.v[i].name),
		             arena_strdup(&sc->arena, text_str(&out)));
		text_add_n(&sc->shown, text_str(&out), out.len);
		text_free(&out);
	}
	return list->last;
}

/* Those that were named, in that order; 1: not all of them are there. */
static int print_named_nodes(struct scontrol *sc, const struct hostlist *names)
{
	struct hostlist_iter it;
	int rc = 0;
	text_clear(&sc->shown);
	hostlist_iter_init(&it, names);
	for (const char *name; (name = hostlist_next(&it));) {
		const char *node = map_get_text(&sc->shown_names, name);
		if (node)
			text_add(&sc->shown, node);
		else if (!sc->quiet)
			text_printf(&sc->shown, "Node %s not found\n", name);
		rc |= node == NULL;
	}
	print_kept(sc, map_count(&sc->shown_names));
	return rc;
}

static int show_nodes(struct scontrol *sc, int argc, char **argv)
{
	struct node_query q = {.nodes = argc ? argv[0] : NULL, .future = sc->future};
	struct err err = {0};
	int rc = 0;
	struct hostlist *names = argc ? hostlist_parse(argv[0], &err) : NULL;
	if (argc && !names)
		return scontrol_complain(sc, "%s\n", err_text(&err));
	map_init_text(&sc->shown_names);
	if (scontrol_connect(sc, "slurm_load_node error") != 0)
		rc = 1;
	else if (load_hidden(sc, &err) != 0 ||
	         scontrol_ask_all(sc, MSG_node_query, &q, MSG_node_list, take_nodes, &err) != 0)
		rc = scontrol_complain(sc, "slurm_load_node error: %s\n", err_text(&err));
	else if (names)
		rc = print_named_nodes(sc, names);
	else
		print_kept(sc, map_count(&sc->shown_names));
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
	size_t found = 0;
	schema_init(schema_of_part_query(), &q);
	if (scontrol_connect(sc, "slurm_load_partitions error") != 0)
		return 1;
	if (connect_ask(&sc->connection, MSG_part_query, &q, MSG_part_list, &sc->arena, &record, &err) != 0) {
		return scontrol_complain(sc, "slurm_load_partitions error: %s\n", err_text(&err));
	}
	const struct part_list *list = record;
	for (uint32_t i = 0; i < list->parts.n; i++) {
		struct text out = TEXT_EMPTY;
		if ((argc && !text_eq(argv[0], list->parts.v[i].name)) ||
		    (!sc->all && part_is_hidden(&list->parts.v[i])))
			continue;
		found++;
		show_part(&list->parts.v[i], &sc->show, &out);
		print(sc, &out);
		text_free(&out);
	}
	sc->show.now = list->now;
	print_kept(sc, found);
	if (argc && !found && !sc->quiet)
		printf("Partition %s not found\n", argv[0]);
	return argc && !found;
}

/* ---- which of them ---- */

#define ANY 1000
/* A name may be cut short to so many letters; the first that it may stand for is meant. max: arguments behind
 * it. */
static const struct entity {
	const char *name, *arguments, *help; /* as in struct command_word */
	size_t shortest;
	int max;
	int (*show)(struct scontrol *sc, int argc, char **argv);
} entities[] = {
        {"aliases", "[HOST]", "the nodes that a host is", 1, 1, scontrol_show_aliases},
        {"assoc_mgr", "[users=NAMES|accounts=NAMES|qos=NAMES|flags=KINDS]",
         "what is known of accounts: nothing", 2, ANY, scontrol_show_assoc_mgr},
        {"bbstat", NULL, "the status of burst buffers: there are none", 2, ANY, scontrol_show_nothing},
        {"burstbuffer", NULL, "burst buffers: there are none", 2, 1, scontrol_show_nothing},
        {"config", NULL, "the configuration in force", 1, 1, scontrol_show_config},
        {"daemons", NULL, "the daemons that this host should run", 1, 0, scontrol_show_daemons},
        {"dwstat", NULL, NULL, 2, ANY, scontrol_show_nothing},
        {"federation", NULL, "the federation that this cluster is in: none", 1, 1, scontrol_show_nothing},
        {"frontend", "[NAME]", "front end nodes: there are none", 2, 1, scontrol_show_frontend},
        {"hostlist", "HOSTS|/FILE", "names as a host list", 5, 1, scontrol_show_hostlist},
        {"hostlistsorted", "HOSTS|/FILE", "names as a host list, sorted", 9, 1, scontrol_show_hostlistsorted},
        {"hostnames", "[HOSTS]", "a host list, a name a line", 5, 1, scontrol_show_hostnames},
        {"jobs", "[JOB]", "jobs, or one", 1, 1, show_jobs},
        {"jobid", NULL, NULL, 1, 1, show_jobs},
        {"licenses", "[NAME]", "licences, or one: how many there are and are used", 2, 1,
         scontrol_show_licenses},
        {"nodes", "[NODES]", "nodes", 1, 1, show_nodes},
        {"partitions", "[PARTITION]", "partitions, or one", 2, 1, show_parts},
        {"reservations", "[NAME]", "reservations: there are none", 1, 1, scontrol_show_reservations},
        {"slurmd", NULL, "the slurmd of this host", 2, 1, scontrol_show_slurmd},
        {"steps", "[STEP]", "running steps, of all jobs, of one, or one", 2, 1, show_steps},
        {"topology", "[NAME]", "switches", 1, 1, scontrol_show_topology},
};

bool scontrol_show_noun(size_t i, struct command_word *out)
{
	if (i >= sizeof(entities) / sizeof(entities[0]))
		return false;
	*out = (struct command_word){entities[i].name, entities[i].arguments, entities[i].help};
	return true;
}

/* An entity may be written together with its name: "node=worker-1". */
int scontrol_show(struct scontrol *sc, int argc, char **argv)
{
	char *equals = strchr(argv[0], '=');
	char *name = equals ? equals + 1 : NULL;
	size_t len = equals ? (size_t)(equals - argv[0]) : strlen(argv[0]);
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		const struct entity *e = &entities[i];
		if (len < e->shortest || strncasecmp(e->name, argv[0], len) != 0)
			continue;
		if (argc - 1 + (name != NULL) > e->max)
			return scontrol_complain(sc, "too many arguments for keyword:%s\n", sc->word);
		return name ? e->show(sc, 1, &name) : e->show(sc, argc - 1, argv + 1);
	}
	return scontrol_complain(sc, "invalid entity:%s for keyword:%s \n", argv[0], sc->word);
}
