#include "applets/client/cpu_bind.h"

#include "applets/client/option_parsers.h"
#include "core/util/log.h"

#include <ctype.h>
#include <string.h>

static const char *const types[] = {"none",    "no",    "rank",  "rank_ldom", "threads",
                                    "sockets", "cores", "ldoms", NULL};
static const char *const with_list[] = {"map_cpu", "mask_cpu", "map_ldom", "mask_ldom", NULL};
static const char *const volumes[] = {"q", "quiet", "v", "verbose", NULL};

/* The real one's. */
static const char help[] = "CPU bind options:\n"
                           "    --cpu-bind=         Bind tasks to CPUs\n"
                           "        q[uiet]         quietly bind before task runs (default)\n"
                           "        v[erbose]       verbosely report binding before task runs\n"
                           "        no[ne]          don't bind tasks to CPUs (default)\n"
                           "        rank            bind by task rank\n"
                           "        map_cpu:<list>  specify a CPU ID binding for each task\n"
                           "                        where <list> is <cpuid1>,<cpuid2>,...<cpuidN>\n"
                           "        mask_cpu:<list> specify a CPU ID binding mask for each task\n"
                           "                        where <list> is <mask1>,<mask2>,...<maskN>\n"
                           "        rank_ldom       bind task by rank to CPUs in a NUMA locality domain\n"
                           "        map_ldom:<list> specify a NUMA locality domain ID for each task\n"
                           "                        where <list> is <ldom1>,<ldom2>,...<ldomN>\n"
                           "        mask_ldom:<list>specify a NUMA locality domain ID mask for each task\n"
                           "                        where <list> is <mask1>,<mask2>,...<maskN>\n"
                           "        sockets         auto-generated masks bind to sockets\n"
                           "        cores           auto-generated masks bind to cores\n"
                           "        threads         auto-generated masks bind to threads\n"
                           "        ldoms           auto-generated masks bind to NUMA locality domains\n"
                           "        help            show this help message";

struct binding {
	bool verbose;
	char *type, *list;
};

/* What other options imply of it. */
static char *implied(struct submit *s)
{
	const struct job_spec *spec = &s->spec;
	const char *type = spec->threads_per_core   ? "threads"
	                   : spec->tasks_per_core   ? "cores"
	                   : spec->tasks_per_socket ? "sockets"
	                                            : NULL;
	return type ? arena_strdup(&s->arena, type) : NULL;
}

static bool binds(const struct slurm_conf *conf)
{
	return conf_list_has(conf, P_TaskPlugin, "task/affinity") ||
	       conf_list_has(conf, P_TaskPlugin, "affinity");
}

/* Its numbers: masks are hexadecimal, others may be with 0x; "*TIMES" behind. */
static int check_list(struct submit *s, const char *list, bool masks)
{
	char *rest = arena_strdup(&s->arena, list);
	for (char *entry; rest && (entry = text_split(&rest, ','));) {
		entry[strcspn(entry, "*")] = '\0';
		const bool hex = text_starts_nocase(entry, "0x");
		const char *digits = hex ? entry + 2 : entry;
		for (const char *p = digits; *p; p++) {
			const unsigned char c = (unsigned char)*p;
			if (hex || masks ? isxdigit(c) : isdigit(c))
				continue;
			log_error("Failed to validate number: %s, the offending character is %c", digits, c);
			return -1;
		}
	}
	return 0;
}

