/* slurm.conf: the lab's file, comments and continuation, every kind of error, records and defaults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/digest.h"
#include "conf/size.h"
#include "conf/slurm_conf.h"
#include "conf/time.h"
#include "core/records.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] = "ClusterName=lab-cluster\nSlurmctldHost=head\n";
static const char tail[] = "NodeName=worker-[1-3] CPUs=1 RealMemory=1800 State=UNKNOWN\n"
                           "PartitionName=compute Nodes=worker-[1-3] Default=YES MaxTime=INFINITE State=UP\n";

/* Reads head + text + tail; the number of errors, whose texts are joined into *said. */
static size_t read_text(struct slurm_conf *conf, const char *text, struct text *said)
{
	struct conf_errors errors = {0};
	struct text all = TEXT_EMPTY;
	text_printf(&all, "%s%s%s", head, text, tail);
	int rc = slurm_conf_read_text(conf, "slurm.conf", all.s, all.len, &errors);
	size_t n = errors.n;
	assert_int_equal(rc, n ? -1 : 0);
	for (size_t i = 0; i < n; i++)
		text_printf(said, "%u: %s\n", errors.v[i].line, errors.v[i].text);
	conf_errors_free(&errors);
	text_free(&all);
	return n;
}

static void two_files_differ(void **state)
{
	(void)state;
	static const struct {
		const char *own, *other, *says;
	} rows[] = {
	        {"", "", ""},
	        {"# a comment\nKillWait=30", "killwait=30", ""},
	        {"KillWait=30", "KillWait=31", "KillWait"},
	        {"KillWait=30", "MinJobAge=300", "KillWait (missing there), MinJobAge (only there)"},
	        {"NodeName=a CPUs=1\nNodeName=b CPUs=1", "NodeName=a CPUs=2\nNodeName=b CPUs=1",
	         "NodeName=a"},
	        {"NodeName=a", "NodeName=b",
	         "NodeName=a (missing there), a NodeName or PartitionName (only there)"},
	        {"PartitionName=p Nodes=worker-1", "PartitionName=p Nodes=worker-2", "PartitionName=p"},
	        {"PartitionName=p Nodes=worker-1", "PartitionName=p Nodes=worker-1 MaxTime=5",
	         "PartitionName=p"},
	        {"PartitionName=p Nodes=worker-1 AllowGroups=a",
	         "PartitionName=p Nodes=worker-1 AllowGroups=b", "PartitionName=p"},
	        {"NodeName=a Feature=x", "NodeName=a Feature=y", "NodeName=a"},
	        {"NodeName=a Weight=2", "NodeName=a", "NodeName=a"},
	        {"NodeName=n[1-10]", "NodeName=n[1-10] CPUs=2",
	         "NodeName=n1, NodeName=n2, NodeName=n3, NodeName=n4, NodeName=n5, NodeName=n6, NodeName=n7, "
	         "NodeName=n8 and 2 more"},
	};
	static uint8_t digest[CONF_DIGEST_MAX];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slurm_conf own, other;
		struct text said = TEXT_EMPTY, own_text = TEXT_EMPTY, other_text = TEXT_EMPTY;
		uint8_t hash[2][32];
		text_printf(&own_text, "%s\n", rows[i].own);
		text_printf(&other_text, "%s\n", rows[i].other);
		assert_int_equal(read_text(&own, own_text.s, &said), 0);
		assert_int_equal(read_text(&other, other_text.s, &said), 0);
		slurm_conf_hash(&own, NULL, hash[0]);
		slurm_conf_hash(&other, NULL, hash[1]);
		assert_int_equal(memcmp(hash[0], hash[1], 32) == 0, rows[i].says[0] == '\0');
		slurm_conf_differences(&own, NULL, digest, slurm_conf_digest(&other, NULL, digest), &said);
		assert_string_equal(text_str(&said), rows[i].says);
		text_free(&said);
		text_free(&own_text);
		text_free(&other_text);
		slurm_conf_free(&own);
		slurm_conf_free(&other);
	}
}

