/* cgroup.conf, gres.conf, topology.conf: what is taken, and each mistake by file, line and name; files from
 * memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/digest.h"
#include "conf/server.h"

#include <stdio.h>
#include <string.h>

#define HEAD "ClusterName=c\nSlurmctldHost=head\nNodeName=n[1-4] CPUs=1\n"

struct world {
	struct slurm_conf conf;
	struct companions companions;
	struct text said; /* FILE:LINE: TEXT, a line each */
};

static void add_errors(struct world *w, struct conf_errors *errors)
{
	for (size_t i = 0; i < errors->n; i++)
		text_printf(&w->said, "%s:%u: %s\n", errors->v[i].file, errors->v[i].line, errors->v[i].text);
	conf_errors_free(errors);
}

/* slurm.conf is HEAD and `more`; the other is the file under test. */
static void read_pair(struct world *w, const char *more, const char *name, const char *text)
{
	struct conf_errors errors = {0};
	struct text all = TEXT_EMPTY;
	text_printf(&all, HEAD "%s\n", more);
	struct conf_text v[2] = {{.name = "slurm.conf", .text = all.s, .n = all.len},
	                         {.name = name, .text = text, .n = strlen(text)}};
	const struct conf_texts texts = {v, *name ? 2 : 1};
	const struct conf_source source = {.path = "slurm.conf", .texts = &texts};
	memset(w, 0, sizeof(*w));
	assert_int_equal(slurm_conf_read_from(&w->conf, &source, &errors), 0);
	int rc = companions_read(&w->companions, &source, &w->conf, &errors);
	assert_int_equal(rc, errors.n ? -1 : 0);
	add_errors(w, &errors);
	text_free(&all);
}

static void free_world(struct world *w)
{
	companions_free(&w->companions);
	slurm_conf_free(&w->conf);
	text_free(&w->said);
}

#define TREE "TopologyPlugin=topology/tree"
#define GRES "GresTypes=gpu,mps"

