/* `batchbox fsck DIR`: looks at a controller's databases and changes nothing. */
#include "applets/applet.h"
#include "applets/controller/store.h"
#include "core/util/log.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void print_finding(void *ctx, const char *text)
{
	(void)ctx;
	puts(text);
}

int fsck_main(int argc, char **argv)
{
	struct err err = {0};
	log_init("fsck", LOG_LEVEL_INFO);
	if (argc != 2 || argv[1][0] == '-') {
		fputs("Usage: batchbox fsck DIR\n"
		      "Checks the databases in DIR, a controller's StateSaveLocation, while that controller "
		      "does not run.\n"
		      "Prints a line for each fault. Exit code: 0 none, 1 some, 2 they could not be read.\n",
		      argc == 2 && strcmp(argv[1], "--help") == 0 ? stdout : stderr);
		return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
	}
	if (sodium_init() < 0) {
		log_error("libsodium does not start");
		return 2;
	}
	int findings = store_check(argv[1], print_finding, NULL, &err);
	if (findings < 0) {
		log_error("%s", err_text(&err));
		return 2;
	}
	printf("%d fault%s found in %s\n", findings, findings == 1 ? "" : "s", argv[1]);
	return findings ? 1 : 0;
}