static void labs_file(void **state)
{
	(void)state;
	struct slurm_conf conf;
	struct conf_errors errors = {0};
	int rc = slurm_conf_read(&conf, "test/data/lab-slurm.conf", &errors);
	for (size_t i = 0; i < errors.n; i++)
		print_error("%s:%u: %s\n", errors.v[i].file, errors.v[i].line, errors.v[i].text);
	assert_int_equal(rc, 0);
	assert_int_equal(conf.core.node_count, 3);
	assert_string_equal(conf.core.nodes[2].name, "worker-3");
	assert_int_equal(conf.core.nodes[2].cpus, 1);
	assert_int_equal(conf.core.nodes[2].real_memory, 1800);
	assert_int_equal(conf.core.nodes[2].port, 6818);
	assert_int_equal(conf.core.part_count, 1);
	assert_string_equal(conf.core.parts[0].nodes, "worker-[1-3]");
	assert_true(conf.core.parts[0].is_default);
	assert_int_equal(conf.core.parts[0].max_time_min, CORE_INFINITE);
	assert_string_equal(conf.hosts[0].name, "head");
	assert_int_equal(conf.core.kill_wait_s, 30);
	assert_int_equal(conf.core.select_flags, CONF_CR_CORE);
	slurm_conf_check_unsafe(&conf, NULL, &errors);
	assert_int_equal(errors.n, 0);
	slurm_conf_free(&conf);
}

static void forms_of_lines(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum param p;
		const char *value;
	} rows[] = {
	        {"KillWait=10 # a comment\n", P_KillWait, "10"},
	        {"KillWait=11#glued\n", P_KillWait, "11"},
	        {"  killwait = 12  \n", P_KillWait, "12"},
	        {"# KillWait=13\nKillWait=14\n", P_KillWait, "14"},
	        {"AuthInfo=a\\#b\n", P_AuthInfo, "a#b"},
	        {"Kill\\\nWait=15\n", P_KillWait, "15"},
	        {"MinJobAge=1 \\\n KillWait=16\n", P_KillWait, "16"},
	        {"MailProg=\"/bin/my mail\"\n", P_MailProg, "/bin/my mail"},
	        {"SlurmctldPort=7000 SlurmdPort=7001\n", P_SlurmdPort, "7001"},
	        {"\r\nKillWait=17\r\n", P_KillWait, "17"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slurm_conf conf;
		struct text said = TEXT_EMPTY;
		size_t n = read_text(&conf, rows[i].text, &said);
		if (n)
			fail_msg("row %zu: %s", i, said.s);
		assert_string_equal(conf_str(&conf, rows[i].p), rows[i].value);
		text_free(&said);
		slurm_conf_free(&conf);
	}
}

