/* HOST[:PORT],... of slurmd(8) --conf-server and SLURM_CONF_SERVER. */
#pragma once
#include "core/util/arena.h"

#include <stdbool.h>
#include <stdint.h>

#define CONF_SERVER_PORT 6817 /* SlurmctldPort's default */

struct conf_server {
	const char *host; /* without the brackets of an IPv6 address */
	uint16_t port;
};

/* Takes the next of *rest, with the comma behind it. false: at the end *rest is "", else it is bad there. */
bool conf_server_next(struct arena *arena, const char **rest, struct conf_server *server);
