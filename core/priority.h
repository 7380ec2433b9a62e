/* Priorities: who of those that wait comes first (slurm.conf(5), PriorityType). With priority/basic each job
 * gets one less than the one before; with priority/multifactor it is a weighted sum of factors, made anew
 * every PriorityCalcPeriod. */
#pragma once
#include "core/cluster.h"

/* Each from 0 to 1, unless it is not normalised (PriorityFlags). Of accounts and QOS there are none. */
struct priority_factors {
	double age, assoc, fairshare, job_size, partition, qos;
	double tres[TRES_COUNT];
	uint32_t admin; /* the priority that was asked for in place of all the others; 0: none */
	int32_t nice;
	double sum; /* weighted, less nice; at least 1 */
};
uint32_t priority_clamped(double priority); /* 1 is the least that is not held */
/* The job's, if it starts in that partition (NULL: none), as they were at that time. */
struct priority_factors priority_factors(const struct cluster *c, const struct job *job,
                                         const struct part *part, core_time at);
