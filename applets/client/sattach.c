/* sattach(1): the output of a step that somebody's srun holds, and what is typed here for it. */
#include "applets/applet.h"
#include "applets/client/command.h"
#include "applets/client/complain.h"
#include "applets/client/connect.h"
#include "applets/client/filters.h"
#include "applets/client/step_io.h"
#include "core/util/hostlist.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sattach {
	struct connect connection;
	struct arena arena;
	struct job_name what;
	uint32_t input, output, error; /* a task; CORE_NO_VAL: all */
	bool label, layout, pty, over;
	unsigned verbose;
	int exit_code;
};

enum { OPT_INPUT = 256, OPT_OUTPUT, OPT_ERROR, OPT_LAYOUT, OPT_PTY };

static const struct command_option options[] = {
        {"input-filter", OPT_INPUT, required_argument, "TASK", "what is typed is for this task alone"},
        {"output-filter", OPT_OUTPUT, required_argument, "TASK", "standard output of this task alone"},
        {"error-filter", OPT_ERROR, required_argument, "TASK", "standard error of this task alone"},
        {"label", 'l', no_argument, NULL, "put the task's number before each line"},
        {"layout", OPT_LAYOUT, no_argument, NULL, "show which task runs where, and end"},
        {"pty", OPT_PTY, no_argument, NULL, "take the terminal of task 0"},
        {"quiet", 'Q', no_argument, NULL, "say only errors"},
        {"verbose", 'v', no_argument, NULL, "say more; repeat for more"},
        {"version", 'V', no_argument, NULL, "the version"},
        {"help", 'h', no_argument, NULL, "this text"},
        {"usage", 'u', no_argument, NULL, NULL},
};

static const struct command_word variables[] = {COMMAND_COMMON_VARIABLES};

const struct command sattach_command = {
        .name = "sattach",
        .synopsis = "[options] <jobid.stepid>",
        COMMAND_OPTIONS(options),
        .stop = true,
        .variables = variables,
};

/* ---- the command line ---- */

static int task_number(const char *word, uint32_t *out)
{
	if (text_to_u32(word, out) && *out < CORE_NO_VAL)
		return 0;
	log_error("Invalid value \"%s\" for a task", log_escape(word));
	return -1;
}

static int set_option(struct sattach *a, int c)
{
	switch (c) {
	case OPT_INPUT:
		return task_number(optarg, &a->input);
	case OPT_OUTPUT:
		return task_number(optarg, &a->output);
	case OPT_ERROR:
		return task_number(optarg, &a->error);
	case OPT_LAYOUT:
		a->layout = true;
		return 0;
	case OPT_PTY:
		a->pty = true;
		return 0;
	case 'l':
		a->label = true;
		return 0;
	case 'Q':
		log_set_stderr_level(LOG_LEVEL_ERROR);
		return 0;
	case 'v':
		a->verbose++;
		log_set_stderr_level((enum log_level)(LOG_LEVEL_INFO + (a->verbose > 5 ? 5 : a->verbose)));
		return 0;
	case 'V':
		puts("slurm " SLURM_VERSION_TEXT);
		break;
	default:
		command_print_usage(&sattach_command, stdout);
	}
	a->over = true;
	return 0;
}

static int parse(struct sattach *a, int argc, char **argv)
{
	struct command_getopt known;
	command_getopt_init(&known, &sattach_command);
	for (int c; (c = command_getopt_next(&known, argc, argv)) != -1 && !a->over;) {
		if (c == '?' || c == ':') {
			complain_option("sattach", c, argv);
			return -1;
		}
		if (set_option(a, c) != 0)
			return -1;
	}
	if (a->over)
		return 0;
	/* In the real one's words, whichever the mistake is. */
	const char *wrong =
	        optind + 1 != argc ? "too many parameters"
	        : !job_name_parse(argv[optind], &a->what, &a->arena) || a->what.step_id == CORE_NO_VAL
	                ? "Failed to parse stepid from command line options"
	                : NULL;
	if (wrong) {
		log_error("%s", wrong);
		printf("Usage: %s %s\n", sattach_command.name, sattach_command.synopsis);
		return -1;
	}
	if (a->pty && (a->input != CORE_NO_VAL || a->output != CORE_NO_VAL || a->error != CORE_NO_VAL)) {
		log_error("--pty is incompatible with --input-filter, --output-filter, and --error-filter");
		return -1;
	}
	return 0;
}

