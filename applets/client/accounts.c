/* sshare(1), sacctmgr(1), sreport(1): what the real ones say of a cluster without slurmdbd. Such a cluster
 * has no accounts or associations: sshare has nothing to list, and the other two, which speak to slurmdbd
 * alone, refuse whatever they are asked for. */
#include "applets/applet.h"
#include "applets/client/columns.h"
#include "applets/client/complain.h"
#include "core/util/arena.h"
#include "core/util/log.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- sshare ---- */

/* A positive width is to the right. There is never a row, hence no values. */
static const struct column share_columns[] = {
        {.name = "account", .header = "Account", .width = -20},
        {.name = "user", .header = "User", .width = 10},
        {.name = "rawshares", .header = "RawShares", .width = 10},
        {.name = "normshares", .header = "NormShares", .width = 11},
        {.name = "rawusage", .header = "RawUsage", .width = 11},
        {.name = "normusage", .header = "NormUsage", .width = 11},
        {.name = "effectvusage", .header = "EffectvUsage", .width = 13},
        {.name = "fairshare", .header = "FairShare", .width = 10},
        {.name = "levelfs", .header = "LevelFS", .width = 10},
        {.name = "grptresmins", .header = "GrpTRESMins", .width = 30},
        {.name = "tresrunmins", .header = "TRESRunMins", .width = 30},
};
#define SHARE_COLUMN_COUNT (sizeof(share_columns) / sizeof(share_columns[0]))
#define SHARE_WIDTH_MAX    4096

#define SHARE_SHORT "account,user,rawshares,normshares,rawusage,effectvusage,fairshare"
#define SHARE_LONG                                                                                           \
	"account,user,rawshares,normshares,rawusage,normusage,effectvusage,fairshare,levelfs,grptresmins,"   \
	"tresrunmins"

struct share_options {
	const char *format;
	bool no_header, bars, last_bar;
};

enum { OPT_HELP = 256, OPT_USAGE };
static const struct option share_long_options[] = {
        {"accounts", required_argument, NULL, 'A'},
        {"all", no_argument, NULL, 'a'},
        {"clusters", required_argument, NULL, 'M'},
        {"cluster", required_argument, NULL, 'M'},
        {"format", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, OPT_HELP},
        {"helpformat", no_argument, NULL, 'e'},
        {"long", no_argument, NULL, 'l'},
        {"noheader", no_argument, NULL, 'n'},
        {"parsable", no_argument, NULL, 'p'},
        {"parsable2", no_argument, NULL, 'P'},
        {"partition", no_argument, NULL, 'm'},
        {"usage", no_argument, NULL, OPT_USAGE},
        {"users", required_argument, NULL, 'u'},
        {"Users", no_argument, NULL, 'U'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
};

static const char share_usage[] =
        "Usage: sshare [OPTIONS]\n"
        "Shares of accounts. This cluster keeps no accounts: there is nothing to list but the header.\n"
        "  -a, --all            of all users\n"
        "  -A, --accounts=LIST  of these accounts\n"
        "  -e, --helpformat     the names of all columns\n"
        "  -l, --long           more columns\n"
        "  -n, --noheader       no header\n"
        "  -o, --format=COLUMNS columns by name, each with %WIDTH if wanted\n"
        "  -p, --parsable       columns end with '|'\n"
        "  -P, --parsable2      '|' between columns\n"
        "  -u, --users=LIST     of these users\n"
        "  -U, --Users          only users, no accounts above them\n"
        "  -V, --version        the version\n";

static int share_add(struct column_format *f, const struct share_options *o, char *word)
{
	char *percent = strchr(word, '%');
	size_t len = percent ? (size_t)(percent - word) : strlen(word);
	int64_t width = 0;
	const struct column *column = column_by_name(share_columns, SHARE_COLUMN_COUNT, word, len);
	if (!column || (percent && !text_to_i64(percent + 1, &width)) || width > SHARE_WIDTH_MAX ||
	    width < -SHARE_WIDTH_MAX) {
		log_error("Invalid field requested: \"%.*s\"", (int)len, word);
		return 1;
	}
	width = width ? width : column->width;
	column_format_add(f, column, o->bars ? 0 : (size_t)(width < 0 ? -width : width), width > 0,
	                  o->bars ? "|" : " ");
	return 0;
}

static int share_format(const struct share_options *o, struct column_format *f)
{
	char *copy = xstrdup(o->format), *rest = copy;
	int rc = 0;
	for (char *word = text_split(&rest, ','); rc == 0 && word; word = text_split(&rest, ','))
		if (*word)
			rc = share_add(f, o, word);
	if (rc == 0 && o->bars && !o->last_bar && f->n)
		text_set(&f->uses[f->n - 1].suffix, "");
	free(copy);
	return rc;
}

static void share_print_header(const struct share_options *o, const struct column_format *f)
{
	struct text out = TEXT_EMPTY;
	column_print_header(f, &out);
	for (size_t i = 0; !o->bars && i < f->n; i++) {
		for (size_t k = 0; k < f->uses[i].width; k++)
			text_add_char(&out, '-');
		text_add(&out, i + 1 < f->n ? " " : " \n");
	}
	fputs(text_str(&out), stdout);
	text_free(&out);
}

static int share_print_names(void)
{
	for (size_t i = 0; i < SHARE_COLUMN_COUNT; i++)
		puts(share_columns[i].header);
	return 0;
}

int sshare_main(int argc, char **argv)
{
	struct share_options o = {.format = SHARE_SHORT};
	struct column_format f;
	log_init("sshare", LOG_LEVEL_INFO);
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, ":aA:ehlmM:no:pPu:UV", share_long_options, NULL)) != -1;) {
		if (c == 'l')
			o.format = SHARE_LONG;
		else if (c == 'o')
			o.format = optarg;
		else if (c == 'n')
			o.no_header = true;
		else if (c == 'p' || c == 'P')
			o.bars = true, o.last_bar = c == 'p';
		else if (c == 'e')
			return share_print_names();
		else if (c == 'V')
			return puts("slurm " SLURM_VERSION_TEXT) < 0;
		else if (c == OPT_HELP || c == OPT_USAGE || c == 'h')
			return fputs(share_usage, stdout) < 0;
		else if (c == 'M' || c == 'm') {
			log_error("option %s is not supported by batchbox",
			          c == 'M' ? "--clusters" : "--partition");
			return 1;
		} else if (!strchr("aAuU", c)) { /* which choose among rows */
			complain_option("sshare", c, argv);
			return 1;
		}
	}
	column_format_init(&f);
	int rc = share_format(&o, &f);
	if (rc == 0 && !o.no_header)
		share_print_header(&o, &f);
	column_format_free(&f);
	return rc;
}

/* ---- sacctmgr, sreport ---- */

/* Only the version and the help need no slurmdbd. */
static int without_slurmdbd(const char *program, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-V") == 0 || strcmp(argv[i], "--version") == 0)
			return puts("slurm " SLURM_VERSION_TEXT) < 0;
		if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
			return printf("Usage: %s [-hV]\n"
			              "Accounts are slurmdbd's, and this cluster has none: all else is "
			              "refused.\n"
			              "  -h, --help     this text\n"
			              "  -V, --version  the version\n",
			              program) < 0;
	}
	fputs("You are not running a supported accounting_storage plugin\n"
	      "Only 'accounting_storage/slurmdbd' is supported.\n",
	      stderr);
	return 1;
}

int sacctmgr_main(int argc, char **argv)
{
	return without_slurmdbd("sacctmgr", argc, argv);
}

int sreport_main(int argc, char **argv)
{
	return without_slurmdbd("sreport", argc, argv);
}
