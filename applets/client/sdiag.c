/* sdiag(1) */
#include "applets/applet.h"
#include "applets/client/command.h"
#include "applets/client/complain.h"
#include "applets/client/connect.h"
#include "applets/common/users.h"
#include "core/util/log.h"
#include "core/util/sort.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OPT_USAGE = 256 };

static const struct command_option options[] = {
        {"all", 'a', no_argument, NULL, "all figures (the default)"},
        {"reset", 'r', no_argument, NULL, "set the counters to zero (root and SlurmUser)"},
        {"sort-by-id", 'i', no_argument, NULL, "sort messages by number"},
        {"sort-by-time", 't', no_argument, NULL, "sort messages by total time"},
        {"sort-by-time2", 'T', no_argument, NULL, "sort messages by average time"},
        {"version", 'V', no_argument, NULL, "the version"},
        {"cluster", 'M', required_argument, "NAMES", "other clusters, of which only slurmdbd would know"},
        {"clusters", 'M', required_argument, NULL, NULL},
        {"help", 'h', no_argument, NULL, "this text"},
        {"usage", OPT_USAGE, no_argument, NULL, NULL},
};

static const struct command_word variables[] = {COMMAND_COMMON_VARIABLES};

const struct command sdiag_command = {
        .name = "sdiag",
        .synopsis = "[-aritTV]",
        COMMAND_OPTIONS(options),
        .variables = variables,
};

/* ---- printing ---- */

static void stamp(const char *label, int64_t us)
{
	char buf[64] = "";
	struct tm tm;
	time_t t = (time_t)(us / CORE_SECOND);
	if (localtime_r(&t, &tm) && strftime(buf, sizeof(buf), "%a %b %d %H:%M:%S %Y", &tm))
		printf("%s%s (%lld)\n", label, buf, (long long)t);
}

static uint64_t mean(uint64_t sum, uint64_t n)
{
	return n ? sum / n : 0;
}

static void print_head(const struct stats_reply *m)
{
	static const char line[] = "*******************************************************";
	puts(line);
	stamp("sdiag output at ", m->now);
	stamp("Data since      ", m->since);
	puts(line);
	printf("Server thread count:  %" PRIu32 "\n", m->threads);
	printf("Agent queue size:     %" PRIu32 "\n", m->outbox_waiting);
	puts("Agent count:          0\nAgent thread count:   0\nDBD Agent queue size: 0\n");
	printf("Jobs submitted: %" PRIu64 "\n", m->submitted);
	printf("Jobs started:   %" PRIu64 "\n", m->started);
	printf("Jobs completed: %" PRIu64 "\n", m->completed);
	printf("Jobs canceled:  %" PRIu64 "\n", m->cancelled);
	printf("Jobs failed:    %" PRIu64 "\n\n", m->failed);
	stamp("Job states ts:  ", m->states_time);
	printf("Jobs pending:   %" PRIu64 "\n", m->pending);
	printf("Jobs running:   %" PRIu64 "\n\n", m->running);
}

static void figure(const char *label, uint64_t value)
{
	printf("\t%s %" PRIu64 "\n", label, value);
}

/* What somebody had to wait for, and others were planned and started behind him. Means are of what there was.
 */
static void print_plan(const struct stats_reply *m)
{
	const uint64_t n = m->plan_cycles;
	puts("Backfilling stats");
	figure("Total backfilled jobs (since last slurm start):", m->plan_started_ever);
	figure("Total backfilled jobs (since last stats cycle start):", m->plan_started);
	figure("Total backfilled heterogeneous job components:", 0);
	figure("Total cycles:", n);
	if (m->plan_when)
		stamp("\tLast cycle when: ", m->plan_when);
	else
		puts("\tLast cycle when: N/A");
	figure("Last cycle:", m->plan_last_us);
	figure("Max cycle: ", m->plan_max_us);
	if (n)
		figure("Mean cycle:", mean(m->plan_sum_us, n));
	figure("Last depth cycle:", m->plan_depth);
	figure("Last depth cycle (try sched):", m->plan_tries);
	if (n) {
		figure("Depth Mean:", mean(m->plan_depth_sum, n));
		figure("Depth Mean (try depth):", mean(m->plan_tries_sum, n));
	}
	figure("Last queue length:", m->plan_queue);
	if (n)
		figure("Queue length mean:", mean(m->plan_queue_sum, n));
	figure("Last table size:", m->plan_table);
	if (n)
		figure("Mean table size:", mean(m->plan_table_sum, n));
	puts("");
}

