/* Any text is a host list or an error; a host list that is compressed reads back as the same. */
#include "core/util/hostlist.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 300u /* longer lists are counted and sorted only */

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_names(const struct hostlist *h)
{
	size_t n = 0;
	struct err err = {0};
	char **names = hostlist_expand(h, NAMES_MAX, &n, &err);
	check(names ? n == hostlist_count(h) : err.code == ERR_LIMIT);
	for (size_t i = 0; names && i < n; i++) {
		int64_t at = hostlist_index(h, names[i]);
		check(at >= 0 && (size_t)at <= i && strcmp(names[at], names[i]) == 0);
	}
	free(names);
}

#define STRING_MAX 20000u /* longer ones would only slow the search */

static void check_roundtrip(const struct hostlist *h)
{
	struct err err = {0};
	char *s = hostlist_string(h);
	if (strlen(s) > STRING_MAX) {
		free(s);
		return;
	}
	struct hostlist *again = hostlist_parse(s, &err);
	check(again && hostlist_count(again) == hostlist_count(h));
	char *second = hostlist_string(again);
	check(strcmp(s, second) == 0);
	free(second);
	free(s);
	hostlist_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	char *s = malloc(size + 1);
	check(s != NULL);
	memcpy(s, data, size);
	s[size] = '\0';
	struct hostlist *h = hostlist_parse(s, &err);
	check(h ? err.code == 0 : err.code != 0 && err.text[0]);
	if (h) {
		check_names(h);
		check_roundtrip(h);
		uint64_t count = hostlist_count(h);
		hostlist_sort(h);
		check(hostlist_count(h) == count);
		check_roundtrip(h);
		hostlist_uniq(h);
		check(hostlist_count(h) <= count);
		check_names(h);
		check_roundtrip(h);
	}
	hostlist_free(h);
	free(s);
	return 0;
}