static void errors_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
		size_t n;
	} rows[] = {
	        {"SlurmctldProt=1\n", "3: unknown parameter SlurmctldProt=1 (did you mean SlurmctldPort?)",
	         1},
	        {"KillWait=soon\n", "3: KillWait value \"soon\" is not a valid number", 1},
	        {"KillWait=65536\n", "3: KillWait value (65536) is greater than 65535", 1},
	        {"KillWait=-1\n", "3: KillWait value (-1) is less than zero", 1},
	        {"KillWait=2K\n", "3: KillWait value \"2K\" is not a valid number", 1},
	        {"MaxStepCount=4294967296\n", "3: MaxStepCount value (4294967296) is greater than 4294967295",
	         1},
	        {"MaxStepCount=99999999999999999999\n", "is greater than 4294967295", 1},
	        {"MaxStepCount=0\n", "MaxStepCount=0, No steps permitted", 1},
	        {"MaxJobCount=0\n", "MaxJobCount=0, No jobs permitted", 1},
	        {"MaxJobCount=x\n", "MaxJobCount value (x) is not a valid number", 1},
	        {"FirstJobId=0\n", "FirstJobId cannot be zero", 1},
	        {"FirstJobId=10\nMaxJobId=9\n", "FirstJobId > MaxJobId", 1},
	        {"DefMemPerCPU=2G\n", "DefMemPerCPU value (2G) is not a valid number", 1},
	        {"JobRequeue=yes\n", "JobRequeue value \"yes\" is not a valid number", 1},
	        {"DisableRootJobs=2\n", "\"2\" is not a valid option for \"DisableRootJobs\"", 1},
	        {"SlurmctldPort=0\n", "Invalid SlurmctldPort 0", 1},
	        {"KillWait\n", "3: not a Parameter=Value line: KillWait", 1},
	        {"KillWait=1\nKillWait=2\n", "KillWait stands twice", 1},
	        {"NodeName=w9 CPU=3\n", "CPU=3 is not a parameter of NodeName (did you mean CPUs?)", 1},
	        {"NodeName=worker-1\n", "node worker-1 stands twice", 1},
	        {"NodeName=n[1- CPUs=1\n", "NodeName=n[1-", 1},
	        {"PartitionName=p Nodes=nosuch\n", "PartitionName=p: node nosuch is on no NodeName line", 1},
	        {"PartitionName=p Nodes=worker-1 Default=YES\n", "Default=YES already", 1},
	        {"NodeName=w[1-2] Port=1,2,3 CPUs=1\n", "Port=1,2,3 has 3 entries for 2 nodes", 1},
	        {"MailProg=\"x\n", "a quote that is not closed", 1},
	        {"Include /nonexistent\n", "Include", 1},
	        {"[section]\nKillWait=x\nNoSuch=1\n", "NoSuch", 3},
	        {"PartitionName=p Nodes=worker-1 SelectTypeParameters=CR_CPU\n",
	         "SelectTypeParameters=CR_CPU: not a valid value", 1},
	        {"PartitionName=p Nodes=worker-1 DefaultTime=none\n", "DefaultTime=none: not a valid value",
	         1},
	        {"PartitionName=p Nodes=worker-1 OverSubscribe=YES:1\n", "OverSubscribe=YES:1: not a valid",
	         1},
	        {"PartitionName=p Nodes=worker-1 DefMemPerCPU=5G\n", "DefMemPerCPU=5G: not a valid", 1},
	        {"PartitionName=p Nodes=worker-1 PowerDownOnIdle=YES\n",
	         "is not a parameter of PartitionName", 1},
	        {"PartitionName=p Nodes=worker-1 JobDefaults=DefCpuPerGPU=2\n", "is not a parameter of", 1},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slurm_conf conf;
		struct text said = TEXT_EMPTY;
		size_t n = read_text(&conf, rows[i].text, &said);
		if (!strstr(text_str(&said), rows[i].says) || n != rows[i].n)
			fail_msg("row %zu: %zu errors: %s", i, n, text_str(&said));
		text_free(&said);
		slurm_conf_free(&conf);
	}
}

/* Each word of PrologFlags by itself, and why where there is more to say. */
static void prolog_flags(void **state)
{
	static const struct {
		const char *text, *why; /* NULL: served */
	} rows[] = {{"Alloc,NoHold,DeferBatch,Serial", NULL},
	            {"alloc,contain", "there is no extern step"},
	            {"X11", "X11 forwarding is not there"},
	            {"Foo", "PrologFlags=Foo is not supported, and"}};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slurm_conf conf;
		struct conf_errors errors = {0};
		struct text said = TEXT_EMPTY;
		char *text = xprintf("Prolog=/etc/prolog\nPrologFlags=%s\n", rows[i].text);
		assert_int_equal(read_text(&conf, text, &said), 0);
		slurm_conf_check_unsafe(&conf, "", &errors);
		assert_int_equal(errors.n, rows[i].why ? 1 : 0);
		if (rows[i].why)
			assert_non_null(strstr(errors.v[0].text, rows[i].why));
		conf_errors_free(&errors);
		text_free(&said);
		slurm_conf_free(&conf);
		free(text);
	}
}

static void unsafe_needs_consent(void **state)
{
	(void)state;
	struct slurm_conf conf;
	struct conf_errors errors = {0};
	struct text said = TEXT_EMPTY;
	assert_int_equal(
	        read_text(&conf,
	                  "ResvProlog=/etc/prolog\nTreeWidth=9\nPrivateData=jobs\nMailProg=/bin/mail\n",
	                  &said),
	        0);
	slurm_conf_check_unsafe(&conf, "", &errors);
	assert_int_equal(errors.n, 2);
	conf_errors_free(&errors);
	slurm_conf_check_unsafe(&conf, "resvprolog,PrivateData", &errors);
	assert_int_equal(errors.n, 0);
	slurm_conf_harmless(&conf, &said);
	assert_string_equal(said.s, "TreeWidth");
	text_free(&said);
	slurm_conf_free(&conf);
}

