/* Parsers of options that say what a job needs: nodes, tasks, CPUs, memory. */
#include "applets/client/option_parsers.h"
#include "conf/size.h"
#include "conf/time.h"
#include "core/util/hostlist.h"
#include "core/util/log.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NODE_FILE_MAX       (1u << 20) /* bytes */
#define SWITCHES_WAIT_MAX_S 300        /* slurm.conf(5), max_switch_wait */

static int refused(const struct submit *s, const char *words, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "%s: %s", submit_failure(s), words);
}

/* ---- memory and disk ---- */

PARSER(mem)
{
	return size_parse_mib(value, OPTION_AT(uint64_t)) ? 0 : option_bad(row, err);
}

PARSER(tmp)
{
	uint64_t mib;
	if (!size_parse_mib(value, &mib) || mib > UINT32_MAX)
		return option_bad(row, err);
	s->spec.min_tmp_disk = (uint32_t)mib;
	return 0;
}

/* ---- nodes ---- */

/* "3", "2k", "1m" */
static bool node_number(const char *value, uint32_t *out)
{
	const char *p = value;
	uint32_t n;
	if (!text_read_u32(&p, &n))
		return false;
	uint64_t v = n;
	if (*p == 'k' || *p == 'K' || *p == 'm' || *p == 'M')
		v *= tolower((unsigned char)*p++) == 'k' ? 1024 : 1024 * 1024;
	*out = (uint32_t)v;
	return p[strspn(p, " \t")] == '\0' && v < CORE_NO_VAL;
}

PARSER(nodes)
{
	uint32_t min = 0, max = 0;
	char *low = arena_strdup(&s->arena, value), *high = strchr(low, '-');
	(void)row;
	if (high)
		*high++ = '\0';
	if (!node_number(low, &min))
		return err_set(err, ERR_INVALID, "\"%s\" is not a valid node count", *low ? low : value);
	max = min;
	if (high && *high && !node_number(high, &max))
		return err_set(err, ERR_INVALID, "\"%s\" is not a valid node count", high);
	if (max < min || (high && !*high))
		return err_set(err, ERR_INVALID,
		               "Maximum node count %" PRId32 " is less than minimum node count %" PRIu32,
		               high && *high ? (int32_t)max : -1, min);
	if (min == 0)
		return refused(s, err_code_text(ERR_INVALID_NODE_COUNT), err);
	s->spec.nodes_min = min;
	s->spec.nodes_max = max;
	s->nodes_set = true;
	return 0;
}

/* Names between commas and blanks, on lines of any number; # begins a comment. */
static int read_node_file(const char *path, struct text *names, struct err *err)
{
	char line[4096];
	FILE *f = fopen(path, "re");
	if (!f)
		return err_set(err, ERR_NOT_FOUND, "slurm_allocate_resources error opening file %s, %s", path,
		               strerror(errno));
	while (fgets(line, sizeof(line), f) && names->len < NODE_FILE_MAX) {
		char *rest;
		line[strcspn(line, "#\n")] = '\0';
		for (char *word = strtok_r(line, ", \t\r", &rest); word;
		     word = strtok_r(NULL, ", \t\r", &rest))
			text_printf(names, "%s%s", names->len ? "," : "", word);
	}
	fclose(f);
	if (names->len == 0)
		return err_set(err, ERR_NOT_FOUND, "Hostlist is empty!");
	return 0;
}

/* In order, and each once; what can't be read is the controller's to refuse. */
static char *sorted_nodes(struct submit *s, const char *names)
{
	struct hostlist *list = hostlist_parse(names, NULL);
	if (!list)
		return arena_strdup(&s->arena, names);
	struct text out = TEXT_EMPTY;
	hostlist_uniq(list);
	hostlist_compress(list, &out);
	char *sorted = arena_strdup(&s->arena, text_str(&out));
	text_free(&out);
	hostlist_free(list);
	return sorted;
}

PARSER(node_list)
{
	struct text names = TEXT_EMPTY;
	int rc = strchr(value, '/') ? read_node_file(value, &names, err) : 0;
	if (rc == 0)
		*OPTION_AT(char *) = !*value ? NULL : sorted_nodes(s, names.len ? text_str(&names) : value);
	if (rc == 0 && row->letter == 'w')
		s->nodes_in_order = arena_strdup(&s->arena, names.len ? text_str(&names) : value);
	text_free(&names);
	return rc;
}