static void print_cycles(const struct stats_reply *m)
{
	puts("Main schedule statistics (microseconds):");
	printf("\tLast cycle:   %" PRIu64 "\n", m->cycle_last_us);
	printf("\tMax cycle:    %" PRIu64 "\n", m->cycle_max_us);
	printf("\tTotal cycles: %" PRIu64 "\n", m->cycles);
	const uint64_t minutes = m->now > m->since ? (uint64_t)((m->now - m->since) / (60 * CORE_SECOND)) : 0;
	if (m->cycles) {
		printf("\tMean cycle:   %" PRIu64 "\n", mean(m->cycle_sum_us, m->cycles));
		printf("\tMean depth cycle:  %" PRIu64 "\n", mean(m->depth_sum, m->cycles));
	}
	if (m->cycles && minutes)
		printf("\tCycles per minute: %" PRIu64 "\n", m->cycles / minutes);
	printf("\tLast queue length: %" PRIu32 "\n\n", m->last_queue_length);
	print_plan(m);
	printf("Latency for 1000 calls to gettimeofday(): %" PRIu64 " microseconds\n\n", m->gettimeofday_us);
}

static int by_order(const void *pa, const void *pb, void *ctx)
{
	const struct stats_row *a = pa, *b = pb;
	char order = *(const char *)ctx;
	uint64_t ka = a->count, kb = b->count;
	if (order == 'i')
		return a->number < b->number ? -1 : a->number > b->number;
	if (order == 't') {
		ka = a->total_us;
		kb = b->total_us;
	} else if (order == 'T') {
		ka = mean(a->total_us, a->count);
		kb = mean(b->total_us, b->count);
	}
	return ka > kb ? -1 : ka < kb;
}

static void print_rows(const char *title, struct stats_row_list *rows, int name_width, int number_width,
                       char order)
{
	puts(title);
	sort_stable(rows->v, rows->n, sizeof(*rows->v), by_order, &order);
	for (uint32_t i = 0; i < rows->n; i++) {
		const struct stats_row *r = &rows->v[i];
		printf("\t%-*s(%*" PRIu32 ") count:%-6" PRIu64 " ave_time:%-6" PRIu64 " total_time:%" PRIu64
		       "\n",
		       name_width, r->name ? r->name : user_name_of(r->number), number_width, r->number,
		       r->count, mean(r->total_us, r->count), r->total_us);
	}
	puts("");
}

int sdiag_main(int argc, char **argv)
{
	struct stats_query q;
	struct connect c = {0};
	struct command_getopt options_known;
	struct arena arena;
	struct err err = {0};
	void *record = NULL;
	char order = 'c';
	log_init("sdiag", LOG_LEVEL_INFO);
	schema_init(schema_of_stats_query(), &q);
	command_getopt_init(&options_known, &sdiag_command);
	for (int ch; (ch = command_getopt_next(&options_known, argc, argv)) != -1;) {
		if (ch == 'r')
			q.reset = true;
		else if (ch == 'i' || ch == 't' || ch == 'T')
			order = (char)ch;
		else if (ch == 'V')
			return puts("slurm " SLURM_VERSION_TEXT) < 0;
		else if (ch == OPT_USAGE || ch == 'h') {
			command_print_usage(&sdiag_command, stdout);
			return 0;
		} else if (ch == 'a') {
			q.reset = false;
		} else if (ch == 'M') {
			return complain_clusters(optarg, "--cluster");
		} else {
			complain_option("sdiag", ch, argv);
			return 1;
		}
	}
	arena_init(&arena);
	int rc = 1;
	if (connect_configure(&c, &err) != 0) {
		log_error("%s", err_text(&err));
	} else if (connect_open(&c, &err) != 0 ||
	           connect_ask(&c, MSG_stats_query, &q, q.reset ? MSG_msg_ok : MSG_stats_reply, &arena,
	                       &record, &err) != 0) {
		fprintf(stderr, "slurm_%s_statistics: %s\n", q.reset ? "reset" : "get", err_text(&err));
		rc = 255;
	} else if (q.reset) {
		puts("Reset scheduling statistics");
		rc = 0;
	} else {
		struct stats_reply *m = record;
		print_head(m);
		print_cycles(m);
		print_rows("Remote Procedure Call statistics by message type", &m->by_message, 40, 5, order);
		print_rows("Remote Procedure Call statistics by user", &m->by_user, 16, 8, order);
		puts("Pending RPC statistics\n\tNo pending RPCs");
		rc = 0;
	}
	connect_help(rc, &err);
	connect_close(&c);
	arena_free(&arena);
	return rc;
}