static void the_scheduler_has_numbers(void **state)
{
	(void)state;
	struct slurm_conf conf;
	struct text said = TEXT_EMPTY;
	assert_int_equal(read_text(&conf,
	                           "SchedulerParameters=bf_max_job_test=7,BF_Window=60,bf_interval=0,"
	                           "nohold_on_prolog_fail\n",
	                           &said),
	                 0);
	assert_true(conf.core.backfill);
	assert_int_equal(conf.core.bf_max_job_test, 7);
	assert_int_equal(conf.core.bf_window, 60);
	assert_int_equal(conf.core.bf_interval, 30); /* 0 is out of its range */
	slurm_conf_harmless(&conf, &said);
	assert_string_equal(text_str(&said), "SchedulerParameters");
	text_free(&said);
	slurm_conf_free(&conf);
	assert_int_equal(read_text(&conf, "SchedulerParameters=bf_interval=-1\n", &said), 0);
	assert_false(conf.core.backfill);
	slurm_conf_harmless(&conf, &said);
	assert_string_equal(text_str(&said), "");
	text_free(&said);
	slurm_conf_free(&conf);
	assert_int_equal(read_text(&conf, "SchedulerType=sched/builtin\n", &said), 0);
	assert_false(conf.core.backfill);
	slurm_conf_free(&conf);
	text_free(&said);
}

static void defaults_and_records(void **state)
{
	(void)state;
	struct slurm_conf conf;
	struct text said = TEXT_EMPTY;
	size_t n = read_text(&conf,
	                     "NodeName=DEFAULT CoresPerSocket=4 Sockets=2 ThreadsPerCore=2 RealMemory=2G "
	                     "Feature=fast,big\n"
	                     "NodeName=a[1-2] NodeAddr=10.0.0.[1-2] Port=[7001-7002]\n"
	                     "NodeName=b1 CPUs=8\n"
	                     "NodeSet=fastones Feature=fast\n"
	                     "PartitionName=DEFAULT MaxTime=30 State=DOWN\n"
	                     "PartitionName=quick Nodes=fastones\n"
	                     "PartitionName=every Nodes=ALL MaxTime=2-0\n"
	                     "DownNodes=b1 State=FAIL Reason=\"no power\"\n"
	                     "NodeName=DEFAULT Sockets=1 CoresPerSocket=1 ThreadsPerCore=1\n",
	                     &said);
	if (n)
		fail_msg("%s", said.s);
	assert_int_equal(conf.core.node_count, 6);
	assert_int_equal(conf.core.nodes[1].cpus, 16);
	assert_string_equal(conf.core.nodes[1].addr, "10.0.0.2");
	assert_int_equal(conf.core.nodes[1].port, 7002);
	assert_int_equal(conf.core.nodes[1].real_memory, 2048);
	assert_int_equal(conf.core.nodes[2].state, CONF_NODE_FAIL);
	assert_string_equal(conf.core.nodes[2].reason, "no power");
	assert_int_equal(conf.core.parts[0].max_time_min, 30);
	assert_int_equal(conf.core.parts[0].state, CONF_PART_DOWN);
	assert_int_equal(conf.core.parts[0].node_count, 6);
	assert_int_equal(conf.core.parts[1].max_time_min, 2 * 24 * 60);
	slurm_conf_free(&conf);
	text_free(&said);
}

static void numbers_in_bounds(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum param p;
		uint64_t v;
	} rows[] = {
	        {"KillWait=65535\n", P_KillWait, 65535},
	        {"KillWait=+5\n", P_KillWait, 5},
	        {"KillWait=0x10\n", P_KillWait, 16},
	        {"KillWait=unlimited\n", P_KillWait, 65535},
	        {"MaxStepCount=INFINITE\n", P_MaxStepCount, UINT32_MAX},
	        {"MaxJobCount=1K\n", P_MaxJobCount, 1024},
	        {"MaxJobCount=4294967295\n", P_MaxJobCount, 67043328},
	        {"MaxJobId=UNLIMITED\n", P_MaxJobId, 67108863},
	        {"MaxArraySize=5000000\n", P_MaxArraySize, 4000001},
	        {"MaxArraySize=0\n", P_MaxArraySize, 0},
	        {"MinJobAge=0\n", P_MinJobAge, 2},
	        {"MinJobAge=70000\n", P_MinJobAge, 70000},
	        {"MessageTimeout=0\n", P_MessageTimeout, 10},
	        {"SlurmctldPort=6817-6820\n", P_SlurmctldPort, 6817},
	        {"ReturnToService=7\n", P_ReturnToService, 7},
	        {"DefMemPerCPU=2K\n", P_DefMemPerCPU, 2048},
	        {"DefMemPerCPU=UNLIMITED\n", P_DefMemPerCPU, 0},
	        {"JobRequeue=3\n", P_JobRequeue, 1},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slurm_conf conf;
		struct text said = TEXT_EMPTY;
		if (read_text(&conf, rows[i].text, &said))
			fail_msg("row %zu: %s", i, said.s);
		const enum param_type type = param_rows[rows[i].p].type;
		const uint64_t v = type == PARAM_MIB    ? conf_mib(&conf, rows[i].p)
		                   : type == PARAM_FLAG ? conf_bool(&conf, rows[i].p)
		                                        : conf_u32(&conf, rows[i].p);
		if (v != rows[i].v)
			fail_msg("%s: %" PRIu64, rows[i].text, v);
		text_free(&said);
		slurm_conf_free(&conf);
	}
}

