/* Configless hosts: the configuration that is in force, sent to daemons that have none. Never the key; of
 * batchbox.conf only what is accepted. */
#include "applets/common/configless.h"
#include "applets/controller/controller.h"
#include "core/util/log.h"

#define FILE_OVERHEAD 512u /* a name, and what frames it */

void config_push_check(const struct controller *ctl)
{
	const struct conf_texts *texts = &ctl->file->conf.texts;
	for (size_t i = 0; ctl->configless && i < texts->n; i++)
		if (!texts->v[i].beside)
			log_error("configless hosts can't be sent the included %s, and refuse slurm.conf: "
			          "put it beside "
			          "slurm.conf and name it without a path",
			          texts->v[i].name);
	if (ctl->configless != conf_list_has(&ctl->file->conf, P_SlurmctldParameters, "enable_configless"))
		log_error("reconfigure: enable_configless is what it was at the start until slurmctld is "
		          "restarted");
}

/* false: it is more than a message may have. */
static bool fill_files(const struct controller *ctl, struct config_file_list *files, struct arena *arena)
{
	struct conf_texts texts;
	size_t n = 0;
	unsigned swallowed = 0;
	cluster_file_texts(ctl->file, arena, &texts);
	for (size_t i = 0; i < texts.n; i++)
		n += texts.v[i].n + FILE_OVERHEAD;
	if (n > message_limit(MSG_config_files)) {
		if (log_once_in("config_push", 60, &swallowed))
			log_error(
			        "the configuration is too large to be sent: %zu bytes, and %zu are the most",
			        n, message_limit(MSG_config_files));
		return false;
	}
	configless_fill(&texts, files, arena);
	return true;
}

void config_push_worker(struct controller *ctl, const struct peer *peer)
{
	struct worker_reconfigure order = {.epoch = cluster_meta(ctl->cluster)->epoch};
	struct arena arena;
	arena_init(&arena);
	if (fill_files(ctl, &order.files, &arena))
		outbox_add(ctl->outbox, peer->id, MSG_worker_reconfigure, 0, true, &order);
	arena_free(&arena);
}

void config_push_followers(struct controller *ctl)
{
	struct config_files m;
	struct arena arena;
	size_t at = 0;
	void *entry;
	arena_init(&arena);
	schema_init(schema_of_config_files(), &m);
	bool sane = fill_files(ctl, &m.files, &arena);
	while (sane && map_next(&ctl->peers, &at, &entry)) {
		const struct peer *peer = entry;
		if (peer->follows)
			outbox_add(ctl->outbox, peer->id, MSG_config_files, peer->follows, false, &m);
	}
	arena_free(&arena);
}

int on_config_fetch(struct request *r, struct err *err)
{
	const struct config_fetch *m = r->m;
	struct config_files reply;
	unsigned swallowed = 0;
	if (!r->ctl->configless) {
		if (log_once_in("configless", 60, &swallowed))
			log_error("%s asks for the configuration, and is refused: configless is disabled "
			          "(SlurmctldParameters=enable_configless)",
			          peer_title(r->peer));
		return err_set(err, ERR_CONFIGLESS_DISABLED, NULL);
	}
	schema_init(schema_of_config_files(), &reply);
	if (!fill_files(r->ctl, &reply.files, &r->arena))
		return err_set(err, ERR_LIMIT, "the configuration is too large to be sent");
	r->peer->follows = m->follow ? r->id : 0;
	log_info("the configuration is sent to %s", peer_title(r->peer));
	answer(r, MSG_config_files, &reply);
	return 0;
}
