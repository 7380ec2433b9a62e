/* scontrol notify, wait_job, completing. */
#include "applets/client/filters.h"
#include "applets/client/scontrol.h"
#include "core/util/hostlist.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_AGAIN_S 1

/* "12": what follows the number, as a step's, is not looked at. */
static bool read_id(const char *word, uint32_t *id)
{
	char digits[16];
	size_t n = strspn(word, "0123456789");
	if (n == 0 || n >= sizeof(digits))
		return false;
	memcpy(digits, word, n);
	digits[n] = '\0';
	return text_to_u32(digits, id);
}

int scontrol_notify(struct scontrol *sc, int argc, char **argv)
{
	struct job_notify_request m;
	struct text text = TEXT_EMPTY;
	struct err err = {0};
	void *record = NULL;
	schema_init(schema_of_job_notify_request(), &m);
	if (!read_id(argv[0], &m.job_id)) {
		fprintf(stderr, "Invalid job_id %sjob notify failure: No error\n", argv[0]);
		return 1;
	}
	for (int i = 1; i < argc; i++)
		text_printf(&text, "%s%s", i > 1 ? " " : "", argv[i]);
	m.text = text.s;
	int rc = scontrol_connect(sc, "job notify failure");
	if (rc == 0 && connect_ask(&sc->connection, MSG_job_notify_request, &m, MSG_msg_ok, &sc->arena,
	                           &record, &err) != 0) {
		fprintf(stderr, "job notify failure: %s\n", err_text(&err));
		rc = 1;
	}
	text_free(&text);
	return rc;
}

/* ---- wait_job ---- */

struct wait {
	bool found;
	uint32_t state, flags;
};
static struct wait waited;

static bool take_waited(struct scontrol *sc, const void *record)
{
	const struct job_list *list = record;
	(void)sc;
	for (uint32_t i = 0; i < list->jobs.n && !waited.found; i++)
		waited = (struct wait){true, list->jobs.v[i].state->state, list->jobs.v[i].state->flags};
	return list->last;
}

/* A job that has not begun is not waited for, as there. */
int scontrol_wait_job(struct scontrol *sc, int argc, char **argv)
{
	struct job_query q;
	struct err err = {0};
	uint32_t id;
	(void)argc;
	schema_init(schema_of_job_query(), &q);
	if (!read_id(argv[0], &id)) {
		fprintf(stderr, "Invalid job_id %s\n", argv[0]);
		return 1;
	}
	q.all_states = true;
	q.job_ids = (struct schema_u32s){&id, 1};
	if (scontrol_connect(sc, "slurm_load_jobs error") != 0)
		return 1;
	for (;;) {
		waited = (struct wait){0};
		if (scontrol_ask_all(sc, MSG_job_query, &q, MSG_job_list, take_waited, &err) != 0 ||
		    !waited.found) {
			log_info("Problem running job %" PRIu32, id);
			return 1;
		}
		if (waited.state != JOB_RUNNING && waited.state != JOB_SUSPENDED) {
			log_info("Job %" PRIu32 " no longer running", id);
			return 1;
		}
		if (!(waited.flags & JOB_FLAG_CONFIGURING)) {
			log_info("Nodes are ready for job %" PRIu32, id);
			return 0;
		}
		const struct timespec pause = {LOOK_AGAIN_S, 0};
		nanosleep(&pause, NULL);
	}
}

/* ---- completing ---- */

/* Which of the cluster's nodes are ending something, and which are down: text map, name -> one of these. */
static char is_completing, is_down;
static struct map node_is;

static bool take_node_states(struct scontrol *sc, const void *record)
{
	const struct node_list *list = record;
	for (uint32_t i = 0; i < list->nodes.n; i++) {
		const struct node_info *node = &list->nodes.v[i];
		const bool down = node->base == NODE_DOWN;
		if (down || (node->flags & NODE_FLAG_COMPLETING))
			map_put_text(&node_is, arena_strdup(&sc->arena, node->name),
			             down ? &is_down : &is_completing);
	}
	return list->last;
}

static void print_nodes(const char *title, const char *which, const char *names)
{
	struct hostlist *all = names ? hostlist_parse(names, NULL) : NULL, *some = hostlist_new();
	struct hostlist_iter it;
	if (all)
		hostlist_iter_init(&it, all);
	for (const char *name; all && (name = hostlist_next(&it));)
		if (map_get_text(&node_is, name) == which)
			hostlist_add_name(some, name);
	if (hostlist_count(some)) {
		char *s = hostlist_string(some);
		printf("%s=%s ", title, s);
		free(s);
	}
	hostlist_free(some);
	hostlist_free(all);
}

static bool take_completing(struct scontrol *sc, const void *record)
{
	const struct job_list *list = record;
	(void)sc;
	for (uint32_t i = 0; i < list->jobs.n; i++) {
		const struct job_info *job = &list->jobs.v[i];
		struct text line = TEXT_EMPTY;
		if (!(job->state->flags & JOB_FLAG_COMPLETING))
			continue;
		text_printf(&line, "JobId=%" PRIu32 " EndTime=", job->spec->job_id);
		show_time(&line, job->state->end_time, "Unknown");
		text_add(&line, " CompletingTime=");
		int64_t since = (list->now - job->state->end_time) / CORE_SECOND;
		show_hms(&line, since > 0 ? since : 0);
		printf("%s ", text_str(&line));
		print_nodes("Nodes(COMPLETING)", &is_completing, job->nodes);
		print_nodes("Nodes(DOWN)", &is_down, job->nodes);
		puts("");
		text_free(&line);
	}
	return list->last;
}

int scontrol_completing(struct scontrol *sc, int argc, char **argv)
{
	struct job_query q;
	struct node_query nodes;
	struct err err = {0};
	(void)argc, (void)argv;
	schema_init(schema_of_job_query(), &q);
	schema_init(schema_of_node_query(), &nodes);
	q.all_states = true;
	if (scontrol_connect(sc, "slurm_load_jobs error") != 0)
		return 1;
	map_init_text(&node_is);
	int rc = scontrol_ask_all(sc, MSG_node_query, &nodes, MSG_node_list, take_node_states, &err);
	if (rc != 0)
		scontrol_complain(sc, "slurm_load_node error: %s\n", err_text(&err));
	else if ((rc = scontrol_ask_all(sc, MSG_job_query, &q, MSG_job_list, take_completing, &err)) != 0)
		scontrol_complain(sc, "slurm_load_jobs error: %s\n", err_text(&err));
	map_free(&node_is);
	return rc != 0;
}
