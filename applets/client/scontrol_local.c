/* scontrol listpids, pidinfo and show slurmd: from the slurmd of this host. */
#include "applets/client/job_name.h"
#include "applets/client/local.h"
#include "applets/client/scontrol.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct local_reply *ask(struct scontrol *sc, const char *node, const struct local_query *q,
                                     struct err *err)
{
	uint32_t type = 0;
	void *record = NULL;
	struct client *client = local_open(&sc->connection, node, &sc->arena, err);
	if (!client)
		return NULL;
	int rc = client_call(client, MSG_local_query, q, &sc->arena, &type, &record, NULL, err);
	client_close(client);
	if (rc == 0 && type != MSG_local_reply)
		rc = err_set(err, ERR_COMMUNICATION, "slurmd answered with %s", message_name(type));
	return rc == 0 ? record : NULL;
}

/* ---- listpids ---- */

/* "12", "12.0", "*". false: it was said what is wrong, and *rc is the exit code. */
static bool read_job(char *word, struct local_query *q, int *rc)
{
	char *dot = strchr(word, '.');
	if (text_eq(word, "*"))
		return true;
	if (dot)
		*dot = '\0';
	bool is_job = text_to_u32(word, &q->job_id) && q->job_id != 0;
	if (dot)
		*dot = '.';
	if (!is_job) {
		fprintf(stderr, "\"%s\" does not look like a jobid\n", word);
		*rc = 1;
		return false;
	}
	if (!dot || job_name_step_id(dot + 1, &q->step_id))
		return true;
	puts("PID      JOBID    STEPID   LOCALID GLOBALID");
	fprintf(stderr, "\"%s\" does not look like a stepid\n", word);
	*rc = 0; /* as there */
	return false;
}

static int nothing(const struct local_query *q, const char *node, bool any_steps)
{
	const char *where = node ? node : "(null)";
	if (q->step_id != CORE_NO_VAL) {
		struct text step = TEXT_EMPTY;
		job_name_step(&step, q->step_id);
		fprintf(stderr, "StepId=%" PRIu32 "%s does not exist on node %s.\n", q->job_id,
		        text_str(&step), where);
		text_free(&step);
	} else if (q->job_id && any_steps) {
		fprintf(stderr, "There are no steps for job %" PRIu32 " on node %s.\n", q->job_id, where);
	} else if (q->job_id) {
		fprintf(stderr, "JobId=%" PRIu32 " does not exist on node %s.\n", q->job_id, where);
	} else {
		fputs("No job steps exist on this node.\n", stderr);
	}
	return 1;
}

static void print_process(const struct local_process *p)
{
	struct text step = TEXT_EMPTY;
	char local[16] = "-", global[16] = "-";
	job_name_step(&step, p->step_id);
	if (p->local != CORE_NO_VAL) {
		snprintf(local, sizeof(local), "%" PRIu32, p->local);
		snprintf(global, sizeof(global), "%" PRIu32, p->global);
	}
	printf("%-8" PRIu32 " %-8" PRIu32 " %-8s %-7s %-8s\n", p->pid, p->job_id, text_str(&step) + 1, local,
	       global);
	text_free(&step);
}

int scontrol_listpids(struct scontrol *sc, int argc, char **argv)
{
	struct local_query q;
	struct err err = {0};
	const char *node = argc > 1 ? argv[1] : NULL;
	int rc = 0;
	schema_init(schema_of_local_query(), &q);
	if (argc && !read_job(argv[0], &q, &rc))
		return rc;
	const struct local_reply *m = ask(sc, node, &q, &err);
	puts("PID      JOBID    STEPID   LOCALID GLOBALID");
	fflush(stdout);
	if (!m || m->processes.n == 0) {
		if (!m && (!node || err.code != ERR_NOT_FOUND))
			log_error("%s", err_text(&err));
		return nothing(&q, node, m && m->steps.n > 0);
	}
	for (uint32_t i = 0; i < m->processes.n; i++)
		print_process(&m->processes.v[i]);
	return 0;
}

/* ---- pidinfo ---- */

static int64_t job_ends;

static bool take_end(struct scontrol *sc, const void *record)
{
	const struct job_list *list = record;
	sc->show.now = list->now;
	if (list->jobs.n)
		job_ends = list->jobs.v[0].end_limit;
	return list->last;
}

/* A job without a limit ends in a year, as there. */
#define YEAR (365 * 24 * 3600 * CORE_SECOND)

