/* Our input, to every node of the step at the pace of the slowest. */
#include "applets/client/step_io_priv.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#define INPUT_WINDOW (1u << 20) /* as the shepherd's */

static bool input_has_room(const struct step_io *io)
{
	bool any = false;
	for (uint32_t i = 0; i < io->place_count; i++) {
		const struct place *place = &io->places[i];
		if (place->state == PLACE_DONE)
			continue;
		any = true;
		if (place->state != PLACE_RUNNING || place->input_out >= INPUT_WINDOW / 2)
			return false;
	}
	return any;
}

static void send_input(struct step_io *io, uint8_t *data, size_t n, bool eof)
{
	for (uint32_t i = 0; i < io->place_count; i++) {
		struct place *place = &io->places[i];
		struct step_input m;
		if (!place->conn || place->state == PLACE_DONE)
			continue;
		schema_init(schema_of_step_input(), &m);
		m.data = (struct schema_bytes){data, (uint32_t)n};
		m.eof = eof;
		m.task = io->conf->only_input_for;
		conn_send(place->conn, MSG_step_input, 0, &m);
		place->input_out += n;
	}
}

static void input_end(struct step_io *io)
{
	if (io->input)
		loop_del_fd(io->loop, io->input);
	io->input = NULL;
	io->input_ended = true;
	send_input(io, NULL, 0, true);
}

static bool input_read(struct step_io *io)
{
	static uint8_t buf[60000];
	ssize_t n = read(io->conf->stdin_fd, buf, sizeof(buf));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return false;
	if (n <= 0) {
		input_end(io);
		return false;
	}
	send_input(io, buf, (size_t)n, false);
	return true;
}

static void input_ready(void *ctx, uint32_t events)
{
	struct step_io *io = ctx;
	(void)events;
	if (input_has_room(io))
		input_read(io);
	step_input_watch(io);
}

void step_input_watch(struct step_io *io)
{
	struct err err = {0};
	if (io->input_ended || io->conf->stdin_fd < 0)
		return;
	if (!input_has_room(io)) {
		if (io->input)
			loop_del_fd(io->loop, io->input);
		io->input = NULL;
		return;
	}
	/* epoll takes no regular files: those are read as fast as there is room. */
	while (io->input_is_file && input_has_room(io))
		if (!input_read(io))
			return;
	if (!io->input && !io->input_is_file)
		io->input = loop_add_fd(io->loop, io->conf->stdin_fd, EPOLLIN, input_ready, io, &err);
	if (!io->input && !io->input_is_file) {
		io->input_is_file = true;
		step_input_watch(io);
	}
}