static const struct {
	const char *more, *name, *text, *says;
} mistake_rows[] = {
        {"", "", "", ""},
        /* cgroup.conf */
        {"", "cgroup.conf", "# nothing\nConstrainCores=yes\nallowedramspace=98.5\nMaxRAMPercent=90%\n", ""},
        {"", "cgroup.conf", "ConstrainCore=yes\nCgroupPlugin=cgroup/v3\nConstrainRAMSpace=maybe\nx\n",
         "cgroup.conf:1: unknown parameter ConstrainCore=yes (did you mean ConstrainCores?)\n"
         "cgroup.conf:2: CgroupPlugin=cgroup/v3: one of these is wanted: "
         "autodetect,cgroup/v1,cgroup/v2,disabled\n"
         "cgroup.conf:3: ConstrainRAMSpace=maybe: yes or no is wanted\n"
         "cgroup.conf:4: not a Parameter=Value line: x\n"},
        {"", "cgroup.conf", "ConstrainCores=yes\nConstrainCores=no\nMinRAMSpace=30M\n",
         "cgroup.conf:2: ConstrainCores stands twice: yes and no\n"
         "cgroup.conf:3: MinRAMSpace=30M: a number is wanted\n"},
        {"", "cgroup.conf", "Include /etc/passwd\nInclude no.conf\n",
         "cgroup.conf:1: Include /etc/passwd: only files beside slurm.conf that are named without a "
         "path "
         "come from the controller\n"
         "cgroup.conf:2: cannot read no.conf: No such file or directory\n"},
        {"", "cgroup.conf", "Include cgroup.conf\n",
         "cgroup.conf:1: Include cgroup.conf: it includes itself\n"},
        /* gres.conf */
        {"", "gres.conf", "nonsense, which nobody reads\n", ""},
        {GRES, "gres.conf",
         "AutoDetect=off\nNodeName=n[1-2] Name=gpu Type=a File=/dev/nvidia[0-1] Count=2 Cores=0-1\n"
         "Name=mps Count=200 File=/dev/nvidia0\nName=gpu Count=4K Flags=CountOnly,no_gpu_env\n",
         ""},
        {GRES, "gres.conf",
         "NodeName=n[1-9] Name=gpu\nName=gpux\nName=gpu File=/dev/nvidia[0-1] Count=3\n"
         "NodeName=n1 Count=1\nName=gpu File=/dev/a MultipleFiles=/dev/b\n",
         "gres.conf:1: NodeName=n[1-9]: n5 is no NodeName of slurm.conf, and 4 more\n"
         "gres.conf:2: Name=gpux is not in GresTypes=gpu,mps of slurm.conf\n"
         "gres.conf:3: Count=3, but File=/dev/nvidia[0-1] names 2: leave Count out\n"
         "gres.conf:4: a line without Name: which of GresTypes=gpu,mps is it?\n"
         "gres.conf:5: File and MultipleFiles exclude each other\n"},
        {GRES, "gres.conf", "Name=gpu File=nvidia0 Count=many Flags=fast Nam=x NodeName=n[\n",
         "gres.conf:1: File=nvidia0: an absolute path is wanted\n"
         "gres.conf:1: Count=many: a number is wanted, as 4 or 10G\n"
         "gres.conf:1: Flags=fast: one of these is wanted: "
         "CountOnly,one_sharing,all_sharing,nvidia_gpu_env,"
         "amd_gpu_env,intel_gpu_env,opencl_env,no_gpu_env\n"
         "gres.conf:1: unknown parameter Nam=x (did you mean Name?)\n"
         "gres.conf:1: NodeName=n[: a host list is wanted\n"},
        /* topology.conf */
        {TREE, "", "",
         "slurm.conf:4: TopologyPlugin=topology/tree needs topology.conf, which is not there\n"},
        {TREE, "topology.conf",
         "SwitchName=s1 Nodes=n[1-2]\nSwitchName=s2 Nodes=n[3-4] LinkSpeed=100\nSwitchName=s3 "
         "Switches=s[1-2]\n",
         ""},
        {TREE, "topology.conf",
         "SwitchName=s1 Nodes=n[1-2]\nSwitchName=s1 Nodes=n[3-5]\nSwitchName=s3 Switches=s[1-2]\n"
         "SwitchName=s4\nSwitchName=s5 Nodes=n1 Switches=s1\nNodes=n1\n",
         "topology.conf:2: SwitchName=s1 stands twice\n"
         "topology.conf:4: SwitchName=s4: its Nodes or its Switches are missing\n"
         "topology.conf:5: SwitchName=s5: it has either Nodes or Switches, not both\n"
         "topology.conf:6: a line without SwitchName\n"
         "topology.conf:2: Nodes=n[3-5]: n5 is no NodeName of slurm.conf\n"
         "topology.conf:3: Switches=s[1-2]: s2 is no SwitchName of this file\n"},
        {TREE, "topology.conf", "SwitchName=a Switches=b\nSwitchName=b Switches=c\nSwitchName=c Switches=a\n",
         "topology.conf:1: SwitchName=a: a switch below it has it among its Switches\n"},
};

static void mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistake_rows) / sizeof(mistake_rows[0]); i++) {
		struct world w;
		read_pair(&w, mistake_rows[i].more, mistake_rows[i].name, mistake_rows[i].text);
		assert_string_equal(text_str(&w.said), mistake_rows[i].says);
		free_world(&w);
	}
}

static void classes(void **state)
{
	(void)state;
	static const char text[] =
	        "ConstrainDevices=Yes\nConstrainKmemSpace=no\nAllowedSwapSpace=10\nMinKmemSpace=9\n";
	static const struct {
		const char *more, *accepted, *says;
	} rows[] = {
	        {"", NULL, ""}, /* without task/cgroup they limit nothing in Slurm either */
	        {"TaskPlugin=task/cgroup", NULL, ""}, /* nor do devices that are no GRES */
	        {GRES "\nTaskPlugin=task/affinity,task/cgroup", NULL,
	         "cgroup.conf:0: ConstrainDevices=Yes is not supported, and ignoring it would not be safe: "
	         "remove it, "
	         "or accept that by `unsafe = ConstrainDevices` in section [accept] of batchbox.conf\n"},
	        {GRES "\nTaskPlugin=task/cgroup", "TaskPlugin,constraindevices", ""},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;
		struct conf_errors errors = {0};
		struct text harmless = TEXT_EMPTY;
		read_pair(&w, rows[i].more, "cgroup.conf", text);
		companions_check_unsafe(&w.companions, &w.conf, rows[i].accepted, &errors);
		add_errors(&w, &errors);
		assert_string_equal(text_str(&w.said), rows[i].says);
		companions_harmless(&w.companions, &harmless);
		assert_string_equal(text_str(&harmless), "MinKmemSpace");
		text_free(&harmless);
		free_world(&w);
	}
}

