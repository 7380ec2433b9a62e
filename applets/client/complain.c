#include "applets/client/complain.h"

#include "core/util/log.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void complain_option(const char *program, int c, char **argv)
{
	/* Behind an option that lacks its argument optind may point past the end. */
	const char *word = c == ':' && optind > 1 && !argv[optind - 1] ? argv[optind - 2]
	                   : optind > 0                                ? argv[optind - 1]
	                                                               : "";
	bool is_long = word && strncmp(word, "--", 2) == 0;
	if (c == ':' && is_long)
		fprintf(stderr, "%s: option '%s' requires an argument\n", program, word);
	else if (c == ':')
		fprintf(stderr, "%s: option requires an argument -- '%c'\n", program, optopt);
	else if (is_long && optopt != 0 && strchr(word, '='))
		fprintf(stderr, "%s: option '%.*s' doesn't allow an argument\n", program,
		        (int)strcspn(word, "="), word);
	else if (is_long)
		fprintf(stderr, "%s: unrecognized option '%s'\n", program, word);
	else
		fprintf(stderr, "%s: invalid option -- '%c'\n", program, optopt);
	fprintf(stderr, "Try \"%s --help\" for more information\n", program);
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
