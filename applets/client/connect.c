#include "applets/client/connect.h"

#include "core/util/log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define RETRY_NS      UINT64_C(100000000)
#define RETRY_DOUBLED 5 /* times: 3.2 s at most */
#define NS_IN_S       UINT64_C(1000000000)
#define MOMENT_US     1000000

int connect_configure(struct connect *c, struct err *err)
{
	memset(c, 0, sizeof(*c));
	const char *path = cluster_file_find_fetched(), *servers = getenv("SLURM_CONF_SERVER");
	if (!path && servers && *servers)
		return err_set(err, ERR_CONFIG,
		               "SLURM_CONF_SERVER=%.100s: a command gets its configuration, as its ticket, "
		               "from a daemon "
		               "of its own host: start slurmd or sackd --conf-server %.100s here",
		               servers, servers);
	if (!path)
		return err_set(
		        err, ERR_CONFIG,
		        "Could not establish a configuration source: there is no /etc/slurm/slurm.conf, no "
		        "daemon of this host has fetched one (slurmd or sackd --conf-server), and SLURM_CONF "
		        "names none");
	if (cluster_file_read(&c->file, path) != 0)
		return err_set(err, ERR_CONFIG, "the configuration in %s cannot be used", path);
	c->configured = true;
	return 0;
}

int64_t connect_patience_us(const struct connect *c)
{
	return (int64_t)conf_u32(&c->file.conf, P_MessageTimeout) * 1000000;
}

/* Longer each time, and never the same for two commands: hundreds of them that come at once (the steps of one
 * job) would else keep each other out, with the server busy refusing them. */
static struct timespec pause_after(unsigned tries)
{
	const uint64_t most = RETRY_NS << (tries < RETRY_DOUBLED ? tries : RETRY_DOUBLED);
	const uint64_t ns = most / 2 + connect_number() % (most / 2);
	return (struct timespec){(time_t)(ns / NS_IN_S), (long)(ns % NS_IN_S)};
}

int connect_open_within(struct connect *c, int64_t limit_us, struct err *err)
{
	unsigned tries = 0;
	int64_t until = loop_clock() + limit_us,
	        moment = loop_clock() + (limit_us < MOMENT_US ? limit_us : MOMENT_US);
	for (;;) {
		struct err now = {0};
		int64_t left = until - loop_clock();
		c->client = client_open(c->file.controller_addr, c->file.controller_port, &c->file.controller,
		                        left > 1000000 ? left : 1000000, &now);
		if (c->client) {
			client_patience(c->client, connect_patience_us(c));
			c->was_open = true;
			return 0;
		}
		/* Only a controller that can't be reached may come back; on its own host it is our local
		 * daemon, too. */
		bool stop = loop_clock() >= until || (c->interrupted && *c->interrupted);
		bool full = now.code == ERR_LIMIT; /* of sessions of this user: some of them end */
		bool away = connect_is_lost(&now) || full ||
		            (now.code == ERR_UNAUTHENTICATED && (c->was_open || loop_clock() < moment));
		if (!away || stop) {
			if (connect_is_lost(&now)) {
				log_debug("%s", err_text(&now));
				return err_set(err, ERR_CONNECT, "%s", "");
			}
			*err = now;
			return -1;
		}
		const struct timespec pause = pause_after(tries++);
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

/* What the controller said of the last refusal: of this very request, where a row below would be of all. */
static char refusal_help[1024];

int connect_ask(struct connect *c, uint32_t type, const void *request, uint32_t want, struct arena *arena,
                void **record, struct err *err)
{
	uint32_t got = 0;
	char *help = NULL;
	if (client_call(c->client, type, request, arena, &got, record, &help, err) != 0) {
		text_copy(refusal_help, sizeof(refusal_help), help ? help : "");
		return -1;
	}
	return got == want ? 0
	                   : err_set(err, ERR_COMMUNICATION, "the controller answered %s with %s",
	                             message_name(type), message_name(got));
}

bool connect_is_lost(const struct err *err)
{
	return err->code == ERR_TRUNCATED || err->code == ERR_SYSTEM || err->code == ERR_TIMEOUT ||
	       err->code == ERR_CONNECT || err->code == ERR_COMMUNICATION;
}

int connect_again(struct connect *c, struct err *err)
{
	if (c->client)
		client_close(c->client);
	c->client = NULL;
	err_clear(err);
	return connect_open_within(c, CONNECT_PATIENCE_US, err);
}

int connect_insist(struct connect *c, uint32_t type, const void *request, bool *again, uint32_t want,
                   struct arena *arena, void **record, struct err *err)
{
	for (;;) {
		if (connect_ask(c, type, request, want, arena, record, err) == 0)
			return 0;
		if (!connect_is_lost(err) || (c->interrupted && *c->interrupted))
			return -1;
		log_debug("%s: asking once more", err_text(err));
		if (connect_again(c, err) != 0)
			return -1;
		if (again)
			*again = true;
	}
}

uint64_t connect_number(void)
{
	uint64_t number = 0;
	while (number == 0 && getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		number = 0;
	return number;
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
			log_info("%s", rows[i].code == ERR_NODE_CONFIG_UNAVAILABLE && *refusal_help
			                       ? refusal_help
			                       : rows[i].help);
}