static void two_hosts_differ(void **state)
{
	(void)state;
	static const struct {
		const char *more, *name, *own, *other, *says;
	} rows[] = {
	        {"", "cgroup.conf", "ConstrainCores=yes", "# x\nconstraincores = yes", ""},
	        {"", "cgroup.conf", "ConstrainCores=yes", "ConstrainCores=no", "ConstrainCores"},
	        {"", "cgroup.conf", "ConstrainCores=yes", "IgnoreSystemd=yes",
	         "ConstrainCores (missing there), IgnoreSystemd (only there)"},
	        {TREE, "topology.conf", "SwitchName=s Nodes=n1", "SwitchName=s Nodes=n2", "topology.conf"},
	        {GRES, "gres.conf", "Name=gpu Count=1", "Name=gpu Count=2", ""}, /* each host's own */
	};
	static uint8_t digest[CONF_DIGEST_MAX];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world own, other;
		struct text said = TEXT_EMPTY;
		uint8_t hash[2][32];
		read_pair(&own, rows[i].more, rows[i].name, rows[i].own);
		read_pair(&other, rows[i].more, rows[i].name, rows[i].other);
		slurm_conf_hash(&own.conf, &own.companions, hash[0]);
		slurm_conf_hash(&other.conf, &other.companions, hash[1]);
		assert_int_equal(memcmp(hash[0], hash[1], 32) == 0, rows[i].says[0] == '\0');
		size_t n = slurm_conf_digest(&other.conf, &other.companions, digest);
		slurm_conf_differences(&own.conf, &own.companions, digest, n, &said);
		assert_string_equal(text_str(&said), rows[i].says);
		text_free(&said);
		free_world(&own);
		free_world(&other);
	}
}

static void includes_from_memory(void **state)
{
	(void)state;
	struct slurm_conf conf;
	struct conf_errors errors = {0};
	struct conf_text v[2] = {{.name = "slurm.conf", .text = HEAD "include more.conf\n"},
	                         {.name = "more.conf", .text = "\nKillWait=7\n"}};
	v[0].n = strlen(v[0].text);
	v[1].n = strlen(v[1].text);
	const struct conf_texts texts = {v, 2};
	const struct conf_source source = {.path = "slurm.conf", .texts = &texts};
	assert_int_equal(slurm_conf_read_from(&conf, &source, &errors), 0);
	assert_int_equal(conf_u32(&conf, P_KillWait), 7);
	assert_string_equal(conf.values[P_KillWait].file, "more.conf");
	assert_int_equal(conf.values[P_KillWait].line, 2);
	/* What was read is there, to be sent on. */
	assert_int_equal(conf.texts.n, 2);
	assert_string_equal(conf.texts.v[1].name, "more.conf");
	assert_true(conf.texts.v[1].beside);
	slurm_conf_free(&conf);
}

static void servers(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} rows[] = {
	        {"head", "head 6817,"},
	        {"head:7000,backup", "head 7000,backup 6817,"},
	        {"[fd00::1]:7000 , 10.0.0.1", "fd00::1 7000,10.0.0.1 6817,"},
	        {"", "bad"},
	        {"head,", "head 6817,"},
	        {"head:", "bad"},
	        {"head:0", "bad"},
	        {"head:65536", "bad"},
	        {"head:1x", "bad"},
	        {"-head", "bad"},
	        {"he/ad", "bad"},
	        {"[fd00::1", "bad"},
	        {"a b", "bad"},
	        {",a", "bad"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena arena;
		struct conf_server server;
		struct text said = TEXT_EMPTY;
		const char *rest = rows[i].text;
		arena_init(&arena);
		while (conf_server_next(&arena, &rest, &server))
			text_printf(&said, "%s %u,", server.host, server.port);
		if (*rest || said.len == 0) {
			text_clear(&said);
			text_add(&said, "bad");
		}
		assert_string_equal(text_str(&said), rows[i].says);
		text_free(&said);
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(mistakes),         cmocka_unit_test(classes),
	        cmocka_unit_test(two_hosts_differ), cmocka_unit_test(includes_from_memory),
	        cmocka_unit_test(servers),
	};
	return cmocka_run_group_tests_name("conf_companion", tests, NULL, NULL);
}
