#include "proto/key.h"

#include "core/util/log.h"
#include "core/util/text.h"
#include "proto/mac.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

struct key_master {
	size_t n;
	struct {
		uint8_t prk[KEY_SIZE];
		uint8_t id[KEY_ID_SIZE];
	} keys[KEYS_MAX];
};

struct key_host {
	size_t n;
	struct {
		uint8_t key[KEY_SIZE];
		uint8_t kid[KEY_ID_SIZE];
	} keys[KEYS_MAX]; /* the first makes tickets */
	enum key_class class;
	uint32_t generation;
	char name[KEY_NAME_MAX + 1], cluster[KEY_NAME_MAX + 1];
};

int key_init(struct err *err)
{
	if (sodium_init() < 0)
		return err_set(err, ERR_SYSTEM, "libsodium cannot start: no source of random numbers");
	/* No core file and no debugger may show keys. */
	const struct rlimit none = {0, 0};
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_sys(err, errno, "cannot forbid core dumps");
	setrlimit(RLIMIT_CORE, &none);
	return 0;
}

/* Memory that is locked and guarded; where it can't be locked, that is said once and the key lives on. */
static void *locked_alloc(size_t size)
{
	static bool said;
	void *p = sodium_malloc(size);
	if (!p) {
		log_write(LOG_LEVEL_FATAL, "out of memory for a key");
		abort();
	}
	if (sodium_mlock(p, size) != 0 && !said) {
		said = true;
		log_info("keys cannot be locked into memory (%s) and may be swapped: raise the limit "
		         "(LimitMEMLOCK=, ulimit -l)",
		         strerror(errno));
	}
	return p;
}

static void add_prk(struct key_master *master, const uint8_t prk[KEY_SIZE])
{
	uint8_t id[32];
	struct mac m;
	mac_start(&m, prk, "key id");
	mac_end(&m, id);
	if (key_master_has(master, id))
		return;
	memcpy(master->keys[master->n].prk, prk, KEY_SIZE);
	memcpy(master->keys[master->n++].id, id, KEY_ID_SIZE);
}

