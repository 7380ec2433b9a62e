/* The key-value space of a step on one node. */
#include "applets/worker/pmi.h"

#include <stdlib.h>
#include <string.h>

static void set_up(struct pmi_kvs *kvs)
{
	if (kvs->made)
		return;
	map_init_text(&kvs->by_key);
	kvs->made = true;
}

static void note_fresh(struct pmi_kvs *kvs, struct pmi_pair *pair)
{
	if (pair->fresh)
		return;
	pair->fresh = true;
	kvs->fresh = xgrow(kvs->fresh, &kvs->fresh_cap, kvs->fresh_count + 1, sizeof(struct pmi_pair *));
	kvs->fresh[kvs->fresh_count++] = pair;
}

int pmi_kvs_put(struct pmi_kvs *kvs, const char *key, const char *value, bool fresh, struct err *err)
{
	const size_t key_size = strlen(key), value_size = strlen(value);
	if (key_size == 0 || key_size > PMI_KEY_MAX)
		return err_set(err, ERR_INVALID, "a key has 1 to %d bytes", PMI_KEY_MAX);
	if (value_size > PMI_VALUE_MAX)
		return err_set(err, ERR_INVALID, "a value has at most %d bytes", PMI_VALUE_MAX);
	set_up(kvs);
	struct pmi_pair *pair = map_get_text(&kvs->by_key, key);
	const size_t had = pair ? strlen(pair->value) : 0,
	             more = pair ? value_size : key_size + value_size + PMI_PAIR_COST;
	if (kvs->bytes - had + more > PMI_KVS_MAX)
		return err_set(err, ERR_LIMIT, "a step's keys and values have at most %u MB",
		               PMI_KVS_MAX >> 20);
	kvs->bytes = kvs->bytes - had + more;
	if (!pair) {
		pair = xcalloc(1, sizeof(*pair));
		pair->key = xstrdup(key);
		map_put_text(&kvs->by_key, pair->key, pair);
	}
	text_set(&pair->value, value);
	if (fresh)
		note_fresh(kvs, pair);
	return 0;
}

const char *pmi_kvs_get(const struct pmi_kvs *kvs, const char *key)
{
	const struct pmi_pair *pair = kvs->made ? map_get_text(&kvs->by_key, key) : NULL;
	return pair ? pair->value : NULL;
}

void pmi_kvs_settle(struct pmi_kvs *kvs)
{
	for (size_t i = 0; i < kvs->fresh_count; i++)
		kvs->fresh[i]->fresh = false;
	free(kvs->fresh);
	kvs->fresh = NULL;
	kvs->fresh_count = kvs->fresh_cap = 0;
}

void pmi_kvs_free(struct pmi_kvs *kvs)
{
	size_t at = 0;
	void *value;
	if (!kvs->made)
		return;
	free(kvs->fresh);
	while (map_next(&kvs->by_key, &at, &value)) {
		struct pmi_pair *pair = value;
		free(pair->key);
		free(pair->value);
		free(pair);
	}
	map_free(&kvs->by_key);
	*kvs = (struct pmi_kvs){0};
}
