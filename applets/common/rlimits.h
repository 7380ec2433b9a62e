/* The resource limits that a submission takes along (sbatch(1) --propagate; slurm.conf(5)
 * PropagateResourceLimits). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

/* glibc has an enum of its own for these, musl an int. */
#ifdef __GLIBC__
typedef __rlimit_resource_t rlimit_resource;
#else
typedef int rlimit_resource;
#endif

struct rlimit_row {
	const char *name;
	rlimit_resource resource;
};
extern const struct rlimit_row rlimit_rows[];
extern const size_t rlimit_count;

/* The row of that name, which has n bytes; NULL: none. Case counts, as there. */
const struct rlimit_row *rlimit_find(const char *name, size_t n);
/* Is the list ALL, NONE, empty (all), or names between commas? *bad and *len say which word is not. */
bool rlimits_valid(const char *list, const char **bad, size_t *len);
/* Is that limit one of the list's? NULL and "" are ALL. */
bool rlimits_have(const char *list, const char *name);