static int parse(struct submit *s, struct binding *b)
{
	char *rest = arena_strdup(&s->arena, s->cpu_bind);
	static char none[] = "";
	*b = (struct binding){.list = none};
	for (char *word; rest && (word = text_split(&rest, ','));) {
		char *list = strchr(word, ':');
		size_t n = list ? (size_t)(list - word) : strlen(word);
		int at;
		if ((at = option_word(volumes, word, n)) >= 0 && !list) {
			b->verbose = at >= 2;
		} else if ((at = option_word(types, word, n)) >= 0 && !list) {
			b->type = arena_strdup(&s->arena, at == 1 ? types[0] : types[at]);
		} else if ((at = option_word(with_list, word, n)) >= 0 && list && list[1]) {
			b->type = arena_printf(&s->arena, "%s:", with_list[at]);
			b->list = list + 1;
			while (rest && isdigit((unsigned char)*rest))
				b->list = arena_printf(&s->arena, "%s,%s", b->list, text_split(&rest, ','));
			if (check_list(s, b->list, strncmp(b->type, "mask", 4) == 0) != 0)
				return option_fatal(s, "Failed to parse --cpu-bind= values.");
		} else {
			if (at >= 0)
				log_error("missing list for \"--cpu-bind=%s:<list>\"", with_list[at]);
			else
				log_error("unrecognized --cpu-bind argument \"%s\"", word);
			return option_fatal(s, "Failed to parse --cpu-bind= values.");
		}
	}
	return 0;
}

bool cpu_bind_is_asked(const struct submit *s)
{
	return s->cpu_bind || submit_origin(s, "threads-per-core") != ORIGIN_DEFAULT;
}

int cpu_bind_check(struct submit *s, const struct slurm_conf *conf)
{
	struct binding b;
	if (s->cpu_bind && text_eq_nocase(s->cpu_bind, "help")) {
		puts(binds(conf) ? help : "CPU bind options not supported with current configuration");
		return submit_over(s, 1);
	}
	if (!binds(conf) && !conf_list_has(conf, P_TaskPlugin, "task/cgroup") &&
	    !conf_list_has(conf, P_TaskPlugin, "cgroup"))
		fputs("srun: cluster configuration lacks support for cpu binding\n", stderr);
	return s->cpu_bind ? parse(s, &b) : 0;
}

void cpu_bind_environment(struct submit *s, const struct slurm_conf *conf, struct env_list *env)
{
	static char none[] = "";
	struct binding b = {.type = implied(s), .list = none};
	if (binds(conf) || (s->cpu_bind && parse(s, &b) != 0))
		return;
	if (s->cpu_bind || b.type)
		env_list_binding(env, "CPU_BIND", b.verbose, b.type ? b.type : "", b.list);
}

/* -m NODES:SOCKETS: 0 cyclic, 1 block, 2 fcyclic, as the message has it. */
static uint32_t spread(const struct submit *s)
{
	static const char *const words[] = {"cyclic", "block", "fcyclic"};
	const char *second = s->dist_words ? strchr(s->dist_words, ':') : NULL;
	const size_t n = second ? strcspn(second + 1, ":") : 0;
	for (uint32_t i = 0; second && i < 3; i++)
		if (strlen(words[i]) == n && strncmp(second + 1, words[i], n) == 0)
			return i;
	return 0;
}

struct task_binding *cpu_bind_launch(struct submit *s, const struct slurm_conf *conf)
{
	struct binding b = {0};
	if (!binds(conf) || (s->cpu_bind && parse(s, &b) != 0))
		return NULL;
	struct task_binding *out = arena_alloc(&s->arena, sizeof(*out));
	schema_init(schema_of_task_binding(), out);
	out->type = b.type ? b.type : implied(s);
	out->list = b.list;
	out->verbose = b.verbose;
	out->given = out->type || s->cpu_bind;
	out->spread = spread(s);
	return out;
}

struct task_binding *mem_bind_launch(struct submit *s, const struct slurm_conf *conf)
{
	if (!binds(conf) || !s->mem_bind_set)
		return NULL;
	struct task_binding *out = arena_alloc(&s->arena, sizeof(*out));
	schema_init(schema_of_task_binding(), out);
	out->type = s->mem_bind.type;
	out->list = s->mem_bind.list;
	out->verbose = s->mem_bind.verbose;
	out->prefer = s->mem_bind.prefer;
	return out;
}
