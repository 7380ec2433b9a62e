/* slurm.conf(5): text in, checked structures out. Every parameter is a row of params.def; records (NodeName,
 * PartitionName, DownNodes, NodeSet) have their own tables in node_part.c. All errors are found in one go,
 * each with file and line. */
#pragma once
#include "conf/source.h"
#include "core/conf.h"
#include "core/util/err.h"
#include "core/util/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum param {
#define P(name, type, dflt, class, accepted) P_##name,
#include "conf/params.def"
#undef P
	PARAM_COUNT
};

enum param_type {
	PARAM_STR,
	PARAM_PATH,
	PARAM_PLUGIN,
	PARAM_LIST,
	PARAM_BOOL,
	PARAM_FLAG, /* a number: 0 is no */
	PARAM_U16,
	PARAM_U32,
	PARAM_U64,
	PARAM_PORT,
	PARAM_SECONDS, /* 16 bits wide, as minutes are */
	PARAM_LONG_SECONDS,
	PARAM_MINUTES,
	PARAM_MIB,
};
enum param_class { PARAM_ACTED, PARAM_HARMLESS, PARAM_UNSAFE };

struct param_row {
	const char *name;
	enum param_type type;
	const char *dflt;
	enum param_class class;
	const char *accepted;
};
extern const struct param_row param_rows[PARAM_COUNT];

struct conf_value {
	const char *text; /* NULL: not set in the file */
	const char *file;
	unsigned line;
};

struct conf_error {
	const char *file;
	unsigned line;
	char *text;
};
struct conf_errors {
	struct conf_error *v;
	size_t n, cap;
};

struct conf_host {
	char *name, *addr;
};

struct slurm_conf {
	struct arena arena;
	const char *path;
	struct conf_texts texts; /* what was read: slurm.conf and its Includes */
	struct conf_value values[PARAM_COUNT];
	struct conf_host *hosts; /* SlurmctldHost lines in order */
	size_t host_count;
	struct cluster_conf core; /* nodes, partitions and everything that the scheduler reads */
};

/* Reads a file with its Includes. -1: errors has at least one. Whatever happened, slurm_conf_free() frees the
 * rest. */
int slurm_conf_read(struct slurm_conf *conf, const char *path, struct conf_errors *errors);
/* The same from wherever the files are. */
int slurm_conf_read_from(struct slurm_conf *conf, const struct conf_source *source,
                         struct conf_errors *errors);
/* The same from memory (Include lines are errors then). name stands for the file in errors. */
int slurm_conf_read_text(struct slurm_conf *conf, const char *name, const char *text, size_t n,
                         struct conf_errors *errors);
void slurm_conf_free(struct slurm_conf *conf);
void conf_errors_free(struct conf_errors *errors);
void conf_error_add(struct conf_errors *errors, const char *file, unsigned line, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));

/* The value in force: the file's, else the default; NULL where neither is. */
const char *conf_str(const struct slurm_conf *conf, enum param p);
uint32_t conf_u32(const struct slurm_conf *conf,
                  enum param p); /* numbers, seconds, minutes, ports; INFINITE words are the greatest number
                                    of the type */
uint64_t conf_mib(const struct slurm_conf *conf, enum param p); /* sizes; 0: no limit */
bool conf_bool(const struct slurm_conf *conf, enum param p);
bool conf_list_has(const struct slurm_conf *conf, enum param p, const char *word);
bool conf_is_set(const struct slurm_conf *conf, enum param p);

/* Unsafe parameters that are set to something that isn't served: an error each, but for those named in
 * `accepted` (a comma list). */
void slurm_conf_check_unsafe(const struct slurm_conf *conf, const char *accepted, struct conf_errors *errors);
/* Names of harmless parameters that are set and not acted on, for one line in the log; empty: none. */
void slurm_conf_harmless(const struct slurm_conf *conf, struct text *out);
/* Numbers in the file that are taken as another one, since there is a least or a greatest, for one line in
 * the log; empty: none. */
void slurm_conf_limited(const struct slurm_conf *conf, struct text *out);
