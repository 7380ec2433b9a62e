/* Tasks bound to CPUs and memory (TaskPlugin=task/affinity; srun(1), --cpu-bind and --mem-bind), and what
 * they say of it. */
#include "applets/worker/cpu_map.h"
#include "applets/worker/shepherd.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LDOMS_MAX 64 /* NUMA nodes: bits of the word that the kernel is given */

/* set_mempolicy(2) */
#define POLICY_PREFERRED 1
#define POLICY_BIND      2
#define POLICY_LOCAL     4

/* slurm.conf's, where the step doesn't say it itself. */
static const struct node_cpus *usual(const struct shepherd *s)
{
	const struct task_binding *b = s->launch.cpu_bind;
	return b && b->given ? NULL : s->record.cpus;
}

bool bind_is_told(const struct shepherd *s)
{
	const struct node_cpus *n = usual(s);
	const struct task_binding *b = s->launch.cpu_bind;
	return s->binding.word && !s->batch && ((b && b->verbose) || (n && n->verbose));
}

int bind_prepare(struct shepherd *s, struct err *err)
{
	const struct step_grant *g = s->record.grant;
	const struct node_cpus *n = s->record.cpus;
	const struct task_binding *asked = s->launch.cpu_bind;
	struct cpu_mask ldoms[LDOMS_MAX];
	if (!n || g->cores.n == 0 || n->machine.n == 0)
		return 0;
	const bool one = s->batch || g->cpus_per_task == 0;
	struct binding_facts facts = {.cores_per_socket = n->cores_per_socket,
	                              .threads_per_core = n->threads_per_core,
	                              .node_cores = n->cores,
	                              .machine = n->machine.v,
	                              .machine_n = n->machine.n,
	                              .cores = g->cores.v,
	                              .core_n = g->cores.n,
	                              .ldoms = ldoms,
	                              .tasks = s->task_count,
	                              .cpus_per_task = one ? 1 : g->cpus_per_task,
	                              .spread = asked ? (enum binding_spread)asked->spread : SPREAD_CYCLIC};
	struct binding_wish wish = {.type = asked && asked->type ? asked->type
	                                    : usual(s)           ? n->bind
	                                                         : NULL,
	                            .list = asked ? asked->list : NULL,
	                            .autobind = n->autobind,
	                            .verbose = asked && asked->verbose};
	/* A script may use all that its job has. */
	if (s->batch)
		wish = (struct binding_wish){.type = "sockets"}, facts.cpus_per_task = (uint32_t)g->cores.n;
	facts.ldom_n = cpu_map_ldoms(ldoms, LDOMS_MAX);
	return binding_make(&s->binding, &facts, &wish, err);
}

/* ---- in the task ---- */

static void set_affinity(const struct cpu_mask *mask)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	for (uint32_t i = 0; i < BINDING_CPUS && i < CPU_SETSIZE; i++)
		if (cpu_mask_has(mask, i))
			CPU_SET(i, &set);
	/* A CPU that went offline, or that its cgroup doesn't have, is no reason to fail. */
	(void)sched_setaffinity(0, sizeof(set), &set);
}

static void say(int fd, const char *what, const struct task *t, const char *mask, bool set)
{
	char line[2048];
	int n = snprintf(line, sizeof(line), "%s - %s, task %2u %2u [%ld]: mask %s%s\n", what,
	                 t->shepherd->record.grant->node, t->global, t->local, (long)getpid(), mask,
	                 set ? " set" : "");
	if (n > 0 && fd >= 0 && write(fd, line, (size_t)n) < 0)
		return;
}

static void bind_cpus(const struct task *t)
{
	const struct shepherd *s = t->shepherd;
	const struct cpu_mask *mask = s->binding.masks ? &s->binding.masks[t->local] : NULL;
	if (mask)
		set_affinity(mask);
	if (!bind_is_told(s))
		return;
	char *what = xprintf("cpu-bind%s", s->binding.word),
	     *text = mask ? cpu_mask_text(mask) : xstrdup("0x0");
	say(s->report_fd, what, t, text, mask != NULL);
	free(what);
	free(text);
}

