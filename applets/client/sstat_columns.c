#include "applets/client/sstat.h"

#include "applets/client/job_name.h"

#include <inttypes.h>

#define ROW        ((const struct sstat_row *)record)
#define STEP       (ROW->figures.step)
#define TEXT(name) static void name(struct text *out, const void *record, const void *ctx)

TEXT(job_id)
{
	(void)ctx;
	text_printf(out, "%" PRIu32, ROW->job_id);
	job_name_step(out, STEP->step_id);
}

TEXT(nodes)
{
	(void)ctx;
	text_add(out, ROW->nodes);
}

TEXT(pids)
{
	(void)ctx;
	text_add(out, ROW->pids);
}

TEXT(tasks)
{
	struct sacct_spread s;
	(void)ctx;
	sacct_spread_of(STEP, SACCT_CPU, &s);
	text_printf(out, "%" PRIu32, s.tasks);
}

/* Not measured here. */
TEXT(zero)
{
	(void)record, (void)ctx;
	text_add(out, "0");
}

/* Nobody asks for a frequency here. */
TEXT(frequency)
{
	(void)ctx;
	text_add(out, STEP->step_id == CORE_STEP_BATCH ? "0" : "Unknown");
}

/* In the order of --helpformat; width as sstat prints them without -p. */
const struct column sstat_columns[] = {
        {0, "avecpu", "AveCPU", 10, sacct_ave_cpu, NULL},
        {0, "avecpufreq", "AveCPUFreq", 10, zero, NULL},
        {0, "avediskread", "AveDiskRead", 12, sacct_ave_read, NULL},
        {0, "avediskwrite", "AveDiskWrite", 12, sacct_ave_written, NULL},
        {0, "avepages", "AvePages", 10, sacct_ave_pages, NULL},
        {0, "averss", "AveRSS", 10, sacct_ave_rss, NULL},
        {0, "avevmsize", "AveVMSize", 10, sacct_ave_vm, NULL},
        {0, "consumedenergy", "ConsumedEnergy", 14, zero, NULL},
        {0, "consumedenergyraw", "ConsumedEnergyRaw", 17, zero, NULL},
        {0, "jobid", "JobID", -12, job_id, NULL},
#include "applets/client/usage_columns.def"
        {0, "mincpu", "MinCPU", 10, sacct_min_cpu, NULL},
        {0, "mincpunode", "MinCPUNode", 10, sacct_min_cpu_node, NULL},
        {0, "mincputask", "MinCPUTask", 10, sacct_min_cpu_task, NULL},
        {0, "nodelist", "Nodelist", 20, nodes, NULL},
        {0, "ntasks", "NTasks", 8, tasks, NULL},
        {0, "pids", "Pids", 20, pids, NULL},
        {0, "reqcpufreq", "ReqCPUFreq", 10, frequency, NULL},
        {0, "reqcpufreqmin", "ReqCPUFreqMin", 13, frequency, NULL},
        {0, "reqcpufreqmax", "ReqCPUFreqMax", 13, frequency, NULL},
        {0, "reqcpufreqgov", "ReqCPUFreqGov", 13, frequency, NULL},
        {0, "tresusageinave", "TRESUsageInAve", 14, sacct_in_ave, NULL},
        {0, "tresusageinmax", "TRESUsageInMax", 14, sacct_in_max, NULL},
        {0, "tresusageinmaxnode", "TRESUsageInMaxNode", 18, sacct_in_max_node, NULL},
        {0, "tresusageinmaxtask", "TRESUsageInMaxTask", 18, sacct_in_max_task, NULL},
        {0, "tresusageinmin", "TRESUsageInMin", 14, sacct_in_min, NULL},
        {0, "tresusageinminnode", "TRESUsageInMinNode", 18, sacct_in_min_node, NULL},
        {0, "tresusageinmintask", "TRESUsageInMinTask", 18, sacct_in_min_task, NULL},
        {0, "tresusageintot", "TRESUsageInTot", 14, sacct_in_tot, NULL},
        {0, "tresusageoutave", "TRESUsageOutAve", 15, sacct_out_ave, NULL},
        {0, "tresusageoutmax", "TRESUsageOutMax", 15, sacct_out_max, NULL},
        {0, "tresusageoutmaxnode", "TRESUsageOutMaxNode", 19, sacct_out_max_node, NULL},
        {0, "tresusageoutmaxtask", "TRESUsageOutMaxTask", 19, sacct_out_max_task, NULL},
        {0, "tresusageoutmin", "TRESUsageOutMin", 15, sacct_out_min, NULL},
        {0, "tresusageoutminnode", "TRESUsageOutMinNode", 19, sacct_out_min_node, NULL},
        {0, "tresusageoutmintask", "TRESUsageOutMinTask", 19, sacct_out_min_task, NULL},
        {0, "tresusageouttot", "TRESUsageOutTot", 15, sacct_out_tot, NULL},
};
const size_t sstat_column_count = sizeof(sstat_columns) / sizeof(sstat_columns[0]);
