/* Parsers of options whose values are words of their own: sampling, profiles, frequencies, bindings, mail.
 * Most have no effect on a cluster as slurm.conf must have it here; they are checked, kept and shown. */
#include "applets/client/option_parsers.h"

#include "applets/client/bcast.h"
#include "core/mail.h"
#include "core/util/log.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool is_number(const char *s, size_t n)
{
	return n > 0 && strspn(s, "0123456789") >= n;
}

/* Is each word of a list one of these? The first that is not, or NULL. */
static const char *stranger(struct submit *s, const char *list, const char *const *words)
{
	char *rest = arena_strdup(&s->arena, list);
	while (rest) {
		const char *word = text_split(&rest, ',');
		if (option_word(words, word, strlen(word)) < 0)
			return word;
	}
	return NULL;
}

/* ---- accounting ---- */

/* SECONDS, or KIND=SECONDS,... */
PARSER(acctg_freq)
{
	static const char *const kinds[] = {"task", "energy", "network", "filesystem", NULL};
	char *rest = arena_strdup(&s->arena, value);
	bool good = !*value || is_number(value, strlen(value));
	while (!good && rest) {
		char *number = text_split(&rest, ','), *kind = text_split(&number, '=');
		if (option_word(kinds, kind, strlen(kind)) < 0 || !number ||
		    !is_number(number, strlen(number)))
			return err_set(err, ERR_INVALID, "Invalid --%s specification: %s", row->name, value);
	}
	*OPTION_AT(char *) = arena_strdup(&s->arena, value);
	return 0;
}

PARSER(profile)
{
	static const char *const words[] = {"none", "all", "energy", "task", "lustre", "network", NULL};
	if (stranger(s, value, words))
		return err_set(err, ERR_INVALID, "invalid --%s=%s option", row->name, value);
	struct text shown = TEXT_EMPTY;
	for (const char *p = value; *p; p++)
		text_add_char(&shown, (char)tolower((unsigned char)*p));
	*OPTION_AT(char *) = arena_strdup(&s->arena, text_str(&shown));
	text_free(&shown);
	return 0;
}

/* ---- frequencies ---- */

static const char *const frequencies[] = {"Low", "Medium", "High", "Highm1", NULL};
static const char *const governors[] = {"Conservative", "OnDemand",  "Performance", "PowerSave",
                                        "SchedUtil",    "UserSpace", NULL};

/* As it is shown; NULL: no frequency. */
static char *frequency(struct submit *s, const char *word)
{
	int at = option_word(frequencies, word, strlen(word));
	if (at < 0 && !is_number(word, strlen(word)))
		return NULL;
	return arena_strdup(&s->arena, at < 0 ? word : frequencies[at]);
}

static char *governor(struct submit *s, const char *word)
{
	int at = option_word(governors, word, strlen(word));
	return at < 0 ? NULL : arena_strdup(&s->arena, governors[at]);
}

/* MAX, MIN-MAX[:GOVERNOR] or GOVERNOR */
PARSER(cpu_freq)
{
	struct job_spec *spec = &s->spec;
	char *last = arena_strdup(&s->arena, value), *first = text_split(&last, ':'),
	     *max = strchr(first, '-');
	spec->cpu_freq_min = spec->cpu_freq_max = spec->cpu_governor = NULL;
	if (max) {
		*max++ = '\0';
		spec->cpu_freq_min = frequency(s, first);
		spec->cpu_freq_max = frequency(s, max);
	} else if (!(spec->cpu_freq_max = frequency(s, first))) {
		spec->cpu_governor = governor(s, first);
	}
	bool good = max ? spec->cpu_freq_min && spec->cpu_freq_max : spec->cpu_freq_max || spec->cpu_governor;
	if (good && last)
		good = !spec->cpu_governor && (spec->cpu_governor = governor(s, last));
	if (good) {
		s->cpu_freq = arena_strdup(&s->arena, value);
		return 0;
	}
	log_error("unrecognized --%s argument \"%s\"", row->name, value);
	return err_set(err, ERR_INVALID, "Invalid --%s argument", row->name);
}

/* ---- bindings ---- */

/* sbatch(1), --mem-bind */
PARSER(mem_bind)
{
	static const char *const types[] = {"none", "no", "rank", "local", NULL};
	static const char *const lists[] = {"map_mem", "mask_mem", NULL};
	char *rest = arena_strdup(&s->arena, value);
	struct mem_bind bind = {.given = arena_strdup(&s->arena, value)};
	if (text_eq_nocase(value, "help"))
		return submit_over(s, -1);
	while (rest) {
		char *word = text_split(&rest, ','), *list = strchr(word, ':');
		size_t n = list ? (size_t)(list - word) : strlen(word);
		int at = option_word(types, word, n);
		if (list && option_word(lists, word, n) >= 0) {
			bind.type = arena_printf(&s->arena, "%.*s:", (int)n, word);
			bind.list = rest ? arena_printf(&s->arena, "%s,%s", list + 1, rest) : list + 1;
			rest = NULL;
		} else if (!list && at >= 0) {
			bind.type = arena_strdup(&s->arena, at == 1 ? types[0] : types[at]);
		} else if (text_eq_nocase(word, "v") || text_eq_nocase(word, "verbose")) {
			bind.verbose = true;
		} else if (text_eq_nocase(word, "p") || text_eq_nocase(word, "prefer")) {
			bind.prefer = true;
		} else if (text_eq_nocase(word, "sort") || text_eq_nocase(word, "nosort")) {
			bind.sort = tolower((unsigned char)*word) == 's';
		} else if (!text_eq_nocase(word, "q") && !text_eq_nocase(word, "quiet")) {
			return err_set(err, ERR_INVALID, "unrecognized --%s argument \"%s\"", row->name,
			               word);
		}
	}
	s->mem_bind = bind;
	s->mem_bind_set = true;
	return 0;
}