static void sets_of_sets(void **state)
{
	(void)state;
	struct slurm_conf conf;
	struct text said = TEXT_EMPTY;
	size_t n = read_text(&conf,
	                     "NodeName=a[1-3]\nNodeSet=one Nodes=two,two\nNodeSet=two Nodes=a1,a3\n"
	                     "PartitionName=p Nodes=one\nPartitionName=q Nodes=two,a2\n",
	                     &said);
	if (n)
		fail_msg("%s", said.s);
	assert_string_equal(conf.core.parts[0].nodes, "a[1,3]");
	assert_string_equal(conf.core.parts[1].nodes, "a[1-3]");
	slurm_conf_free(&conf);
	n = read_text(&conf,
	              "NodeName=a[1-3]\nNodeSet=one Nodes=two\nNodeSet=two Nodes=a1,one\n"
	              "PartitionName=p Nodes=one\n",
	              &said);
	assert_int_equal(n, 1);
	assert_non_null(strstr(text_str(&said), "PartitionName=p: NodeSet=one contains itself"));
	slurm_conf_free(&conf);
	text_free(&said);
}

static void long_values(void **state)
{
	(void)state;
	struct slurm_conf conf;
	struct text said = TEXT_EMPTY, line = TEXT_EMPTY;
	text_add(&line, "MailDomain=");
	for (int i = 0; i < 1500000; i++)
		text_add_char(&line, 'x');
	text_add(&line, "\n");
	assert_int_equal(read_text(&conf, line.s, &said), 0);
	assert_int_equal(strlen(conf_str(&conf, P_MailDomain)), 1500000);
	slurm_conf_free(&conf);
	text_free(&said);
	text_free(&line);
}

