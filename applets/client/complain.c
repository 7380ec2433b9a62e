#include "applets/client/complain.h"

#include "applets/common/option_error.h"
#include "conf/time.h"
#include "core/util/log.h"
#include "proto/loop.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* How many options begin with the n bytes; one that is that word counts alone, as *exact. */
static unsigned beginning(const struct option *options, const char *word, size_t n,
                          const struct option **exact)
{
	unsigned found = 0;
	*exact = NULL;
	for (const struct option *o = options; o && o->name; o++) {
		if (strncmp(o->name, word, n) != 0)
			continue;
		found++;
		if (o->name[n] == '\0' || found == 1)
			*exact = o;
		if (o->name[n] == '\0')
			return 1;
	}
	return found;
}

/* A beginning of several options, or a value for one that has none: what option_error() can't tell. */
static bool complain_long(const char *program, int c, const char *word, const struct option *options)
{
	const struct option *one;
	size_t n = strcspn(word + 2, "=");
	unsigned found = beginning(options, word + 2, n, &one);
	if (found > 1) {
		fprintf(stderr, "%s: option '%s' is ambiguous; possibilities:", program, word);
		for (const struct option *o = options; o->name; o++)
			if (strncmp(o->name, word + 2, n) == 0)
				fprintf(stderr, " '--%s'", o->name);
		fputc('\n', stderr);
	} else if (c == ':' && one) {
		fprintf(stderr, "%s: option '--%s' requires an argument\n", program, one->name);
	} else if (one && word[2 + n] == '=' && one->has_arg == no_argument) {
		fprintf(stderr, "%s: option '--%s' doesn't allow an argument\n", program, one->name);
	} else {
		return false;
	}
	return true;
}

void complain_option_of(const char *program, int c, char **argv, const struct option *options)
{
	/* Where an argument is missing optind may point past the last word. */
	const char *word = "";
	for (int i = optind; i > 0 && !*word; i--)
		word = argv[i - 1] ? argv[i - 1] : "";
	if (strncmp(word, "--", 2) != 0 || !word[2] || !complain_long(program, c, word, options))
		option_error(program, c, argv);
	fprintf(stderr, "Try \"%s --help\" for more information\n", program);
}

void complain_option(const char *program, int c, char **argv)
{
	complain_option_of(program, c, argv, NULL);
}

bool complain_when(const char *value, bool past, int64_t *out_us)
{
	int at;
	if (time_parse_when_at(value, loop_wall_clock(), past, out_us, &at))
		return true;
	if (at >= 0)
		fprintf(stderr, "Invalid time specification (pos=%d): %s\n", at, value);
	return false;
}

int complain_clusters(const char *names, const char *from)
{
	log_error("Problem talking to database");
	log_error("'%s' can't be reached now, or it is an invalid entry for %s.  Use 'sacctmgr list "
	          "clusters' to "
	          "see available clusters.",
	          names, from);
	return 1;
}