static int print_end(struct scontrol *sc, uint32_t job_id)
{
	struct job_query q;
	struct err err = {0};
	struct text when = TEXT_EMPTY;
	schema_init(schema_of_job_query(), &q);
	q.all_states = true;
	q.job_ids = (struct schema_u32s){&job_id, 1};
	job_ends = 0;
	if (scontrol_connect(sc, "slurm_get_end_time") != 0)
		return 1;
	if (scontrol_ask_all(sc, MSG_job_query, &q, MSG_job_list, take_end, &err) != 0)
		return scontrol_complain(sc, "slurm_get_end_time: %s\n", err_text(&err));
	int64_t end = job_ends ? job_ends : sc->show.now + YEAR;
	show_date_line(&when, end);
	printf("Slurm JobId=%" PRIu32 " ends at %sJob remaining time is %" PRId64 " seconds\n", job_id,
	       text_str(&when), (end - sc->show.now) / CORE_SECOND);
	text_free(&when);
	return 0;
}

int scontrol_pidinfo(struct scontrol *sc, int argc, char **argv)
{
	struct local_query q;
	struct err err = {0};
	(void)argc;
	schema_init(schema_of_local_query(), &q);
	const struct local_reply *m = text_to_u32(argv[0], &q.pid) && q.pid ? ask(sc, NULL, &q, &err) : NULL;
	if (m && m->processes.n)
		return print_end(sc, m->processes.v[0].job_id);
	fputs("Failed to locate job for requested pid\n", stderr);
	if (err.code)
		log_info("%s", err_text(&err));
	return 1;
}

/* ---- show slurmd ---- */

static void print_time(const char *label, int64_t at)
{
	struct text when = TEXT_EMPTY;
	show_time(&when, at, "NONE");
	printf("%-24s = %s\n", label, text_str(&when));
	text_free(&when);
}

/* The name of a node behind it is not looked at, as there. */
int scontrol_show_slurmd(struct scontrol *sc, int argc, char **argv)
{
	struct local_query q;
	struct err err = {0};
	struct text steps = TEXT_EMPTY;
	(void)argc, (void)argv;
	schema_init(schema_of_local_query(), &q);
	q.pid = 1; /* no process of a step has that: the list isn't wanted */
	const struct local_reply *m = ask(sc, NULL, &q, &err);
	if (!m) {
		if (err.code != ERR_NOT_FOUND)
			return scontrol_complain(sc, "slurm_load_slurmd_status: %s\n", err_text(&err));
		log_error("slurm_slurmd_info: Connection refused");
		scontrol_complain(sc, "slurm_load_slurmd_status: Connection refused\n");
		log_info("%s", err_text(&err));
		return 1;
	}
	for (uint32_t i = 0; i < m->steps.n; i++) {
		text_printf(&steps, "%s%" PRIu32, i ? ", " : "", m->steps.v[i].job_id);
		if (m->steps.v[i].step_id != CORE_STEP_BATCH)
			job_name_step(&steps, m->steps.v[i].step_id);
	}
	const struct hardware *hw = m->hardware;
	printf("%-24s = %s\n", "Active Steps", steps.len ? text_str(&steps) : "NONE");
	if (hw) {
		printf("%-24s = %" PRIu32 "\n", "Actual CPUs", hw->cpus);
		printf("%-24s = %" PRIu32 "\n", "Actual Boards", hw->boards);
		printf("%-24s = %" PRIu32 "\n", "Actual sockets", hw->sockets);
		printf("%-24s = %" PRIu32 "\n", "Actual cores", hw->cores_per_socket);
		printf("%-24s = %" PRIu32 "\n", "Actual threads per core", hw->threads_per_core);
		printf("%-24s = %" PRIu64 " MB\n", "Actual real memory", hw->real_memory);
		printf("%-24s = %" PRIu64 " MB\n", "Actual temp disk space", hw->tmp_disk);
	}
	print_time("Boot time", m->start_time);
	printf("%-24s = %s\n", "Hostname", m->node ? m->node : "");
	print_time("Last slurmctld msg time", m->last_order);
	printf("%-24s = %" PRIu32 "\n", "Slurmd PID", m->pid);
	printf("%-24s = %" PRIu32 "\n", "Slurmd Debug", m->log_level);
	printf("%-24s = %s\n", "Slurmd Logfile", m->log_path ? m->log_path : "(null)");
	printf("%-24s = %s\n", "Version", m->version ? m->version : "");
	text_free(&steps);
	return 0;
}
