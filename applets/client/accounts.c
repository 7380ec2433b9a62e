/* sshare(1), sacctmgr(1), sreport(1): what the real ones say of a cluster without slurmdbd. Such a cluster
 * has no accounts or associations: sshare has nothing to list, and the other two, which speak to slurmdbd
 * alone, refuse whatever they are asked for. */
#include "applets/applet.h"
#include "applets/client/columns.h"
#include "applets/client/command.h"
#include "applets/client/complain.h"
#include "core/util/arena.h"
#include "core/util/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- sshare ---- */

/* A positive width is to the right. There is never a row, hence no values. */
static const struct column share_columns[] = {
        {.name = "account", .header = "Account", .width = -20},
        {.name = "cluster", .header = "Cluster", .width = 10},
        {.name = "effectvusage", .header = "EffectvUsage", .width = 13},
        {.name = "fairshare", .header = "FairShare", .width = 10},
        {.name = "grptresmins", .header = "GrpTRESMins", .width = 30},
        {.name = "grptresraw", .header = "GrpTRESRaw", .width = 30},
        {.name = "id", .header = "ID", .width = 6},
        {.name = "levelfs", .header = "LevelFS", .width = 10},
        {.name = "normshares", .header = "NormShares", .width = 11},
        {.name = "normusage", .header = "NormUsage", .width = 11},
        {.name = "partition", .header = "Partition", .width = 12},
        {.name = "rawshares", .header = "RawShares", .width = 10},
        {.name = "rawusage", .header = "RawUsage", .width = 11},
        {.name = "tresrunmins", .header = "TRESRunMins", .width = 30},
        {.name = "user", .header = "User", .width = 10},
};
#define SHARE_COLUMN_COUNT (sizeof(share_columns) / sizeof(share_columns[0]))
static const size_t share_column_count = SHARE_COLUMN_COUNT;
#define SHARE_WIDTH_MAX 4096

/* With -m, and without. */
#define SHARE_FIRST(more) "account,user," more "rawshares,normshares,rawusage,"
#define SHARE_SHORT       "effectvusage,fairshare"
#define SHARE_LONG        "normusage,effectvusage,fairshare,levelfs,grptresmins,tresrunmins"

struct share_options {
	const char *format; /* NULL: not given */
	bool no_header, bars, last_bar, long_format, partition;
};

enum { OPT_USAGE = 256 };
static const struct command_option share_option_rows[] = {
        {"all", 'a', no_argument, NULL, "of all users"},
        {"accounts", 'A', required_argument, "ACCOUNTS", "of these accounts"},
        {"helpformat", 'e', no_argument, NULL, "the names of all columns"},
        {"long", 'l', no_argument, NULL, "more columns"},
        {"noheader", 'n', no_argument, NULL, "no header"},
        {"format", 'o', required_argument, "COLUMNS", "columns by name, each with %WIDTH if wanted"},
        {"parsable", 'p', no_argument, NULL, "columns end with '|'"},
        {"parsable2", 'P', no_argument, NULL, "'|' between columns"},
        {"users", 'u', required_argument, "USERS", "of these users"},
        {"Users", 'U', no_argument, NULL, "only users, no accounts above them"},
        {"version", 'V', no_argument, NULL, "the version"},
        {"clusters", 'M', required_argument, "NAMES", "other clusters, of which only slurmdbd would know"},
        {"cluster", 'M', required_argument, NULL, NULL},
        {"help", 'h', no_argument, NULL, "this text"},
        {"partition", 'm', no_argument, NULL, "the partition of each too"},
        {"usage", OPT_USAGE, no_argument, NULL, NULL},
};

static const struct command_word variables[] = {COMMAND_COMMON_VARIABLES};

const struct command sshare_command = {
        .name = "sshare",
        .synopsis = "[OPTIONS]",
        .note = "Shares of accounts. This cluster keeps no accounts: there is nothing to list but the "
                "header.",
        COMMAND_OPTIONS(share_option_rows),
        .variables = variables,
        .sets = {{"-o", share_columns, &share_column_count}},
};

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
	char *copy = o->format ? xstrdup(o->format)
	                       : xprintf("%s%s", o->partition ? SHARE_FIRST("partition,") : SHARE_FIRST(""),
	                                 o->long_format ? SHARE_LONG : SHARE_SHORT);
	char *rest = copy;
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
		printf("%-17s%s", share_columns[i].header,
		       i % 4 == 3 || i + 1 == SHARE_COLUMN_COUNT ? "\n" : " ");
	return 0;
}

int sshare_main(int argc, char **argv)
{
	struct share_options o = {0};
	struct command_getopt options_known;
	struct column_format f;
	log_init("sshare", LOG_LEVEL_INFO);
	command_getopt_init(&options_known, &sshare_command);
	for (int c; (c = command_getopt_next(&options_known, argc, argv)) != -1;) {
		if (c == 'l')
			o.long_format = true;
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
		else if (c == OPT_USAGE || c == 'h') {
			command_print_usage(&sshare_command, stdout);
			return 0;
		} else if (c == 'm') {
			o.partition = true;
		} else if (c == 'M') {
			return complain_clusters(optarg, "--cluster");
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

#define NO_ACCOUNTS "Accounts are slurmdbd's, and this cluster has none: all else is refused."
static const struct command_option few_options[] = {
        {"help", 'h', no_argument, NULL, "this text"},
        {"version", 'V', no_argument, NULL, "the version"},
};
static const struct command_word no_variables[] = {{NULL, NULL, NULL}};

const struct command sacctmgr_command = {
        .name = "sacctmgr",
        .synopsis = "[-hV]",
        .note = NO_ACCOUNTS,
        COMMAND_OPTIONS(few_options),
        .variables = no_variables,
};
const struct command sreport_command = {
        .name = "sreport",
        .synopsis = "[-hV]",
        .note = NO_ACCOUNTS,
        COMMAND_OPTIONS(few_options),
        .variables = no_variables,
};

/* Only the version and the help need no slurmdbd. */
static int without_slurmdbd(const struct command *command, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-V") == 0 || strcmp(argv[i], "--version") == 0)
			return puts("slurm " SLURM_VERSION_TEXT) < 0;
		if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
			command_print_usage(command, stdout);
			return 0;
		}
	}
	fputs("You are not running a supported accounting_storage plugin\n"
	      "Only 'accounting_storage/slurmdbd' is supported.\n",
	      stderr);
	return 1;
}

int sacctmgr_main(int argc, char **argv)
{
	return without_slurmdbd(&sacctmgr_command, argc, argv);
}

int sreport_main(int argc, char **argv)
{
	return without_slurmdbd(&sreport_command, argc, argv);
}