int key_master_add(struct key_master *master, const void *bytes, size_t n, struct err *err)
{
	static const char label[] = "batchbox/1 extract";
	crypto_auth_hmacsha256_state state;
	uint8_t prk[KEY_SIZE];
	if (n < KEY_FILE_MIN || n > KEY_FILE_MAX)
		return err_set(err, ERR_CONFIG, "a key of %zu bytes: it must have %d to %d", n, KEY_FILE_MIN,
		               KEY_FILE_MAX);
	if (master->n == KEYS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d keys at a time", KEYS_MAX);
	/* The key of this first HMAC is the label and the message the file: an extract step, as HKDF's (RFC
	 * 5869). */
	crypto_auth_hmacsha256_init(&state, (const uint8_t *)label, sizeof(label) - 1);
	crypto_auth_hmacsha256_update(&state, bytes, n);
	crypto_auth_hmacsha256_final(&state, prk);
	sodium_memzero(&state, sizeof(state));
	add_prk(master, prk);
	sodium_memzero(prk, sizeof(prk));
	return 0;
}

struct key_master *key_master_from_bytes(const void *bytes, size_t n, struct err *err)
{
	struct key_master *master = locked_alloc(sizeof(*master));
	sodium_memzero(master, sizeof(*master));
	if (key_master_add(master, bytes, n, err) == 0)
		return master;
	key_master_free(master);
	return NULL;
}

size_t key_master_export(const struct key_master *master, uint8_t out[KEYS_MAX][KEY_SIZE])
{
	for (size_t i = 0; i < master->n; i++)
		memcpy(out[i], master->keys[i].prk, KEY_SIZE);
	return master->n;
}

struct key_master *key_master_import(uint8_t in[KEYS_MAX][KEY_SIZE], size_t n)
{
	if (n == 0 || n > KEYS_MAX)
		return NULL;
	struct key_master *master = locked_alloc(sizeof(*master));
	sodium_memzero(master, sizeof(*master));
	for (size_t i = 0; i < n; i++)
		add_prk(master, in[i]);
	return master;
}

void key_master_free(struct key_master *master)
{
	sodium_free(master);
}

const uint8_t *key_master_id(const struct key_master *master)
{
	return master->keys[0].id;
}

bool key_master_has(const struct key_master *master, const uint8_t id[KEY_ID_SIZE])
{
	for (size_t i = 0; i < master->n; i++)
		if (memcmp(master->keys[i].id, id, KEY_ID_SIZE) == 0)
			return true;
	return false;
}

bool key_master_equal(const struct key_master *a, const struct key_master *b)
{
	bool equal = a->n == b->n && memcmp(a->keys[0].id, b->keys[0].id, KEY_ID_SIZE) == 0;
	for (size_t i = 0; i < a->n; i++)
		equal &= key_master_has(b, a->keys[i].id);
	return equal;
}

void key_master_print(const struct key_master *master, struct text *out)
{
	for (size_t i = 0; i < master->n; i++) {
		char id[2 * KEY_ID_SIZE + 1];
		sodium_bin2hex(id, sizeof(id), master->keys[i].id, KEY_ID_SIZE);
		text_printf(out, "%s%s", i == 0 ? "" : i == 1 ? " (accepted, too: " : ", ", id);
	}
	if (master->n > 1)
		text_add_char(out, ')');
}

bool key_master_host(const struct key_master *master, const uint8_t id[KEY_ID_SIZE], const char *cluster,
                     enum key_class class, const char *name, uint32_t generation, uint8_t out[KEY_SIZE])
{
	size_t i = 0;
	struct mac m;
	while (i < master->n && memcmp(master->keys[i].id, id, KEY_ID_SIZE) != 0)
		i++;
	if (i == master->n)
		return false;
	mac_start(&m, master->keys[i].prk, "host");
	mac_string(&m, cluster);
	mac_u32(&m, (uint32_t) class);
	mac_string(&m, name);
	mac_u32(&m, generation);
	mac_end(&m, out);
	return true;
}

struct key_host *key_host_derive(const struct key_master *master, const char *cluster, enum key_class class,
                                 const char *name, uint32_t generation, struct err *err)
{
	struct key_host *key = locked_alloc(sizeof(*key));
	sodium_memzero(key, sizeof(*key));
	key->class = class;
	key->generation = generation;
	bool fits = *name && text_copy(key->name, sizeof(key->name), name) &&
	            text_copy(key->cluster, sizeof(key->cluster), cluster);
	for (; fits && key->n < master->n; key->n++) {
		memcpy(key->keys[key->n].kid, master->keys[key->n].id, KEY_ID_SIZE);
		fits = key_master_host(master, key->keys[key->n].kid, cluster, class, name, generation,
		                       key->keys[key->n].key);
	}
	if (!fits) {
		err_set(err, ERR_CONFIG,
		        "a cluster's or host's name is empty or has more than %d characters: \"%.40s\", "
		        "\"%.40s\"",
		        KEY_NAME_MAX, cluster, name);
		key_host_free(key);
		return NULL;
	}
	return key;
}

void key_host_free(struct key_host *key)
{
	sodium_free(key);
}

const char *key_host_name(const struct key_host *key)
{
	return key->name;
}

const char *key_host_cluster(const struct key_host *key)
{
	return key->cluster;
}

enum key_class key_host_class(const struct key_host *key)
{
	return key->class;
}

uint32_t key_host_generation(const struct key_host *key)
{
	return key->generation;
}

const uint8_t *key_host_id(const struct key_host *key)
{
	return key->keys[0].kid;
}

const uint8_t *key_host_bytes(const struct key_host *key)
{
	return key->keys[0].key;
}

const uint8_t *key_host_bytes_of(const struct key_host *key, const uint8_t id[KEY_ID_SIZE])
{
	for (size_t i = 0; i < key->n; i++)
		if (memcmp(key->keys[i].kid, id, KEY_ID_SIZE) == 0)
			return key->keys[i].key;
	return NULL;
}

void key_step_derive_from(const uint8_t worker[KEY_SIZE], const struct key_step_of *of, uint8_t out[KEY_SIZE])
{
	struct mac m;
	mac_start(&m, worker, "step");
	mac_bytes(&m, of->instance, sizeof(of->instance));
	mac_u64(&m, of->serial);
	mac_u32(&m, of->step_id);
	mac_u64(&m, of->launch);
	mac_u32(&m, of->uid);
	mac_u32(&m, of->rights);
	mac_end(&m, out);
}

void key_step_derive(const struct key_host *worker, const struct key_step_of *of, uint8_t out[KEY_SIZE])
{
	key_step_derive_from(key_host_bytes(worker), of, out);
}

bool key_step_derive_of(const struct key_host *worker, const uint8_t kid[KEY_ID_SIZE],
                        const struct key_step_of *of, uint8_t out[KEY_SIZE])
{
	const uint8_t *key = key_host_bytes_of(worker, kid);
	if (key)
		key_step_derive_from(key, of, out);
	return key != NULL;
}
