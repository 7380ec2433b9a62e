/* The files beside slurm.conf: cgroup.conf(5), gres.conf(5), topology.conf(5). Their parameters are rows of
 * cgroup.def, gres.def and topology.def. A file is read where slurm.conf makes use of it, as in Slurm:
 * cgroup.conf always, gres.conf with GresTypes, topology.conf with TopologyPlugin=topology/tree. */
#pragma once
#include "conf/slurm_conf.h"

enum companion_file { COMPANION_CGROUP, COMPANION_GRES, COMPANION_TOPOLOGY, COMPANION_FILES };
extern const char *const companion_names[COMPANION_FILES]; /* "cgroup.conf" ... */

enum companion_key {
#define C(name, type, dflt, class, accepted) CGROUP_##name,
#include "conf/cgroup.def"
#undef C
#define C(name, type, dflt, class, accepted) GRES_##name,
#include "conf/gres.def"
#undef C
#define C(name, type, dflt, class, accepted) TOPOLOGY_##name,
#include "conf/topology.def"
#undef C
	COMPANION_KEYS
};

enum companion_type {
	COMPANION_BOOL,
	COMPANION_NUMBER, /* may have a fraction, and a % behind it */
	COMPANION_COUNT,  /* K, M, G, T or P behind it */
	COMPANION_STR,
	COMPANION_PATH,  /* absolute; several by brackets or commas */
	COMPANION_WORD,  /* one of those accepted */
	COMPANION_WORDS, /* some of them */
	COMPANION_HOSTS, /* a host list */
};

struct companion_row {
	enum companion_file file;
	const char *name;
	enum companion_type type;
	const char *dflt;
	enum param_class class;
	const char *accepted;
};
extern const struct companion_row companion_rows[COMPANION_KEYS];
extern const size_t companion_row_count;

/* A line of gres.conf or topology.conf; all that cgroup.conf says is one. */
struct companion_line {
	const char *file;
	unsigned line;
	const char *values[COMPANION_KEYS]; /* NULL: not set */
};

struct companions {
	struct arena arena;
	struct {
		struct conf_texts texts; /* what was read: it and its Includes */
		struct companion_line *lines;
		size_t count;
	} files[COMPANION_FILES];
};

/* Reads those that are in use, and checks them, also against slurm.conf. -1: errors has at least one.
 * Whatever happened, companions_free() frees the rest. */
int companions_read(struct companions *c, const struct conf_source *source, const struct slurm_conf *conf,
                    struct conf_errors *errors);
void companions_free(struct companions *c);
/* Does slurm.conf make use of that file? */
bool companion_in_use(const struct slurm_conf *conf, enum companion_file file);
/* As slurm_conf_check_unsafe() and slurm_conf_harmless(). */
void companions_check_unsafe(const struct companions *c, const struct slurm_conf *conf, const char *accepted,
                             struct conf_errors *errors);
void companions_harmless(const struct companions *c, struct text *out);
