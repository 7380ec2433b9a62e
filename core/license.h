/* Licences (slurm.conf(5), Licenses; sbatch(1), --licenses): what is counted for the whole cluster. */
#pragma once
#include "core/cluster.h"

struct select_ask;

struct license {
	const struct core_license_conf *conf;
	uint64_t used;
	bool overdrawn; /* more are used than there are: by another configuration, or an update */
};

/* A job that has some. */
struct license_hold {
	struct list in_all;
	const struct job *job;
};

/* Walks a list as it was asked for, "fluent:4,matlab" (or with semicolons): false at its end, or where it
 * can't be read, which is when *at is not at the end of the text. Names are `n` bytes at *name. */
bool license_next(const char **at, const char **name, size_t *n, uint32_t *count);
/* NULL: the configuration has none of that name. */
const struct license *license_named(const struct cluster *c, const char *name, size_t n);
/* How many of that name the list asks for. */
uint64_t license_asked(const char *list, const char *called);

/* Those of the configuration; nobody has any yet. */
void licenses_make(struct cluster *c);
void licenses_free(struct cluster *c);
/* Until all that it had on its nodes is over, as with the real one. */
bool job_has_licenses(const struct job *job);
/* It takes or gives back what it asks for; late: it was given them in another time. */
void licenses_settle(struct cluster *c, struct job *job, bool late);
void licenses_drop(struct cluster *c, struct job *job); /* it has none any more */
/* Can such a job ever be given what it asks for? -1: Slurm's refusal. */
int licenses_check(const struct cluster *c, const struct job_spec *spec, struct err *err);
/* slurm.conf(5), bf_licenses: does the plan know of them? */
bool licenses_are_planned(const struct cluster *c);
/* Are there as many as it asks for now; and, where the plan knows of licences, during all of
 * ask's span beside what those before it will have? */
bool licenses_fit(const struct cluster *c, const struct select_ask *ask);
/* Do the two ask for one of the same name? */
bool licenses_meet(const struct job_spec *a, const struct job_spec *b);
