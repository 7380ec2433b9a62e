/* The JobAcctGather* parameters of slurm.conf(5), and --acctg-freq. */
#pragma once
#include "conf/slurm_conf.h"

enum job_acct_memory { JOB_ACCT_RSS, JOB_ACCT_PSS, JOB_ACCT_PRIVATE };

struct job_acct {
	bool gathers;                /* what steps use is sampled */
	enum job_acct_memory memory; /* what counts of memory that is shared */
	uint32_t interval_s;         /* between samples; 0: at the end alone */
	bool kills;                  /* who uses more memory than it asked for is ended */
};

void job_acct_read(const struct slurm_conf *conf, struct job_acct *out);
/* The tasks' interval in "30" or "energy=60,task=30"; false: it says nothing of it. */
bool job_acct_interval(const char *list, uint32_t *out);
