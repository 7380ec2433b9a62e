/* #PBS and #BSUB lines: scripts of other systems, as far as sbatch(1) takes them (--ignore-pbs). Each option
 * is a row. */
#include "applets/client/options.h"
#include "core/util/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct foreign_row {
	const char *tag;
	char letter;
	bool argument;
	const char *option; /* of ours that has the value as it is; NULL and no parser: accepted, without
	                       effect */
	int (*parse)(struct submit *s, const char *value, struct err *err);
};

static int put(struct submit *s, const char *option, const char *value, struct err *err)
{
	return submit_set(s, option, value, ORIGIN_SCRIPT, err);
}

/* ---- #PBS -l, -m and -W ---- */

/* "2", "2:ppn=4", "host1+host2" */
static int nodes(struct submit *s, char *value, struct err *err)
{
	char *rest = value, *first = text_split(&rest, ':');
	uint32_t n;
	if (!text_to_u32(first, &n)) {
		for (char *p = first; *p; p++)
			*p = *p == '+' ? ',' : *p;
		return put(s, "nodelist", first, err);
	}
	if (put(s, "nodes", first, err) != 0)
		return -1;
	while (rest) {
		const char *word = text_split(&rest, ':');
		int rc = strncmp(word, "ppn=", 4) == 0     ? put(s, "ntasks-per-node", word + 4, err)
		         : strncmp(word, "ncpus=", 6) == 0 ? put(s, "mincpus", word + 6, err)
		                                           : put(s, "nodelist", word, err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int resource(struct submit *s, char *name, char *value, struct err *err)
{
	static const struct {
		const char *name, *option;
	} rows[] = {{"walltime", "time"}, {"cput", "time"}, {"ncpus", "mincpus"},  {"mem", "mem"},
	            {"file", "tmp"},      {"nice", "nice"}, {"proc", "constraint"}};
	if (strcmp(name, "nodes") == 0 || strcmp(name, "select") == 0)
		return nodes(s, value, err);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, name) == 0)
			return put(s, rows[i].option, value, err);
	return 0; /* what is not known there has no effect */
}

static int resources(struct submit *s, const char *value, struct err *err)
{
	char *rest = arena_strdup(&s->arena, value);
	while (rest) {
		char *word = text_split(&rest, ','), *name = text_split(&word, '=');
		if (word && resource(s, name, word, err) != 0)
			return -1;
	}
	return 0;
}

static int attributes(struct submit *s, const char *value, struct err *err)
{
	static const char depend[] = "depend=";
	return strncmp(value, depend, strlen(depend)) == 0 ? put(s, "dependency", value + strlen(depend), err)
	                                                   : 0;
}

static int mail(struct submit *s, const char *value, struct err *err)
{
	struct text types = TEXT_EMPTY;
	for (const char *p = value; *p; p++) {
		const char *type = *p == 'a' ? "FAIL" : *p == 'b' ? "BEGIN" : *p == 'e' ? "END" : NULL;
		if (type)
			text_printf(&types, "%s%s", types.len ? "," : "", type);
	}
	int rc = types.len ? put(s, "mail-type", text_str(&types), err) : 0;
	text_free(&types);
	return rc;
}

/* ---- #BSUB ---- */

/* "2", "2,4": as many as there may be */
static int tasks(struct submit *s, const char *value, struct err *err)
{
	const char *comma = strchr(value, ',');
	return put(s, "ntasks", comma ? comma + 1 : value, err);
}

/* In KiB, for each task. */
static int memory(struct submit *s, const char *value, struct err *err)
{
	return put(s, "mem-per-cpu", arena_printf(&s->arena, "%sK", value), err);
}

static int hosts(struct submit *s, const char *value, struct err *err)
{
	char *list = arena_strdup(&s->arena, value);
	for (char *p = list; *p; p++)
		*p = *p == ' ' ? ',' : *p;
	return put(s, "nodelist", list, err);
}

static int exclusive(struct submit *s, const char *value, struct err *err)
{
	(void)value;
	return put(s, "exclusive", NULL, err);
}

/* "-cwd DIR" */
static int directory(struct submit *s, const char *value, struct err *err)
{
	return strcmp(value, "wd") == 0 ? 0 : put(s, "chdir", value, err);
}

static const struct foreign_row rows[] = {
        {"#PBS", 'a', true, NULL, NULL},         {"#PBS", 'A', true, "account", NULL},
        {"#PBS", 'c', true, NULL, NULL},         {"#PBS", 'C', true, NULL, NULL},
        {"#PBS", 'e', true, "error", NULL},      {"#PBS", 'h', false, NULL, NULL},
        {"#PBS", 'I', false, NULL, NULL},        {"#PBS", 'j', true, NULL, NULL},
        {"#PBS", 'J', true, "array", NULL},      {"#PBS", 'k', true, NULL, NULL},
        {"#PBS", 'l', true, NULL, resources},    {"#PBS", 'm', true, NULL, mail},
        {"#PBS", 'M', true, "mail-user", NULL},  {"#PBS", 'N', true, "job-name", NULL},
        {"#PBS", 'o', true, "output", NULL},     {"#PBS", 'p', true, "nice", NULL},
        {"#PBS", 'q', true, "partition", NULL},  {"#PBS", 'r', true, NULL, NULL},
        {"#PBS", 'S', true, NULL, NULL},         {"#PBS", 't', true, "array", NULL},
        {"#PBS", 'u', true, NULL, NULL},         {"#PBS", 'v', true, NULL, NULL},
        {"#PBS", 'V', false, NULL, NULL},        {"#PBS", 'W', true, NULL, attributes},
        {"#PBS", 'z', false, NULL, NULL},        {"#BSUB", 'c', true, NULL, directory},
        {"#BSUB", 'e', true, "error", NULL},     {"#BSUB", 'J', true, "job-name", NULL},
        {"#BSUB", 'm', true, NULL, hosts},       {"#BSUB", 'M', true, NULL, memory},
        {"#BSUB", 'n', true, NULL, tasks},       {"#BSUB", 'o', true, "output", NULL},
        {"#BSUB", 'q', true, "partition", NULL}, {"#BSUB", 'W', true, "time", NULL},
        {"#BSUB", 'x', false, NULL, exclusive},
};

/* glibc's words for what getopt() returned. */
static int complain(struct submit *s, int c, char **argv)
{
	const char *word = optind > 0 && argv[optind - 1] ? argv[optind - 1] : "";
	if (optopt == '-' || strncmp(word, "--", 2) == 0)
		fprintf(stderr, "%s: unrecognized option '%s'\n", s->program, word);
	else if (c == ':')
		fprintf(stderr, "%s: option requires an argument -- '%c'\n", s->program, optopt);
	else
		fprintf(stderr, "%s: invalid option -- '%c'\n", s->program, optopt);
	log_error("Unrecognized command line parameter ?");
	return submit_over(s, 1);
}

static int one(struct submit *s, const char *tag, int letter, const char *value, struct err *err)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct foreign_row *row = &rows[i];
		if (strcmp(row->tag, tag) != 0 || row->letter != letter)
			continue;
		return row->parse    ? row->parse(s, value, err)
		       : row->option ? put(s, row->option, value, err)
		                     : 0;
	}
	return 0;
}

int submit_foreign(struct submit *s, const char *tag, int argc, char **argv, struct err *err)
{
	char letters[2 * sizeof(rows) / sizeof(rows[0]) + 3] = "+:";
	size_t n = strlen(letters);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].tag, tag) != 0)
			continue;
		letters[n++] = rows[i].letter;
		if (rows[i].argument)
			letters[n++] = ':';
	}
	letters[n] = '\0';
	opterr = 0;
	optind = 0;
	for (int c; (c = getopt(argc, argv, letters)) != -1;) {
		if (c == '?' || c == ':')
			return complain(s, c, argv);
		if (one(s, tag, c, optarg, err) != 0)
			return -1;
	}
	if (optind >= argc || strcmp(argv[optind - 1], "-cwd") == 0)
		return optind < argc ? put(s, "chdir", argv[optind], err) : 0;
	log_error("Invalid argument: %s", argv[optind]);
	return submit_over(s, 1);
}