static void times(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
		uint32_t minutes;
	} rows[] = {{"5", true, 5},
	            {"1:30", true, 2},
	            {"0:3:0", true, 3},
	            {"1-2", true, 1560},
	            {"2-00:00:00", true, 2880},
	            {"0", true, 0},
	            {"UNLIMITED", true, CORE_INFINITE},
	            {"-1", true, CORE_INFINITE},
	            {"1:", false, 0},
	            {"x", false, 0},
	            {"", false, 0},
	            {"1:2:3:4", false, 0},
	            {"1-x", false, 0},
	            {"99999999999999", false, 0}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t m = 7;
		bool ok = time_parse_minutes(rows[i].text, &m);
		if (ok != rows[i].ok || (ok && m != rows[i].minutes))
			fail_msg("%s: %d %u", rows[i].text, ok, m);
	}
	static const struct {
		int64_t s;
		const char *elapsed, *hms;
	} prints[] = {{7, "0:07", "00:00:07"},
	              {600, "10:00", "00:10:00"},
	              {3600, "1:00:00", "01:00:00"},
	              {90061, "1-01:01:01", "1-01:01:01"}};
	for (size_t i = 0; i < sizeof(prints) / sizeof(prints[0]); i++) {
		struct text t = TEXT_EMPTY;
		time_print_elapsed(&t, prints[i].s);
		assert_string_equal(t.s, prints[i].elapsed);
		text_clear(&t);
		time_print_hms(&t, prints[i].s);
		assert_string_equal(t.s, prints[i].hms);
		text_free(&t);
	}
	setenv("TZ", "UTC", 1);
	const int64_t now = 1795404839000000; /* 2026-11-23T03:33:59 */
	static const struct {
		const char *text;
		int64_t at;
	} when[] = {{"now", 1795404839},           {"now+60", 1795404899},
	            {"now+1hour", 1795408439},     {"2026-11-23T10:00:00", 1795428000},
	            {"tomorrow", 1795478400},      {"today", 1795392000},
	            {"16:00", 1795449600},         {"03:00", 1795489200},
	            {"noon", 1795435200},          {"112326", 1795392000},
	            {"1123", 1795392000},          {"now + 1 week 10:00", 1796032800},
	            {"1122", 1826841600},          {"01.02.27-3:00 PM", 1798902000},
	            {"noon tomorrow", 1795521600}, {"12:00am", 1795478400},
	            {"2031-04-31", 1935360000},    {"2031-01-20T", 1926633600}};
	for (size_t i = 0; i < sizeof(when) / sizeof(when[0]); i++) {
		int64_t at = 0;
		if (!time_parse_when(when[i].text, now, &at) || at / 1000000 != when[i].at)
			fail_msg("%s: %lld", when[i].text, (long long)(at / 1000000));
	}
	/* What is over is asked for. */
	static const struct {
		const char *text;
		int64_t at;
	} past[] = {
	        {"03:00", 1795402800}, {"16:00", 1795363200}, {"1224", 1766534400}, {"today", 1795392000}};
	int64_t at;
	int wrong_at;
	for (size_t i = 0; i < sizeof(past) / sizeof(past[0]); i++)
		if (!time_parse_when_at(past[i].text, now, true, &at, &wrong_at) ||
		    at / 1000000 != past[i].at)
			fail_msg("%s: %lld", past[i].text, (long long)(at / 1000000));
	static const struct {
		const char *text;
		int at;
	} bad[] = {{"soon", 0},
	           {"25:00", 0},
	           {"", -1},
	           {" T ", -1},
	           {"now+1h", 4},
	           {"now+1.5hours", 4},
	           {"now+", 3},
	           {"nowish", 3},
	           {"now+5weekz", 9},
	           {"12:60", 3},
	           {"12:00:61", 6},
	           {"1:5", 3},
	           {"13:00pm", 5},
	           {"2031-13-01", 5},
	           {"2031-01-32", 8},
	           {"2031-1-2", 0},
	           {"2031-01-20X12:00", 10},
	           {"2031-01-20T10", 13},
	           {"01/20/2031", 8},
	           {"12/00", 3},
	           {"Tomorrow", 1},
	           {"elevenses", 0},
	           {"midnightx", 8},
	           {"now+99999999999999999999", 3}};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (time_parse_when_at(bad[i].text, now, false, &at, &wrong_at) || wrong_at != bad[i].at)
			fail_msg("%s: wrong at %d", bad[i].text, wrong_at);
}

static void sizes(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
		uint64_t mib;
	} rows[] = {{"1800", true, 1800},  {"1G", true, 1024},
	            {"200MB", true, 200},  {"100K", true, 1},
	            {"2T", true, 2097152}, {"1X", false, 0},
	            {"", false, 0},        {"-1", false, 0},
	            {"1GBx", false, 0},    {"99999999999999999999", false, 0}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t m = 0;
		bool ok = size_parse_mib(rows[i].text, &m);
		if (ok != rows[i].ok || (ok && m != rows[i].mib))
			fail_msg("%s: %d %llu", rows[i].text, ok, (unsigned long long)m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(labs_file),
	        cmocka_unit_test(two_files_differ),
	        cmocka_unit_test(forms_of_lines),
	        cmocka_unit_test(errors_are_named),
	        cmocka_unit_test(prolog_flags),
	        cmocka_unit_test(unsafe_needs_consent),
	        cmocka_unit_test(defaults_and_records),
	        cmocka_unit_test(the_scheduler_has_numbers),
	        cmocka_unit_test(numbers_in_bounds),
	        cmocka_unit_test(sets_of_sets),
	        cmocka_unit_test(long_values),
	        cmocka_unit_test(times),
	        cmocka_unit_test(sizes),
	};
	return cmocka_run_group_tests_name("slurm.conf", tests, NULL, NULL);
}
