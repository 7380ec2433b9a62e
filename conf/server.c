#include "conf/server.h"

#include "core/util/text.h"

#include <string.h>

/* A name or an address: nothing else is ever looked up. */
static bool host_is_good(const char *s, size_t n)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:%";
	return n > 0 && n <= 255 && s[0] != '-' && strspn(s, allowed) >= n;
}

static bool port_take(const char **at, uint16_t *port)
{
	char digits[8];
	uint32_t v;
	size_t n = strspn(*at, "0123456789");
	if (n == 0 || n > 5)
		return false;
	memcpy(digits, *at, n);
	digits[n] = '\0';
	*at += n;
	if (!text_to_u32(digits, &v) || v == 0 || v > 65535)
		return false;
	*port = (uint16_t)v;
	return true;
}

bool conf_server_next(struct arena *arena, const char **rest, struct conf_server *server)
{
	const char *p = *rest + strspn(*rest, " "), *host = p, *end;
	size_t n;
	*rest = p;
	if (*p == '[') { /* an IPv6 address, so that its colons are not the port's */
		host++;
		n = strcspn(host, "],");
		end = host + n;
		if (*end != ']')
			return false;
		end++;
	} else {
		n = strcspn(host, ":, ");
		end = host + n;
	}
	server->port = CONF_SERVER_PORT;
	if (!host_is_good(host, n))
		return false;
	if (*end == ':' && (end++, !port_take(&end, &server->port)))
		return false;
	end += strspn(end, " ");
	if (*end != ',' && *end != '\0')
		return false;
	server->host = arena_strndup(arena, host, n);
	*rest = end + (*end == ',');
	return true;
}
