#include "applets/client/connect.h"

#include "core/util/log.h"

#include <string.h>
#include <time.h>

#define RETRY_NS 100000000L

int connect_configure(struct connect *c, struct err *err)
{
	memset(c, 0, sizeof(*c));
	if (cluster_file_read(&c->file, NULL) != 0)
		return err_set(err, ERR_CONFIG, "the configuration in %s cannot be used",
		               slurm_conf_find_path());
	c->configured = true;
	return 0;
}

int connect_open_within(struct connect *c, int64_t limit_us, struct err *err)
{
	int64_t until = loop_clock() + limit_us;
	for (;;) {
		struct err now = {0};
		int64_t left = until - loop_clock();
		c->client = client_open(c->file.controller_addr, c->file.controller_port, &c->file.controller,
		                        left > 1000000 ? left : 1000000, &now);
		if (c->client)
			return 0;
		/* Only a controller that can't be reached may come back. */
		if ((now.code != ERR_CONNECT && now.code != ERR_SYSTEM && now.code != ERR_TIMEOUT) ||
		    loop_clock() >= until) {
			if (now.code == ERR_CONNECT || now.code == ERR_SYSTEM || now.code == ERR_TIMEOUT) {
				log_debug("%s", err_text(&now));
				return err_set(err, ERR_CONNECT, "%s", "");
			}
			*err = now;
			return -1;
		}
		const struct timespec pause = {0, RETRY_NS};
		nanosleep(&pause, NULL);
	}
}

int connect_open(struct connect *c, struct err *err)
{
	return connect_open_within(c, CONNECT_LIMIT_US, err);
}

void connect_close(struct connect *c)
{
	if (c->client)
		client_close(c->client);
	if (c->configured)
		cluster_file_free(&c->file);
	memset(c, 0, sizeof(*c));
}

bool connect_knows_node(const struct connect *c, const char *name)
{
	const struct cluster_conf *core = &c->file.conf.core;
	for (size_t i = 0; i < core->node_count; i++)
		if (strcmp(core->nodes[i].name, name) == 0)
			return true;
	return false;
}

int connect_ask(struct connect *c, uint32_t type, const void *request, uint32_t want, struct arena *arena,
                void **record, struct err *err)
{
	uint32_t got = 0;
	if (client_call(c->client, type, request, arena, &got, record, NULL, err) != 0)
		return -1;
	return got == want ? 0
	                   : err_set(err, ERR_COMMUNICATION, "the controller answered %s with %s",
	                             message_name(type), message_name(got));
}

void connect_help(int rc, const struct err *err)
{
	static const struct {
		int code;
		const char *help;
	} rows[] = {
	        {ERR_CONNECT,
	         "is slurmctld running on the host that SlurmctldHost names? `scontrol ping` asks it"},
	        {ERR_UNAUTHENTICATED,
	         "every host of a cluster needs the same key file, and slurmctld, slurmd or sackd running"},
	        {ERR_INVALID_PARTITION, "`sinfo -s` lists the partitions"},
	        {ERR_INVALID_NODE_NAME, "`sinfo -N` lists the nodes"},
	        {ERR_NODE_CONFIG_UNAVAILABLE, "`sinfo -N -l` shows what each node has"},
	        {ERR_STORE, "the disk under StateSaveLocation on the controller's host may be full"},
	};
	if (rc == 0)
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].code == err->code)
			log_info("%s", rows[i].help);
}
