/* What every applet is: a main() of its own, found by name. */
#pragma once

enum applet_kind { APPLET_DAEMON, APPLET_COMMAND, APPLET_INTERNAL };

struct applet {
	const char *name;
	int (*main)(int argc, char **argv);
	enum applet_kind kind;
	const char *summary;
};

#define APPLET(name, function, kind, summary) int function(int argc, char **argv);
#include "applets/applets.def"
#undef APPLET

/* What `-V` of every Slurm command prints, and the protocol's notion of our version. */
#define SLURM_VERSION_TEXT "22.05.8"
