/* Who may have cores or nodes together with whom: OverSubscribe and ExclusiveUser of partitions, as
 * slurm.conf(5) has them, --oversubscribe and --exclusive=user of jobs, as sbatch(1) has them. */
#include "core/cluster_priv.h"

bool conf_is_linear(const struct cluster_conf *conf)
{
	return (conf->select_flags & (CONF_CR_CPU | CONF_CR_CORE | CONF_CR_SOCKET)) == 0;
}

uint32_t part_select_flags(const struct cluster *c, const struct part *part)
{
	const uint32_t own = part ? part->conf->select_flags : 0, all = c->conf->select_flags;
	if (own == 0 || (all & (CONF_CR_CORE | CONF_CR_SOCKET)) == 0)
		return all;
	return (all & ~(uint32_t)(CONF_CR_CORE | CONF_CR_SOCKET | CONF_CR_MEMORY)) | own;
}

uint32_t share_limit(const struct part *part, const struct job_spec *spec)
{
	const struct core_part_conf *conf = part ? part->conf : NULL;
	const uint32_t most = conf && conf->oversubscribe_max ? conf->oversubscribe_max : 1;
	if (!conf)
		return 0;
	switch (conf->oversubscribe) {
	case CONF_SHARE_FORCE: /* of one alone: beside other partitions' jobs, and who will may disable it */
		return most == 1 && spec->exclusive ? 0 : most;
	case CONF_SHARE_YES:
		return spec->oversubscribe ? most : 0;
	default:
		return 0;
	}
}

bool spec_is_whole(const struct cluster *c, const struct part *part, const struct job_spec *spec)
{
	return conf_is_linear(c->conf) || spec->exclusive ||
	       (part && part->conf->oversubscribe == CONF_SHARE_EXCLUSIVE);
}

bool spec_is_for_user(const struct part *part, const struct job_spec *spec)
{
	return spec->exclusive_user || (part && part->conf->exclusive_user);
}

/* What the job says goes before what its partition says. */
static enum job_sharing asked(const struct core_part_conf *conf, const struct job_spec *spec)
{
	if (spec->exclusive)
		return SHARING_NO;
	if (spec->oversubscribe)
		return SHARING_YES;
	if (spec->exclusive_user || spec->exclusive_mcs)
		return spec->exclusive_user ? SHARING_USER : SHARING_MCS;
	if (conf && conf->exclusive_user)
		return SHARING_USER;
	if (conf && conf->oversubscribe == CONF_SHARE_EXCLUSIVE)
		return SHARING_NO;
	return conf && conf->oversubscribe == CONF_SHARE_FORCE && conf->oversubscribe_max > 1 ? SHARING_YES
	                                                                                      : SHARING_OK;
}

/* Some partitions have the last word, as soon as the job is considered there. */
static enum job_sharing forced(const struct core_part_conf *conf)
{
	if (conf && conf->oversubscribe == CONF_SHARE_EXCLUSIVE)
		return SHARING_NO;
	return conf && conf->oversubscribe == CONF_SHARE_FORCE && conf->oversubscribe_max > 1 ? SHARING_YES
	                                                                                      : SHARING_UNSET;
}

void job_start_sharing(struct job *job)
{
	job->state.sharing = forced(job->part->conf);
	job->state.shares = share_limit(job->part, &job->spec) > 0;
	job->state.for_user = spec_is_for_user(job->part, &job->spec);
}

uint32_t job_sharing(const struct cluster *c, const struct job *job)
{
	const struct core_part_conf *conf = job->part ? job->part->conf : NULL;
	const bool pending = job->state.state == JOB_PENDING;
	const uint32_t word = !pending ? job->state.sharing : job->class ? forced(conf) : SHARING_UNSET;
	const uint32_t own = asked(conf, &job->spec);
	if (word != SHARING_UNSET)
		return word;
	return own == SHARING_OK && conf_is_linear(c->conf) ? SHARING_NO : own;
}

bool node_is_for_others(const struct node *node, uint32_t uid, bool for_user)
{
	if (node->jobs == 0 || (!for_user && node->user_jobs == 0))
		return false;
	list_each (it, &node->shares) {
		const struct job *job = list_entry(it, struct share, on_node)->job;
		if (job->spec.who->uid != uid && (for_user || job->state.for_user))
			return true;
	}
	return false;
}

void loads_add(uint32_t *loads, const struct node *node, const struct node_alloc *record, bool shares,
               bool counts)
{
	for (uint32_t i = 0; i < record->cores.n; i++) {
		const uint32_t core = record->cores.v[i];
		if (core >= node->cores_total || loads[core] == CORE_INFINITE)
			continue;
		if (!shares)
			loads[core] = CORE_INFINITE;
		else
			loads[core] = (loads[core] ? loads[core] : 1) + counts;
	}
}

void node_loads(const struct cluster *c, const struct node *node, const struct part *part, uint32_t *loads)
{
	const bool all = conf_is_linear(c->conf);
	for (uint32_t i = 0; i < node->cores_total; i++)
		loads[i] = 0;
	list_each (it, &node->shares) {
		const struct share *share = list_entry(it, struct share, on_node);
		if (!share->idle)
			loads_add(loads, node, share_record(share), share->job->state.shares,
			          all || share->job->part == part);
	}
}
