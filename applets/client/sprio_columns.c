#include "applets/client/sprio.h"
#include "applets/common/users.h"
#include "core/tres.h"
#include "core/util/real.h"

#include <inttypes.h>

#define JOB          ((const struct priority_info *)record)
#define LIST         ((const struct priority_list *)ctx)
#define TEXT(name)   static void name(struct text *out, const void *record, const void *ctx)
#define NUMBER(name) static int64_t name(const void *record, const void *ctx)
#define UNUSED       (void)record, (void)ctx

/* What is sorted by is a number with so many places behind the point. */
#define SORT_SCALE 1e9

/* ---- factors: by itself, weighed, and the weight ---- */

#define FACTOR(name, member, weight_member)                                                                  \
	NUMBER(name##_normal_number)                                                                         \
	{                                                                                                    \
		UNUSED;                                                                                      \
		return (int64_t)(real_of_bits(JOB->member) * SORT_SCALE);                                    \
	}                                                                                                    \
	TEXT(name##_normal)                                                                                  \
	{                                                                                                    \
		UNUSED;                                                                                      \
		text_printf(out, "%.7f", real_of_bits(JOB->member));                                         \
	}                                                                                                    \
	NUMBER(name##_weighed_number)                                                                        \
	{                                                                                                    \
		return (int64_t)(real_of_bits(JOB->member) * LIST->weight_member * SORT_SCALE);              \
	}                                                                                                    \
	TEXT(name##_weighed)                                                                                 \
	{                                                                                                    \
		text_printf(out, "%.0f", real_of_bits(JOB->member) * LIST->weight_member);                   \
	}                                                                                                    \
	TEXT(name##_weight)                                                                                  \
	{                                                                                                    \
		UNUSED;                                                                                      \
		text_printf(out, "%" PRIu32, LIST->weight_member);                                           \
	}

FACTOR(age, age, weight_age)
FACTOR(assoc, assoc, weight_assoc)
FACTOR(fairshare, fairshare, weight_fairshare)
FACTOR(job_size, job_size, weight_job_size)
FACTOR(part, part_factor, weight_partition)
FACTOR(qos, qos, weight_qos)

/* ---- the others ---- */

TEXT(nothing)
{
	UNUSED;
	(void)out;
}

/* Of a federation there is none. */
TEXT(cluster)
{
	UNUSED;
	text_add(out, "(null)");
}

TEXT(weights_title)
{
	UNUSED;
	text_add(out, "Weights");
}

NUMBER(id_number)
{
	UNUSED;
	return JOB->job_id;
}

TEXT(id)
{
	text_printf(out, "%" PRId64, id_number(record, ctx));
}

TEXT(partition)
{
	UNUSED;
	text_add(out, JOB->partition);
}

TEXT(user)
{
	UNUSED;
	text_add(out, JOB->user_name ? JOB->user_name : user_name_of(JOB->uid));
}

NUMBER(niceness_number)
{
	UNUSED;
	return JOB->nice;
}

TEXT(niceness)
{
	text_printf(out, "%" PRId64, niceness_number(record, ctx));
}

NUMBER(priority_number)
{
	UNUSED;
	return JOB->priority;
}

TEXT(priority)
{
	text_printf(out, "%" PRId64, priority_number(record, ctx));
}

TEXT(priority_normal)
{
	UNUSED;
	/* One that was asked for is not made a fraction there either. */
	text_printf(out, "%.14f", JOB->admin ? (double)JOB->admin : real_of_bits(JOB->sum) / UINT32_MAX);
}

TEXT(site)
{
	UNUSED;
	text_add_char(out, '0');
}

TEXT(site_weight)
{
	UNUSED;
	text_add_char(out, '1');
}

/* ---- TRES ---- */

/* Those that have a weight. */
static void print_tres(struct text *out, const struct priority_list *list, const struct priority_info *job,
                       bool weighed)
{
	bool first = true;
	if (job->admin)
		return;
	for (uint32_t i = 0; i < list->weight_tres.n && i < TRES_COUNT; i++) {
		const double weight = real_of_bits(list->weight_tres.v[i]);
		const double factor = i < job->tres.n ? real_of_bits(job->tres.v[i]) : 0;
		if (weight == 0)
			continue;
		text_printf(out, "%s%s=%.*f", first ? "" : ",", tres_word((enum tres_id)i), weighed ? 0 : 2,
		            weighed ? factor * weight : factor);
		first = false;
	}
}

TEXT(tres_normal)
{
	print_tres(out, LIST, JOB, false);
}

TEXT(tres_weighed)
{
	print_tres(out, LIST, JOB, true);
}

TEXT(tres_weight)
{
	(void)record;
	text_add(out, LIST->weights_text); /* as it was written */
}

/* ---- rows ---- */

/* C(letter, name, header, of a job, its number, of the weights) */
#define COLUMNS                                                                                              \
	C('a', "age_factor", "AGE", age_normal, age_normal_number, age_weight)                               \
	C('A', "age", "AGE", age_weighed, age_weighed_number, age_weight)                                    \
	C('b', "assoc_factor", "ASSOC", assoc_normal, assoc_normal_number, assoc_weight)                     \
	C('B', "assoc", "ASSOC", assoc_weighed, assoc_weighed_number, assoc_weight)                          \
	C('c', "cluster", "CLUSTER", cluster, NULL, nothing)                                                 \
	C('f', "fairshare_factor", "FAIRSHARE", fairshare_normal, fairshare_normal_number, fairshare_weight) \
	C('F', "fairshare", "FAIRSHARE", fairshare_weighed, fairshare_weighed_number, fairshare_weight)      \
	C('i', "jobid", "JOBID", id, id_number, weights_title)                                               \
	C('j', "jobsize_factor", "JOBSIZE", job_size_normal, job_size_normal_number, job_size_weight)        \
	C('J', "jobsize", "JOBSIZE", job_size_weighed, job_size_weighed_number, job_size_weight)             \
	C('N', "nice", "NICE", niceness, niceness_number, nothing)                                           \
	C('p', "partition_factor", "PARTITION", part_normal, part_normal_number, part_weight)                \
	C('P', "partition_weighed", "PARTITION", part_weighed, part_weighed_number, part_weight)             \
	C('q', "qos_factor", "QOS", qos_normal, qos_normal_number, qos_weight)                               \
	C('Q', "qos_weighed", "QOS", qos_weighed, qos_weighed_number, qos_weight)                            \
	C('r', "partition", "PARTITION", partition, NULL, nothing)                                           \
	C('S', "site", "SITE", site, NULL, site_weight)                                                      \
	C('t', "tres_factors", "TRES", tres_normal, NULL, nothing)                                           \
	C('T', "tres", "TRES", tres_weighed, NULL, tres_weight)                                              \
	C('u', "user", "USER", user, NULL, nothing)                                                          \
	C('y', "priority_fraction", "PRIORITY", priority_normal, priority_number, nothing)                   \
	C('Y', "priority", "PRIORITY", priority, priority_number, nothing)

const struct column sprio_columns[] = {
#define C(letter, name, header, value, number, weight) {letter, name, header, 0, value, number},
        COLUMNS
#undef C
};
const struct column sprio_weights[] = {
#define C(letter, name, header, value, number, weight) {letter, name, header, 0, weight, NULL},
        COLUMNS
#undef C
};
const size_t sprio_column_count = sizeof(sprio_columns) / sizeof(sprio_columns[0]);
