#include "applets/client/cpu_bind.h"

#include "applets/client/option_parsers.h"
#include "core/util/log.h"

#include <string.h>

static const char *const types[] = {"none",    "no",    "rank",  "rank_ldom", "threads",
                                    "sockets", "cores", "ldoms", "boards",    NULL};
static const char *const with_list[] = {"map_cpu", "mask_cpu", "map_ldom", "mask_ldom", NULL};
static const char *const volumes[] = {"q", "quiet", "v", "verbose", NULL};

struct binding {
	bool verbose;
	const char *type, *list;
};

/* What other options imply of it. */
static const char *implied(const struct submit *s)
{
	const struct job_spec *spec = &s->spec;
	return spec->threads_per_core   ? "threads"
	       : spec->tasks_per_core   ? "cores"
	       : spec->tasks_per_socket ? "sockets"
	                                : NULL;
}

static int parse(struct submit *s, struct binding *b)
{
	char *rest = arena_strdup(&s->arena, s->cpu_bind);
	*b = (struct binding){.list = ""};
	for (char *word; rest && (word = text_split(&rest, ','));) {
		char *list = strchr(word, ':');
		size_t n = list ? (size_t)(list - word) : strlen(word);
		int at;
		if ((at = option_word(volumes, word, n)) >= 0 && !list) {
			b->verbose = at >= 2;
		} else if ((at = option_word(types, word, n)) >= 0 && !list) {
			b->type = at == 1 ? types[0] : types[at];
		} else if ((at = option_word(with_list, word, n)) >= 0 && list && list[1]) {
			b->type = arena_printf(&s->arena, "%s:", with_list[at]);
			b->list = rest ? arena_printf(&s->arena, "%s,%s", list + 1, rest) : list + 1;
			return 0;
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

int cpu_bind_check(struct submit *s)
{
	struct binding b;
	if (s->cpu_bind && text_eq_nocase(s->cpu_bind, "help")) {
		puts("CPU bind options not supported with current configuration");
		return submit_over(s, 1);
	}
	if (s->cpu_bind || submit_origin(s, "threads-per-core") != ORIGIN_DEFAULT)
		fputs("srun: cluster configuration lacks support for cpu binding\n", stderr);
	return s->cpu_bind ? parse(s, &b) : 0;
}

void cpu_bind_environment(const struct submit *s, struct env_list *env)
{
	struct submit *own = (struct submit *)(uintptr_t)s;
	struct binding b = {.type = implied(s), .list = ""};
	if (s->cpu_bind && parse(own, &b) != 0)
		return;
	if (s->cpu_bind || b.type)
		env_list_binding(env, "CPU_BIND", b.verbose, b.type ? b.type : "", b.list);
}
