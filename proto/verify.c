/* The server's half of a handshake (shared/security.md, "Session" 3): OPEN is judged in the order of the
 * specification. */
#include "core/util/log.h"
#include "proto/conn_priv.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t read_number(const char *path)
{
	uint32_t id = 65534;
	char line[32] = "";
	FILE *f = fopen(path, "re");
	if (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!text_to_u32(line, &id))
			id = 65534;
	}
	if (f)
		fclose(f);
	return id;
}

uint32_t overflow_uid(void)
{
	static uint32_t id;
	return id ? id : (id = read_number("/proc/sys/kernel/overflowuid"));
}

uint32_t overflow_gid(void)
{
	static uint32_t id;
	return id ? id : (id = read_number("/proc/sys/kernel/overflowgid"));
}

/* Which kinds of sessions a server takes, and whose word counts for them. */
static bool kind_is_served(const struct verifier *v, const struct wire_open *o)
{
	bool self = strcmp(o->host, v->name) == 0;
	if (v->role == ROLE_CONTROLLER)
		return o->kind != SESSION_STEP && (o->class != KEY_CLASS_CONTROLLER || self);
	/* A worker can judge only what its own key made. */
	return o->kind != SESSION_DAEMON && o->class == KEY_CLASS_WORKER && self;
}

/* A daemon without a slurm.conf can't know the names of cluster and controller. */
static const char *cluster_of(const struct verifier *v, const struct wire_open *o)
{
	return o->class == KEY_CLASS_CONFIGLESS ? KEY_ANY : v->cluster;
}

static const char *name_of(const struct verifier *v, const struct wire_open *o)
{
	return o->class == KEY_CLASS_CONFIGLESS && v->role == ROLE_CONTROLLER ? KEY_ANY : v->name;
}

static bool kid_is_known(const struct verifier *v, const struct wire_open *o)
{
	uint8_t key[KEY_SIZE];
	bool known;
	if (!v->master)
		return key_host_bytes_of(v->own, o->kid) != NULL;
	known = key_master_host(v->master, o->kid, cluster_of(v, o), o->class, o->host, o->generation, key);
	sodium_memzero(key, sizeof(key));
	return known;
}

/* K: what the mac must have been made with. */
static void key_of(const struct verifier *v, const struct wire_open *o, uint8_t key[KEY_SIZE])
{
	if (v->master)
		(void)key_master_host(v->master, o->kid, cluster_of(v, o), o->class, o->host, o->generation,
		                      key);
	else if (o->kind == SESSION_STEP)
		(void)key_step_derive_of(v->own, o->kid, &o->step, key);
	else
		memcpy(key, key_host_bytes_of(v->own, o->kid), KEY_SIZE);
}

static bool uid_is_served(const struct verifier *v, const struct wire_open *o)
{
	if (o->kind == SESSION_DAEMON)
		return true;
	if (o->uid == overflow_uid() || (o->kind == SESSION_USER && o->gid == overflow_gid()))
		return false;
	return v->single_uid == CORE_NO_VAL || o->uid == v->single_uid;
}

static void explain_kids(const struct verifier *v, const struct wire_open *o, char why[200])
{
	char here[2 * KEY_ID_SIZE + 1], there[2 * KEY_ID_SIZE + 1];
	sodium_bin2hex(here, sizeof(here), v->master ? key_master_id(v->master) : key_host_id(v->own),
	               KEY_ID_SIZE);
	sodium_bin2hex(there, sizeof(there), o->kid, KEY_ID_SIZE);
	snprintf(why, 200, "its key has id %s, ours %s: put the same key file on both hosts", there, here);
}

static void fill_peer(struct session_peer *peer, const struct wire_open *o)
{
	peer->kind = o->kind;
	peer->class = o->class;
	memcpy(peer->kid, o->kid, KEY_ID_SIZE);
	peer->uid = o->uid;
	peer->gid = o->gid;
	peer->step = o->step;
	text_copy(peer->host, sizeof(peer->host), o->host);
}

/* mac, uid, and only then the expensive part. */
static enum wire_refusal prove(const struct verifier *v, const uint8_t hello[WIRE_HELLO_SIZE],
                               const uint8_t e_secret[32], const uint8_t open[WIRE_OPEN_SIZE],
                               const struct wire_open *o, struct session_keys *keys, char why[200])
{
	uint8_t key[KEY_SIZE], h[32], mac[32], psk[32];
	struct err err = {0};
	enum wire_refusal rc = 0;
	key_of(v, o, key);
	wire_transcript(hello, cluster_of(v, o), open, h);
	wire_ticket(key, h, mac, psk);
	sodium_memzero(key, sizeof(key));
	if (sodium_memcmp(mac, o->mac, sizeof(mac)) != 0) {
		snprintf(why, 200, "its ticket is not valid here: another ClusterName than %.60s, or forged",
		         v->cluster);
		rc = REFUSED_MAC;
	} else if (!uid_is_served(v, o)) {
		snprintf(why, 200, "user id %u is not served", o->uid);
		rc = REFUSED_USER;
	} else if (wire_session_keys(psk, e_secret, o->e_c, h, o->mac, keys, &err) != 0) {
		snprintf(why, 200, "%s", err_text(&err));
		rc = REFUSED_MAC;
	}
	sodium_memzero(psk, sizeof(psk));
	return rc;
}

enum wire_refusal verify_open(const struct verifier *v, const uint8_t hello[WIRE_HELLO_SIZE],
                              const uint8_t e_secret[32], const uint8_t open[WIRE_OPEN_SIZE],
                              struct session_peer *peer, struct session_keys *keys, char why[200])
{
	struct wire_open o;
	struct err err = {0};
	why[0] = '\0';
	int rc = wire_get_open(open, &o, &err);
	if (rc != 0 && err.code == ERR_COMMUNICATION) {
		snprintf(why, 200, "%s", err_text(&err));
		return REFUSED_VERSION;
	}
	if (o.version != SESSION_VERSION) {
		snprintf(why, 200, "it speaks protocol version %u, we %u", o.version, SESSION_VERSION);
		return REFUSED_VERSION;
	}
	if (rc != 0) {
		snprintf(why, 200, "%s", err_text(&err));
		return REFUSED_MAC;
	}
	if (o.role != v->role || strcmp(o.audience, name_of(v, &o)) != 0) {
		snprintf(why, 200, "it means %s %.80s, we are %.80s",
		         o.role == ROLE_CONTROLLER ? "controller" : "worker", o.audience, v->name);
		return REFUSED_AUDIENCE;
	}
	if (!kind_is_served(v, &o)) {
		snprintf(why, 200, "a session of kind %u, vouched for by %.80s, is not served here",
		         (unsigned)o.kind, o.host);
		return REFUSED_USER;
	}
	if (!kid_is_known(v, &o)) {
		explain_kids(v, &o, why);
		return REFUSED_KEY;
	}
	enum wire_refusal refusal = prove(v, hello, e_secret, open, &o, keys, why);
	if (!refusal)
		fill_peer(peer, &o);
	return refusal;
}
