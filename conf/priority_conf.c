#include "conf/priority_conf.h"

#include "conf/time.h"
#include "core/records.h"

static void wrong(const struct slurm_conf *conf, enum param p, struct conf_errors *errors, const char *what)
{
	conf_error_add(errors, conf->values[p].file, conf->values[p].line, "Bad value \"%s\" for %s: %s",
	               conf_str(conf, p), param_rows[p].name, what);
}

/* Seconds; CORE_INFINITE: no end. */
static uint32_t seconds(const struct slurm_conf *conf, enum param p, struct conf_errors *errors)
{
	int64_t v = 0;
	if (!time_parse_limit(conf_str(conf, p), &v))
		wrong(conf, p, errors, "a time is wanted, as 5, 1:30:00 or 7-0");
	return v < 0 || v > CORE_NO_VAL ? CORE_INFINITE : (uint32_t)v;
}

void priority_conf_read(struct slurm_conf *conf, struct conf_errors *errors)
{
	struct priority_conf *c = &conf->core.priority;
	static const struct {
		enum param param;
		size_t at;
	} weights[] = {
	        {P_PriorityWeightAge, offsetof(struct priority_conf, age)},
	        {P_PriorityWeightAssoc, offsetof(struct priority_conf, assoc)},
	        {P_PriorityWeightFairshare, offsetof(struct priority_conf, fairshare)},
	        {P_PriorityWeightJobSize, offsetof(struct priority_conf, job_size)},
	        {P_PriorityWeightPartition, offsetof(struct priority_conf, partition)},
	        {P_PriorityWeightQOS, offsetof(struct priority_conf, qos)},
	};
	static const struct {
		const char *word;
		size_t at;
	} flags[] = {
	        {"ACCRUE_ALWAYS", offsetof(struct priority_conf, accrue_always)},
	        {"CALCULATE_RUNNING", offsetof(struct priority_conf, calculate_running)},
	        {"INCR_ONLY", offsetof(struct priority_conf, incr_only)},
	        {"NO_NORMAL_ALL", offsetof(struct priority_conf, no_normal_part)},
	        {"NO_NORMAL_ALL", offsetof(struct priority_conf, no_normal_tres)},
	        {"NO_NORMAL_PART", offsetof(struct priority_conf, no_normal_part)},
	        {"NO_NORMAL_TRES", offsetof(struct priority_conf, no_normal_tres)},
	        {"SMALL_RELATIVE_TO_TIME", offsetof(struct priority_conf, small_relative_to_time)},
	};
	for (size_t i = 0; i < sizeof(weights) / sizeof(weights[0]); i++)
		*(uint32_t *)(void *)((char *)c + weights[i].at) = conf_u32(conf, weights[i].param);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (conf_list_has(conf, P_PriorityFlags, flags[i].word))
			*(bool *)((char *)c + flags[i].at) = true;
	c->multifactor = text_eq_nocase(conf_str(conf, P_PriorityType), "priority/multifactor");
	c->favor_small = conf_bool(conf, P_PriorityFavorSmall);
	c->max_age_s = seconds(conf, P_PriorityMaxAge, errors);
	c->calc_period_s = seconds(conf, P_PriorityCalcPeriod, errors);
	if (c->calc_period_s == 0)
		c->calc_period_s = 1;
	const char *tres = conf_str(conf, P_PriorityWeightTRES);
	if (tres && tres_weights(tres, c->tres) != 0)
		wrong(conf, P_PriorityWeightTRES, errors, "TYPE=NUMBER,... is wanted, as cpu=1000,mem=500");
}
