#include "conf/source.h"

#include "core/util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (64u << 20)

void conf_texts_add(struct conf_texts *texts, struct arena *arena, const struct conf_text *text)
{
	struct conf_text *longer = arena_array(arena, texts->n + 1, sizeof(*longer));
	if (texts->n)
		memcpy(longer, texts->v, texts->n * sizeof(*longer));
	longer[texts->n++] = *text;
	texts->v = longer;
}

const struct conf_text *conf_texts_find(const struct conf_texts *texts, const char *name)
{
	for (size_t i = 0; i < texts->n; i++)
		if (strcmp(texts->v[i].name, name) == 0)
			return &texts->v[i];
	return NULL;
}

const char *conf_source_beside(const struct conf_source *source, struct arena *arena, const char *name)
{
	const char *slash = source->texts ? NULL : strrchr(source->path, '/');
	return slash ? arena_printf(arena, "%.*s/%s", (int)(slash - source->path), source->path, name)
	             : arena_strdup(arena, name);
}

/* To its end: it may be a pipe. */
static int read_all(int fd, struct text *out)
{
	char piece[16384];
	for (;;) {
		ssize_t n = read(fd, piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			return 0;
		if (out->len + (size_t)n > FILE_MAX)
			return EFBIG;
		text_add_n(out, piece, (size_t)n);
	}
}

static int load_file(struct arena *arena, const char *path, struct conf_text *out)
{
	struct text all = TEXT_EMPTY;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	int rc = read_all(fd, &all);
	close(fd);
	if (rc == 0) {
		char *copy = arena_alloc(arena, all.len + 1);
		memcpy(copy, text_str(&all), all.len);
		*out = (struct conf_text){.name = arena_strdup(arena, path), .text = copy, .n = all.len};
	}
	text_free(&all);
	return rc;
}

int conf_source_load(const struct conf_source *source, struct arena *arena, const char *path,
                     struct conf_text *out)
{
	if (!source->texts)
		return load_file(arena, path, out);
	const struct conf_text *found = conf_texts_find(source->texts, path);
	if (!found)
		return ENOENT;
	char *copy = arena_alloc(arena, found->n + 1);
	if (found->n)
		memcpy(copy, found->text, found->n);
	*out = (struct conf_text){.name = arena_strdup(arena, path), .text = copy, .n = found->n};
	return 0;
}
