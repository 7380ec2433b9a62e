#include "conf/job_acct.h"

#include "core/util/text.h"

#include <string.h>

#define INTERVAL_S 30 /* where the list has none for tasks */

bool job_acct_interval(const char *list, uint32_t *out)
{
	for (const char *p = list; p && *p;) {
		size_t n = strcspn(p, ",");
		const char *number = text_starts_nocase(p, "task=") ? p + strlen("task=") : p;
		uint32_t value;
		if (text_read_u32(&number, &value) && (*number == ',' || !*number)) {
			*out = value;
			return true;
		}
		p += n + (p[n] == ',');
	}
	return false;
}

void job_acct_read(const struct slurm_conf *conf, struct job_acct *out)
{
	const char *type = conf_str(conf, P_JobAcctGatherType),
	           *words = conf_str(conf, P_JobAcctGatherParams);
	*out = (struct job_acct){.interval_s = INTERVAL_S};
	out->gathers = type && !text_eq_nocase(type, "jobacct_gather/none");
	job_acct_interval(conf_str(conf, P_JobAcctGatherFrequency), &out->interval_s);
	if (text_list_has(words, "UsePss", strlen("UsePss")))
		out->memory = JOB_ACCT_PSS;
	else if (text_list_has(words, "NoShared", strlen("NoShared")))
		out->memory = JOB_ACCT_PRIVATE;
	out->kills = out->gathers && text_list_has(words, "OverMemoryKill", strlen("OverMemoryKill"));
}
