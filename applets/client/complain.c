#include "applets/client/complain.h"

#include "applets/common/option_error.h"
#include "conf/time.h"
#include "core/util/log.h"
#include "proto/loop.h"

#include <stdio.h>

void complain_option(const char *program, int c, char **argv)
{
	option_error(program, c, argv);
	fprintf(stderr, "Try \"%s --help\" for more information\n", program);
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