/* ---- which step ---- */

/* As squeue -s has it: anybody may see that. */
static const struct step_record *find_step(struct sattach *a, uint32_t *job_id, struct err *err)
{
	struct job_query q;
	void *record = NULL;
	schema_init(schema_of_job_query(), &q);
	q.with_steps = true;
	filter_add_job(&a->what, &q.job_ids, &q.tasks, &a->arena);
	if (connect_configure(&a->connection, err) != 0 || connect_open(&a->connection, err) != 0 ||
	    connect_ask(&a->connection, MSG_job_query, &q, MSG_job_list, &a->arena, &record, err) != 0)
		return NULL;
	const struct job_list *list = record;
	for (uint32_t i = 0; i < list->jobs.n; i++) {
		const struct job_info *job = &list->jobs.v[i];
		for (uint32_t k = 0; k < job->steps.n; k++)
			if (job->steps.v[k].step_id == a->what.step_id &&
			    job->steps.v[k].state == JOB_RUNNING) {
				*job_id = job->spec->job_id;
				return &job->steps.v[k];
			}
	}
	err_set(err, ERR_INVALID_JOB_ID, "%s", "");
	return NULL;
}

static void print_layout(const struct step_record *step)
{
	struct hostlist *names = hostlist_new();
	for (uint32_t i = 0; i < step->nodes.n; i++)
		hostlist_add_name(names, step->nodes.v[i].node);
	char *list = hostlist_string(names);
	printf("Job step layout:\n\t%" PRIu32 " tasks, %" PRIu32 " nodes (%s)\n\n", step->tasks,
	       step->nodes.n, list);
	for (uint32_t i = 0; i < step->nodes.n; i++) {
		const struct step_node *node = &step->nodes.v[i];
		printf("\tNode %" PRIu32 " (%s), %" PRIu32 " task(s): ", i, node->node, node->tasks.n);
		for (uint32_t k = 0; k < node->tasks.n; k++)
			printf("%" PRIu32 " ", node->tasks.v[k]);
		puts("");
	}
	free(list);
	hostlist_free(names);
}

/* ---- the step ---- */

static int attach(struct sattach *a, uint32_t job_id, struct err *err)
{
	const struct step_attach_request m = {.job_id = job_id, .step_id = a->what.step_id};
	void *record = NULL;
	uint32_t status = 0;
	if (connect_ask(&a->connection, MSG_step_attach_request, &m, MSG_step_ready, &a->arena, &record,
	                err) != 0)
		return -1;
	const struct step_io_conf conf = {.step = record,
	                                  .cluster = a->connection.file.controller.cluster,
	                                  .message_timeout_us = connect_patience_us(&a->connection),
	                                  .label = a->label,
	                                  .pty = a->pty,
	                                  .only_input_for = a->pty ? 0 : a->input,
	                                  .only_output_of = a->output,
	                                  .only_error_of = a->error,
	                                  .verbose = a->verbose};
	a->exit_code = step_io_run(&conf, &status);
	return 0;
}

int sattach_main(int argc, char **argv)
{
	struct sattach a = {.input = CORE_NO_VAL, .output = CORE_NO_VAL, .error = CORE_NO_VAL};
	uint32_t job_id = 0;
	struct err err = {0};
	int rc = 0;
	log_init("sattach", LOG_LEVEL_INFO);
	arena_init(&a.arena);
	if (parse(&a, argc, argv) != 0) {
		a.exit_code = 1;
	} else if (!a.over) {
		const struct step_record *step = find_step(&a, &job_id, &err);
		if (!step)
			rc = -1;
		else if (a.layout)
			print_layout(step);
		else
			rc = attach(&a, job_id, &err);
	}
	if (rc != 0) {
		log_error("Could not get job step info: %s", err_text(&err));
		connect_help(1, &err);
		a.exit_code = 1;
	}
	connect_close(&a.connection);
	arena_free(&a.arena);
	return a.exit_code;
}
