/* Keys (shared/security.md, "Keys"): the key file, what is derived from it, and K_step. */
#pragma once
#include "core/util/err.h"
#include "core/util/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define KEY_SIZE     32
#define KEY_ID_SIZE  8
#define KEY_FILE_MIN 32
#define KEY_FILE_MAX 65536
#define KEY_NAME_MAX 255
#define KEYS_MAX     3 /* FILE, FILE.next, FILE.prev */

/* CONFIGLESS: a daemon that has no slurm.conf yet, so it can name neither cluster nor controller: both are
 * KEY_ANY in what it derives and signs. It may ask a controller for the configuration, and nothing else. */
enum key_class {
	KEY_CLASS_CONTROLLER = 1,
	KEY_CLASS_WORKER = 2,
	KEY_CLASS_LOGIN = 3,
	KEY_CLASS_CONFIGLESS = 4
};
#define KEY_ANY "*" /* no name of a cluster or host */

/* The cluster's secret (PRK) and its id; with those of FILE.next and FILE.prev, where they are. Lives in
 * sodium_malloc memory. */
struct key_master;
/* A host key K_h of each of the cluster's keys, with what it was derived for. Lives in sodium_malloc memory.
 */
struct key_host;

/* sodium_init, core dumps and ptrace off (prctl). Once, before any key is read. */
int key_init(struct err *err);

/* Reads and checks a key file, and FILE.next and FILE.prev where they are there: their sessions are accepted
 * too, but only FILE's key makes tickets. allowed: uids that may own it besides root and the caller's own
 * (SlurmUser, munge), n of them. Each refusal says which check failed and how to mend it. NULL on error.
 * key_master_free wipes. */
struct key_master *key_master_read(const char *path, const uid_t *allowed, size_t n, struct err *err);
struct key_master *key_master_from_bytes(const void *bytes, size_t n, struct err *err); /* tests, fuzzing */
/* One more key that is accepted; one that is there already changes nothing. */
int key_master_add(struct key_master *master, const void *bytes, size_t n, struct err *err);
void key_master_free(struct key_master *master);
/* PRKs as bytes, the one that makes tickets first, for the way from the process that may read the files to
 * the one that uses them: returns how many were written. Wipe after use. NULL: more than KEYS_MAX, or none.
 */
size_t key_master_export(const struct key_master *master, uint8_t out[KEYS_MAX][KEY_SIZE]);
struct key_master *key_master_import(uint8_t in[KEYS_MAX][KEY_SIZE], size_t n);
const uint8_t *key_master_id(const struct key_master *master); /* KEY_ID_SIZE bytes: of FILE's key */
bool key_master_has(const struct key_master *master, const uint8_t id[KEY_ID_SIZE]);
/* The same keys, and the same one makes tickets? */
bool key_master_equal(const struct key_master *a, const struct key_master *b);
/* For logs: "0011223344556677", or "0011223344556677 (accepted, too: 8899aabbccddeeff)". */
void key_master_print(const struct key_master *master, struct text *out);
/* K_h as bytes, from the key that has this id; false when there is none. Wipe after use. A derivation costs
 * less than any cache of them. */
bool key_master_host(const struct key_master *master, const uint8_t id[KEY_ID_SIZE], const char *cluster,
                     enum key_class class, const char *name, uint32_t generation, uint8_t out[KEY_SIZE]);

/* Makes a new key file (KEY: 1024 random bytes, mode 0400); refuses to overwrite. `batchbox keygen FILE`. */
int key_file_make(const char *path, struct err *err);

struct key_host *key_host_derive(const struct key_master *master, const char *cluster, enum key_class class,
                                 const char *name, uint32_t generation, struct err *err);
void key_host_free(struct key_host *key);
const char *key_host_name(const struct key_host *key);
const char *key_host_cluster(const struct key_host *key);
enum key_class key_host_class(const struct key_host *key);
uint32_t key_host_generation(const struct key_host *key);
const uint8_t *
key_host_id(const struct key_host *key); /* KEY_ID_SIZE bytes: which cluster key it came from */
const uint8_t *key_host_bytes(const struct key_host *key); /* KEY_SIZE bytes: for proto/ alone */
/* The same for the cluster key of that id; NULL: there is none. */
const uint8_t *key_host_bytes_of(const struct key_host *key, const uint8_t id[KEY_ID_SIZE]);

/* K_step = HMAC(K_worker, "step", instance, serial, step, launch, uid, rights), under the cluster key of an
 * id (kid). The controller derives the worker's K_h from the master, the worker has its own. */
struct key_step_of {
	uint8_t instance[16];
	uint64_t serial;
	uint32_t step_id;
	uint64_t launch;
	uint32_t uid;
	uint32_t rights;
};
void key_step_derive(const struct key_host *worker, const struct key_step_of *of, uint8_t out[KEY_SIZE]);
/* false: the worker's key was not derived from that cluster key. */
bool key_step_derive_of(const struct key_host *worker, const uint8_t kid[KEY_ID_SIZE],
                        const struct key_step_of *of, uint8_t out[KEY_SIZE]);
/* The same from the worker's K_h as bytes (key_master_host). */
void key_step_derive_from(const uint8_t worker[KEY_SIZE], const struct key_step_of *of,
                          uint8_t out[KEY_SIZE]);
