#include "applets/client/hostfile.h"

#include "core/util/hostlist.h"
#include "core/util/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (4u << 20)

static char *string_of(const struct hostlist *h, struct arena *arena)
{
	struct text out = TEXT_EMPTY;
	hostlist_compress(h, &out);
	char *s = arena_strdup(arena, text_str(&out));
	text_free(&out);
	return s;
}

static uint32_t most_of(const struct hostlist *all, const struct hostlist *once)
{
	struct hostlist_iter it, names;
	uint32_t most = 0, *of = xcalloc(hostlist_count(once) + 1, sizeof(*of));
	hostlist_iter_init(&it, all);
	for (const char *name; (name = hostlist_next(&it));) {
		size_t at = 0;
		hostlist_iter_init(&names, once);
		for (const char *other; (other = hostlist_next(&names)) && strcmp(other, name) != 0;)
			at++;
		most = ++of[at] > most ? of[at] : most;
	}
	free(of);
	return most;
}

/* The first `want` of all. */
static int take(struct hostfile *h, const struct hostlist *all, uint32_t want, struct arena *arena,
                struct err *err)
{
	const uint64_t there = hostlist_count(all);
	struct hostlist_iter it;
	if (there == 0)
		return err_set(err, ERR_INVALID, "Hostlist is empty!");
	if (there > HOSTLIST_EXPAND_MAX)
		return err_set(err, ERR_LIMIT, "the list of hosts names more than %u", HOSTLIST_EXPAND_MAX);
	if (want > there)
		return err_set(err, ERR_INVALID, "Too few NodeNames in Slurm Hostfile");
	struct hostlist *first = hostlist_new(), *once = hostlist_new();
	h->count = want ? want : (uint32_t)there;
	hostlist_iter_init(&it, all);
	for (uint32_t i = 0; i < h->count; i++) {
		const char *name = hostlist_next(&it);
		hostlist_add_name(first, name);
		hostlist_add_name(once, name);
	}
	hostlist_uniq(once);
	h->nodes = (uint32_t)hostlist_count(once);
	h->most = most_of(first, once);
	h->list = string_of(first, arena);
	h->names = string_of(once, arena);
	hostlist_free(first);
	hostlist_free(once);
	return 0;
}

int hostfile_of_list(struct hostfile *h, const char *list, uint32_t want, struct arena *arena,
                     struct err *err)
{
	struct hostlist *all = hostlist_parse(list, err);
	int rc = all ? take(h, all, want, arena, err) : -1;
	hostlist_free(all);
	return rc;
}

int hostfile_read(struct hostfile *h, const char *path, uint32_t want, struct arena *arena, struct err *err)
{
	FILE *file = fopen(path, "re");
	struct text list = TEXT_EMPTY;
	int rc = 0;
	if (!file)
		return err_set(err, ERR_INVALID, "slurm_allocate_resources error opening file %s%s, %s",
		               path[0] == '/' ? "" : "./", path, strerror(errno));
	for (int c; list.len < FILE_MAX && (c = getc(file)) != EOF;)
		if (c != 0)
			text_add_char(&list, c == '\n' || c == '\r' || c == ' ' || c == '\t' ? ',' : (char)c);
	fclose(file);
	if (list.len >= FILE_MAX)
		rc = err_set(err, ERR_LIMIT, "%s has more than %u bytes", path, FILE_MAX);
	else
		rc = hostfile_of_list(h, text_str(&list), want, arena, err);
	text_free(&list);
	return rc;
}
