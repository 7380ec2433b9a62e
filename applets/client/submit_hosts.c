/* -m arbitrary: SLURM_HOSTFILE, or else -w, has a host for each task, in order; what this asks of a job. */
#include "applets/client/hostfile.h"
#include "applets/client/submit.h"
#include "core/conf.h"
#include "core/records.h"
#include "core/util/log.h"

#include <stdlib.h>

int submit_read_hosts(struct submit *s, struct hostfile *hosts)
{
	const char *path = getenv("SLURM_HOSTFILE");
	const uint32_t want = s->spec.tasks_set ? s->spec.tasks : s->nodes_set ? s->spec.nodes_min : 0;
	struct err err = {0};
	int rc = 0;
	if (path && *path)
		rc = hostfile_read(hosts, path, want, &s->arena, &err);
	else if (s->dist != DIST_ARBITRARY)
		return 0;
	else if (s->nodes_in_order && *s->nodes_in_order)
		rc = hostfile_of_list(hosts, s->nodes_in_order, want, &s->arena, &err);
	else if (s->nodes_set && !s->spec.tasks_set)
		rc = err_set(&err, ERR_INVALID, "invalid number of tasks (-n 0)");
	else
		rc = err_set(&err, ERR_INVALID,
		             "With Arbitrary distribution you need to specify a nodelist or hostfile with "
		             "the -w option");
	if (rc != 0) {
		log_error("%s", err_text(&err));
		if (path && *path)
			log_error("Failure getting NodeNames from hostfile");
		return -1;
	}
	s->dist = DIST_ARBITRARY;
	s->dist_words = arena_strdup(&s->arena, "arbitrary");
	return 0;
}

/* Its steps find the hosts in SLURM_HOSTFILE themselves, so each node has what the one with most tasks needs.
 */
int submit_hosts(struct submit *s)
{
	struct job_spec *spec = &s->spec;
	struct hostfile hosts = {0};
	if (submit_read_hosts(s, &hosts) != 0)
		return -1;
	if (!hosts.list)
		return 0;
	const uint64_t cpus = (uint64_t)hosts.most * (spec->cpus_per_task_set ? spec->cpus_per_task : 1);
	spec->req_nodes = hosts.names;
	spec->nodes_min = spec->nodes_max = hosts.nodes;
	s->nodes_set = true;
	spec->tasks = hosts.count;
	spec->tasks_set = true;
	if (!spec->overcommit && cpus > spec->min_cpus_node)
		spec->min_cpus_node = cpus < UINT32_MAX ? (uint32_t)cpus : UINT32_MAX;
	return 0;
}