PARSER(nodefile)
{
	struct text names = TEXT_EMPTY;
	struct err why = {0};
	int rc = read_node_file(value, &names, &why);
	if (rc == 0) {
		s->spec.req_nodes = sorted_nodes(s, text_str(&names));
	} else {
		log_error("%s", err_text(&why));
		err_set(err, ERR_INVALID, "Invalid --%s node file", row->name);
	}
	text_free(&names);
	return rc;
}

void option_switches_wait(struct submit *s, const char *value)
{
	int64_t seconds;
	if (time_parse_limit(value, &seconds) && seconds >= 0 && seconds < SWITCHES_WAIT_MAX_S)
		s->spec.switches_wait_s = (uint32_t)seconds;
}

/* COUNT[@TIME]; in the environment COUNT alone. */
PARSER(switches)
{
	const char *at =
	        s->parsing == ORIGIN_COMMAND_LINE || s->parsing == ORIGIN_SCRIPT ? strchr(value, '@') : NULL;
	char *count = arena_strndup(&s->arena, value, at ? (size_t)(at - value) : strlen(value));
	if (!text_to_u32(count, &s->spec.switches) || s->spec.switches == 0)
		return option_bad_number(row, count, err);
	s->spec.switches_wait_s = SWITCHES_WAIT_MAX_S;
	if (at)
		option_switches_wait(s, at + 1);
	return 0;
}

/* ---- tasks and CPUs ---- */

PARSER(ntasks)
{
	if (option_positive(
	            s, &(struct option_row){.name = row->name, .offset = offsetof(struct submit, spec.tasks)},
	            value, err) != 0)
		return -1;
	s->spec.tasks_set = true;
	return 0;
}

PARSER(cpus_per_task)
{
	if (!text_to_u32(value, &s->spec.cpus_per_task) || s->spec.cpus_per_task == 0)
		return option_bad_number(row, value, err);
	s->spec.cpus_per_task_set = s->cpus_per_task_set = true;
	return 0;
}

/* S[:C[:T]], each a number, MIN-MAX or *. */
PARSER(extra_node_info)
{
	static const char *const places[] = {"first", "second", "third"};
	uint32_t *const members[] = {&s->spec.sockets_per_node, &s->spec.cores_per_socket,
	                             &s->spec.threads_per_core};
	char *rest = arena_strdup(&s->arena, value);
	(void)row;
	for (size_t i = 0; i < 3 && rest; i++) {
		const char *word = text_split(&rest, ':'), *p = word;
		uint32_t n;
		if (!*word || strcmp(word, "*") == 0)
			continue;
		if (!text_read_u32(&p, &n) || n == 0 || (*p && *p != '-'))
			return err_set(err, ERR_LIMIT, "Invalid numeric value \"%s\" for %s arg of -B.", word,
			               places[i]);
		*members[i] = n;
	}
	return 0;
}

/* sbatch(1), --hint: what each means for the choice of CPUs. */
PARSER(hint)
{
	static const struct {
		const char *word;
		uint32_t cores, threads;
	} hints[] = {{"compute_bound", 0, 1},
	             {"memory_bound", 1, 1},
	             {"multithread", 0, 0},
	             {"nomultithread", 0, 1}};
	if (text_eq_nocase(value, "help")) {
		puts("Application hint options:\n"
		     "    --hint=             Bind tasks according to application hints\n"
		     "        compute_bound   use all cores in each socket\n"
		     "        memory_bound    use only one core in each socket\n"
		     "        [no]multithread [don't] use extra threads with in-core multi-threading\n"
		     "        help            show this help message");
		return submit_over(s, 1);
	}
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (!text_eq_nocase(value, hints[i].word))
			continue;
		*OPTION_AT(char *) = arena_strdup(&s->arena, hints[i].word);
		return 0;
	}
	return err_set(err, ERR_LIMIT, "unrecognized --hint argument \"%s\", see --hint=help", value);
}

/* ---- how tasks are spread ---- */

