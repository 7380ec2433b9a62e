#include "applets/client/srun_bcast.h"

#include "applets/client/bcast.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_program(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static const char *here(struct arena *arena)
{
	char dir[PATH_MAX];
	return arena_strdup(arena, getcwd(dir, sizeof(dir)) ? dir : "/");
}

const char *srun_bcast_find(const char *command, struct arena *arena)
{
	const char *found = NULL;
	if (strchr(command, '/')) {
		found = *command == '/' ? command : arena_printf(arena, "%s/%s", here(arena), command);
		found = is_program(found) ? found : NULL;
	} else {
		const char *path = getenv("PATH");
		char *rest = arena_strdup(arena, path ? path : "/usr/bin:/bin");
		while (!found && rest) {
			const char *dir = text_split(&rest, ':');
			const char *try = arena_printf(arena, "%s/%s", *dir ? dir : here(arena), command);
			found = is_program(try) ?
			try : NULL
				;
		}
	}
	if (!found)
		log_write(LOG_LEVEL_FATAL, "Can not execute %s", command);
	return found;
}

/* A directory: each node's copy has a name of its own there. */
static void name_copy(struct bcast *b, const char *asked, const char *dest_dir, const char *work_dir,
                      const struct step_ready *step, struct arena *arena)
{
	const size_t n = strlen(asked);
	const char *from = *asked == '/' ? "" : arena_printf(arena, "%s/", work_dir);
	b->per_node = n == 0 || asked[n - 1] == '/';
	if (!b->per_node)
		b->dest = arena_printf(arena, "%s%s", from, asked);
	else
		b->dest = arena_printf(arena, "%s%s%sslurm_bcast_%" PRIu32 ".%" PRIu32 "_",
		                       n == 0 && dest_dir ? "" : from, n == 0 && dest_dir ? dest_dir : asked,
		                       n == 0 && dest_dir ? "/" : "", step->job_id, step->step_id);
}

static const struct step_ready *ask(struct connect *connection, const struct step_ready *step,
                                    struct arena *arena)
{
	const struct bcast_request m = {
	        .job_id = step->job_id, .step_id = step->step_id, .task_id = CORE_NO_VAL};
	struct err err = {0};
	void *record = NULL;
	if (connect_ask(connection, MSG_bcast_request, &m, MSG_step_ready, arena, &record, &err) == 0)
		return record;
	log_error("Slurm job %" PRIu32 ".%" PRIu32 " lookup error: %s", step->job_id, step->step_id,
	          err_text(&err));
	return NULL;
}

int srun_bcast_send(const struct submit *s, struct connect *connection, const struct step_ready *step,
                    const char *program, const char *work_dir, struct arena *arena, char ***copies)
{
	struct bcast b = {.cluster = connection->file.controller.cluster,
	                  .message_timeout_us = connect_patience_us(connection),
	                  .source = program,
	                  .force = true};
	const char *dest_dir = bcast_dest_dir(conf_str(&connection->file.conf, P_BcastParameters), arena);
	name_copy(&b, s->bcast, dest_dir, work_dir ? work_dir : here(arena), step, arena);
	const struct step_ready *to = bcast_open_source(&b) == 0 ? ask(connection, step, arena) : NULL;
	int rc = to ? bcast_run(&b, to) : -1;
	if (b.fd >= 0)
		close(b.fd);
	if (rc != 0) {
		log_write(LOG_LEVEL_FATAL, "Failed to broadcast '%s'. Step launch aborted.", program);
		return -1;
	}
	*copies = arena_array(arena, step->places.n, sizeof(char *));
	for (uint32_t i = 0; i < step->places.n; i++) {
		char *copy = bcast_dest(&b, step->places.v[i].node);
		(*copies)[i] = arena_strdup(arena, copy);
		free(copy);
	}
	return 0;
}
