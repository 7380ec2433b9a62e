#include "applets/client/complain.h"

#include "applets/common/option_error.h"
#include "core/util/log.h"

#include <stdio.h>

void complain_option(const char *program, int c, char **argv)
{
	option_error(program, c, argv);
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