/* srun(1), --cpu-bind: checked where the step is made, when slurm.conf is known. */
PARSER(cpu_bind)
{
	(void)err;
	*OPTION_AT(char *) = arena_strdup(&s->arena, value);
	return 0;
}

static bool gpu_bind_is_good(const char *value)
{
	static const char *const with_list[] = {"map_gpu", "mask_gpu", "single", "per_task", NULL};
	static const char *const alone[] = {"closest", "none", NULL};
	if (text_starts_nocase(value, "verbose,"))
		value += strlen("verbose,");
	const char *colon = strchr(value, ':');
	if (!colon)
		return option_word(alone, value, strlen(value)) >= 0;
	return option_word(with_list, value, (size_t)(colon - value)) >= 0 && colon[1];
}

PARSER(gpu_bind)
{
	char *shown = arena_printf(&s->arena, "gpu:%s", value);
	if (!gpu_bind_is_good(value))
		return err_set(err, ERR_INVALID, "Invalid --%s argument: %s", row->name, shown);
	*OPTION_AT(char *) = shown;
	return 0;
}

PARSER(gpu_freq)
{
	char *shown = arena_printf(&s->arena, "gpu:%s", value), *rest = arena_strdup(&s->arena, value);
	while (rest) {
		const char *word = text_split(&rest, ',');
		if (text_starts_nocase(word, "memory="))
			word += strlen("memory=");
		else if (text_eq_nocase(word, "verbose"))
			continue;
		if (option_word(frequencies, word, strlen(word)) < 0 && !is_number(word, strlen(word)))
			return err_set(err, ERR_INVALID, "Invalid --%s argument: %s", row->name, shown);
	}
	*OPTION_AT(char *) = shown;
	return 0;
}

PARSER(gres_flags)
{
	static const char *const words[] = {"enforce-binding", "disable-binding", NULL};
	int at = option_word(words, value, strlen(value));
	if (at < 0)
		return option_bad(row, err);
	s->spec.gres_flags = (uint32_t)at + 1;
	return 0;
}

/* ---- --bcast ---- */

PARSER(bcast)
{
	(void)err;
	*OPTION_AT(char *) = arena_strdup(&s->arena, value ? value : "");
	return 0;
}

PARSER(compress)
{
	(void)s, (void)row, (void)err;
	bcast_check_compression(value);
	return 0;
}

PARSER(send_libs)
{
	(void)s;
	if (value && *value && text_eq_nocase(value, "no"))
		return 0;
	if (value && *value && !text_eq_nocase(value, "yes"))
		return option_bad(row, err);
	return err_set(
	        err, ERR_NOT_SUPPORTED,
	        "--%s is not supported by batchbox: the shared objects of a program are not looked for",
	        row->name);
}

/* ---- the rest ---- */

PARSER(power)
{
	static const char *const words[] = {"level", NULL};
	char *rest = arena_strdup(&s->arena, value);
	(void)row, (void)err;
	while (rest) {
		const char *word = text_split(&rest, ',');
		if (option_word(words, word, strlen(word)) == 0)
			*OPTION_AT(char *) = arena_strdup(&s->arena, "LEVEL");
		else /* sbatch says it twice, as the real one does */
			for (int said = s->command == SUBMIT_SBATCH ? 0 : 1; *word && said < 2; said++)
				log_error("Ignoring unrecognized power option (%s)", word);
	}
	return 0;
}

PARSER(mail_type)
{
	return mail_types_parse(value, &s->spec.mail_type) ? 0 : option_bad(row, err);
}

/* It is an argument of MailProg. */
PARSER(mail_user)
{
	if (*value == '-')
		return err_set(err, ERR_INVALID, "--%s=%s: a user's name does not begin with a hyphen",
		               row->name, value);
	s->spec.mail_user = *value ? arena_strdup(&s->arena, value) : NULL;
	return 0;
}

PARSER(bbf)
{
	FILE *f = fopen(value, "re");
	(void)s;
	if (!f)
		return err_set(err, ERR_NOT_FOUND, "Invalid --%s specification", row->name);
	fclose(f);
	return 0;
}

PARSER(x11)
{
	static const char *const words[] = {"all", "batch", "first", "last", NULL};
	if (value && option_word(words, value, strlen(value)) < 0)
		return option_bad(row, err);
	(void)s;
	return err_set(err, ERR_NOT_SUPPORTED, "--%s is not supported by batchbox: windows are not forwarded",
	               row->name);
}
