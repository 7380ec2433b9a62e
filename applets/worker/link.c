#include "applets/worker/link.h"

#include "core/util/log.h"
#include "core/util/schema_table.h"

#include "applets/worker/link.def"

#include "core/util/schema_end.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct schema *link_schema(uint32_t type)
{
	switch (type) {
	case LINK_HELLO:
		return schema_of_link_hello();
	case LINK_SESSION:
		return schema_of_link_session();
	case LINK_ENDED:
		return schema_of_link_ended();
	case LINK_OVERDUE:
		return schema_of_link_overdue();
	case LINK_REFUSE:
		return schema_of_link_refuse();
	case LINK_OVER_MEMORY:
		return schema_of_link_over_memory();
	case LINK_STARTED:
	case LINK_SIGNAL:
	case LINK_END:
	case LINK_NOTIFY:
	case LINK_BCAST:
		return message_schema(type);
	default:
		return NULL;
	}
}

/* 0, 1 and 2 are open, whatever the worker was started with: no other file may get these numbers. Nothing
 * else but the link is ours: a socket that a worker forgot to close on exec would keep its port busy as long
 * as the step runs. */
void link_standard_files(void)
{
	int fd;
	if (syscall(SYS_close_range, LINK_SHEPHERD_FD + 1, ~0u, 0) != 0)
		log_debug("close_range: %s", strerror(errno));
	while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= 2)
		;
	if (fd >= 0)
		close(fd);
}

int link_send(int fd, enum link_type type, const void *record, struct err *err)
{
	struct text packet = TEXT_EMPTY;
	varint_put(&packet, type);
	schema_encode(link_schema(type), record, &packet);
	ssize_t n = send(fd, packet.s, packet.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	int rc = n == (ssize_t)packet.len
	                 ? 0
	                 : err_sys(err, errno, "cannot send a packet of %zu bytes over the link", packet.len);
	text_free(&packet);
	return rc;
}

int link_receive(int fd, uint8_t *buf, struct arena *arena, uint32_t *type, void **record, struct err *err)
{
	ssize_t n;
	do {
		n = recv(fd, buf, LINK_PACKET_MAX, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0)
		return err_sys(err, errno, "the link broke");
	if (n == 0)
		return err_set(err, ERR_TRUNCATED, "the other end of the link is gone");
	uint64_t number;
	size_t used = varint_get(buf, (size_t)n, &number);
	if (used == 0 || number > UINT32_MAX)
		return err_set(err, ERR_CORRUPT, "a packet of the link has no type");
	const struct schema *schema = link_schema((uint32_t)number);
	*type = (uint32_t)number;
	*record = NULL;
	if (!schema)
		return 1;
	*record = arena_alloc(arena, schema->size);
	if (schema_decode(schema, *record, buf + used, (size_t)n - used, arena, err) != 0)
		return -1;
	return 1;
}