/* Of sockets and cores, which matter only where tasks are bound to CPUs. */
static bool is_inner_level(const char *word)
{
	return strcmp(word, "*") == 0 || strcmp(word, "block") == 0 || strcmp(word, "cyclic") == 0 ||
	       strcmp(word, "fcyclic") == 0;
}

/* Of nodes: the first level. */
static bool node_level(struct submit *s, const char *word)
{
	if (strcmp(word, "block") == 0 || strcmp(word, "*") == 0)
		s->dist = DIST_BLOCK;
	else if (strcmp(word, "cyclic") == 0)
		s->dist = DIST_CYCLIC;
	else if (strcmp(word, "plane") == 0)
		s->dist = DIST_PLANE;
	else if (strcmp(word, "arbitrary") == 0)
		s->dist = DIST_ARBITRARY;
	else
		return false;
	return true;
}

static int plane(struct submit *s, const struct option_row *row, const char *size, struct err *err)
{
	if (!size)
		size = getenv("SLURM_DIST_PLANESIZE");
	s->dist_words = arena_strdup(&s->arena, "plane");
	if (size && text_to_u32(size, &s->plane_size) && s->plane_size > 0)
		return 0;
	log_error("Invalid plane size or size not specified");
	return option_bad(row, err);
}

/* The part behind a comma: a good one is refused by name. */
static int packing(const struct option_row *row, const char *before, const char *word, const char *value,
                   struct err *err)
{
	static const char *const words[] = {"pack", "nopack", NULL};
	if (!*before || option_word(words, word, strlen(word)) < 0)
		return option_bad(row, err);
	return err_set(err, ERR_NOT_SUPPORTED, "--%s=%s is not supported by batchbox", row->name, value);
}

PARSER(distribution)
{
	char *words = arena_strdup(&s->arena, value), *rest = words, *comma;
	for (char *c = words; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if ((comma = strchr(words, ','))) {
		*comma++ = '\0';
		return packing(row, words, comma, value, err);
	}
	char *size = strchr(words, '=');
	if (size)
		*size++ = '\0';
	const char *nodes = text_split(&rest, ':');
	if (!node_level(s, nodes) || (s->dist == DIST_PLANE ? rest != NULL : size != NULL))
		return option_bad(row, err);
	if (s->dist == DIST_PLANE)
		return plane(s, row, size, err);
	const char *shown = s->dist == DIST_BLOCK       ? "block"
	                    : s->dist == DIST_ARBITRARY ? "arbitrary"
	                                                : "cyclic";
	s->dist_words = rest ? arena_printf(&s->arena, "%s:%s", shown, rest) : arena_strdup(&s->arena, shown);
	for (unsigned level = 0; rest; level++)
		if (!is_inner_level(text_split(&rest, ':')) || level > 1)
			return option_bad(row, err);
	return 0;
}

/* ---- what this cluster has none of ---- */

static int no_gres(struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "Invalid generic resource (gres) specification");
}

/* "gpu:2,foo" is refused; none, and no more than 0 of each, is not. */
PARSER(gres)
{
	(void)row;
	if (text_eq_nocase(value, "none"))
		return 0;
	if (text_eq_nocase(value, "help")) {
		puts("Valid gres options are:");
		return submit_over(s, 0);
	}
	if (!*value)
		return refused(s, "Invalid Trackable RESource (TRES) specification", err);
	char *rest = arena_strdup(&s->arena, value);
	while (rest) {
		const char *word = text_split(&rest, ','), *count = strrchr(word, ':');
		if (strcmp(count ? count + 1 : word, "0") != 0)
			return no_gres(err);
	}
	return 0;
}

PARSER(gres_number)
{
	uint32_t n;
	(void)s;
	if (!text_to_u32(value, &n) || n == 0)
		return option_bad_number(row, value, err);
	return no_gres(err);
}

PARSER(gres_mem)
{
	uint64_t mib;
	(void)s;
	return size_parse_mib(value, &mib) ? no_gres(err) : option_bad(row, err);
}

PARSER(core_spec)
{
	uint32_t n;
	if (!text_to_u32(value, &n))
		return option_bad_number(row, value, err);
	*OPTION_AT(uint32_t) = n;
	return 0;
}

PARSER(batch)
{
	(void)row, (void)value;
	return refused(s, "Job --batch option is invalid or not a subset of --constraints", err);
}
