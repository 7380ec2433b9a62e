#include "applets/common/rlimits.h"

#include <string.h>

const struct rlimit_row rlimit_rows[] = {
        {"CPU", RLIMIT_CPU},     {"FSIZE", RLIMIT_FSIZE},   {"DATA", RLIMIT_DATA},
        {"STACK", RLIMIT_STACK}, {"CORE", RLIMIT_CORE},     {"RSS", RLIMIT_RSS},
        {"NPROC", RLIMIT_NPROC}, {"NOFILE", RLIMIT_NOFILE}, {"MEMLOCK", RLIMIT_MEMLOCK},
        {"AS", RLIMIT_AS},
};
const size_t rlimit_count = sizeof(rlimit_rows) / sizeof(rlimit_rows[0]);

const struct rlimit_row *rlimit_find(const char *name, size_t n)
{
	for (size_t i = 0; i < rlimit_count; i++)
		if (strlen(rlimit_rows[i].name) == n && strncmp(rlimit_rows[i].name, name, n) == 0)
			return &rlimit_rows[i];
	return NULL;
}

bool rlimits_valid(const char *list, const char **bad, size_t *len)
{
	if (!list || !*list || strcmp(list, "ALL") == 0 || strcmp(list, "NONE") == 0)
		return true;
	for (const char *p = list;; p += *len + 1) {
		*bad = p;
		*len = strcspn(p, ",");
		if (!rlimit_find(p, *len))
			return false;
		if (p[*len] == '\0')
			return true;
	}
}

bool rlimits_have(const char *list, const char *name)
{
	size_t n = strlen(name);
	if (!list || !*list || strcmp(list, "ALL") == 0)
		return true;
	for (const char *p = list; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (strncmp(p, name, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return true;
	}
	return false;
}