/* The nodes of memory that the task wants; false: it said that they aren't there. */
static bool wanted_nodes(const struct task *t, const struct task_binding *b, size_t count, int err_fd,
                         uint64_t *out)
{
	const bool is_mask = strcmp(b->type, "mask_mem:") == 0;
	const size_t name = strcspn(b->type, ":");
	struct cpu_mask mask = {0};
	size_t n = 0;
	const char *entry = b->list && *b->list ? binding_entry(b->list, t->local, &n) : NULL, *p = entry;
	uint32_t node = t->local;
	if (is_mask && entry && cpu_mask_read(&mask, entry, n))
		*out = mask.word[0];
	else if (!entry || text_read_u32(&p, &node))
		*out = node < 64 ? (uint64_t)1 << node : 0;
	const uint64_t there = count < 64 ? ((uint64_t)1 << count) - 1 : UINT64_MAX;
	if (*out && !(*out & ~there))
		return true;
	for (node = 0; node < 63 && (!(*out >> node & 1) || (there >> node & 1)); node++)
		;
	char *shown = is_mask ? xprintf("; 0x%llx", (unsigned long long)*out) : xstrdup("");
	char *line =
	        xprintf("slurmstepd-%s: error: NUMA node %u does not exist; cannot bind local task %u to it "
	                "(--mem-bind=%.*s%s)\n",
	                t->shepherd->record.grant->node, node, t->local, (int)name, b->type, shown);
	if (write(err_fd, line, strlen(line)) < 0)
		return false;
	free(shown);
	free(line);
	return false;
}

static int bind_memory(const struct task *t, const struct task_binding *b, int err_fd)
{
	static const struct {
		const char *type, *word;
	} words[] = {{"none", "NONE"},
	             {"rank", "RANK"},
	             {"local", "LOC"},
	             {"map_mem:", "MAP"},
	             {"mask_mem:", "MASK"}};
	struct cpu_mask ldoms[LDOMS_MAX];
	const size_t count = cpu_map_ldoms(ldoms, LDOMS_MAX);
	const uint64_t all = count < 64 ? ((uint64_t)1 << count) - 1 : UINT64_MAX;
	const char *word = "NULL";
	uint64_t nodes = all;
	bool good = true, local = text_eq(b->type, "local");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (text_eq(b->type, words[i].type))
			word = words[i].word;
	const bool sets = b->type && strcmp(b->type, "none") != 0;
	if (sets && !local)
		good = wanted_nodes(t, b, count, err_fd, &nodes);
	if (sets && good) {
		const unsigned long bits = nodes;
		const int mode = local ? POLICY_LOCAL : b->prefer ? POLICY_PREFERRED : POLICY_BIND;
		/* A kernel without NUMA has nothing to bind to. */
		(void)syscall(SYS_set_mempolicy, mode, local ? NULL : &bits, local ? 0UL : 65UL);
	}
	if (b->verbose) {
		char *what = xprintf("mem-bind%s%s", b->prefer ? " PREFER " : "=", word);
		char *mask = xprintf("0x%llx", (unsigned long long)(good ? nodes : all));
		say(err_fd, what, t, mask, sets);
		free(what);
		free(mask);
	}
	return good ? 0 : -1;
}

int bind_task(const struct task *t, int err_fd)
{
	const struct shepherd *s = t->shepherd;
	if (s->binding.word)
		bind_cpus(t);
	if (!s->record.cpus || !s->launch.mem_bind || bind_memory(t, s->launch.mem_bind, err_fd) == 0)
		return 0;
	char *line = xprintf("slurmstepd-%s: error: Failed to invoke task plugins: task_p_pre_launch error\n",
	                     s->record.grant->node);
	if (write(err_fd, line, strlen(line)) < 0)
		return -1;
	free(line);
	return -1;
}
