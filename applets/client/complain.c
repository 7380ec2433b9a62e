#include "applets/client/complain.h"

#include "applets/common/option_error.h"

#include <stdio.h>

void complain_option(const char *program, int c, char **argv)
{
	option_error(program, c, argv);
	fprintf(stderr, "Try \"%s --help\" for more information\n", program);
}
