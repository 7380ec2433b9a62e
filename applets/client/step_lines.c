#include "applets/client/step_lines.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define HELD_MAX (1u << 20) /* a longer line leaves in pieces */

static void write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, p, n);
		if (w < 0 && errno == EAGAIN) {
			struct pollfd pfd = {.fd = fd, .events = POLLOUT};
			poll(&pfd, 1, -1);
			continue;
		}
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return; /* the reader is gone: the tasks' output has nowhere to go */
		p += w;
		n -= (size_t)w;
	}
}

static int label_width(const struct step_lines *how)
{
	int width = 1;
	for (uint32_t n = how->tasks - 1; n >= 10; n /= 10)
		width++;
	return width;
}

static void write_lines(const struct step_lines *how, uint32_t task, int fd, const char *p, size_t n)
{
	if (!how->label) {
		write_all(fd, p, n);
		return;
	}
	struct text out = TEXT_EMPTY;
	for (const char *end = p + n; p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t len = newline ? (size_t)(newline - p) + 1 : (size_t)(end - p);
		text_printf(&out, "%*" PRIu32 ": ", label_width(how), task);
		text_add_n(&out, p, len);
		if (!newline)
			text_add_char(&out, '\n');
		p += len;
	}
	write_all(fd, out.s, out.len);
	text_free(&out);
}

void step_lines_take(const struct step_lines *how, struct task_lines *of, const struct step_output *m)
{
	const int fd = (int)m->fd;
	struct text *held = &of->held[fd - 1];
	const char *data = (const char *)m->data.v;
	size_t n = m->data.n;
	if (how->unbuffered && !how->label) {
		write_all(fd, data, n);
		return;
	}
	const char *last = n ? memrchr(data, '\n', n) : NULL;
	size_t whole = last ? (size_t)(last - data) + 1 : 0;
	if (whole) {
		if (held->len) {
			text_add_n(held, data, whole);
			write_lines(how, m->task, fd, held->s, held->len);
			text_clear(held);
		} else {
			write_lines(how, m->task, fd, data, whole);
		}
	}
	text_add_n(held, data ? data + whole : "", n - whole);
	if (held->len && (m->eof || held->len > HELD_MAX)) {
		write_lines(how, m->task, fd, held->s, held->len);
		text_clear(held);
	}
}

void step_lines_free(struct task_lines *of)
{
	text_free(&of->held[0]);
	text_free(&of->held[1]);
}
