/* batchbox keygen FILE: a new cluster key. */
#include "applets/applet.h"
#include "core/util/log.h"
#include "proto/key.h"

#include <stdio.h>

int keygen_main(int argc, char **argv)
{
	struct err err = {0};
	log_init("batchbox keygen", LOG_LEVEL_INFO);
	if (argc != 2 || argv[1][0] == '-') {
		fputs("Usage: batchbox keygen FILE\n"
		      "Makes a new cluster key of 1024 random bytes in FILE (mode 0400), which must not "
		      "exist.\n"
		      "Copy it to every host of the cluster, as /etc/batchbox/batchbox.key or "
		      "/etc/munge/munge.key.\n",
		      argc == 2 ? stdout : stderr);
		return argc == 2 ? 0 : 1;
	}
	if (key_init(&err) != 0 || key_file_make(argv[1], &err) != 0) {
		log_error("%s", err_text(&err));
		return 1;
	}
	return 0;
}
