#include "proto/permission.h"

#include <string.h>

struct permission_row {
	uint32_t who, rights;
	size_t limit;
};

/* A row names its message as MSG_...; that every message has a row is what the two counts below say. */
static const struct permission_row *row_of(uint32_t type)
{
	switch (type) {
#define P(name, who_, rights_, limit_)                                                                       \
	case MSG_##name: {                                                                                   \
		static const struct permission_row row = {(who_), (rights_), (limit_)};                      \
		return &row;                                                                                 \
	}
#include "proto/permissions.def"
#undef P
	default:
		return NULL;
	}
}

/* Messages of number 0 are only nested, and need no permission. */
enum {
	MESSAGE_COUNT = 0
#define BEGIN(number, name) +((number) != 0)
#define F(...)
#define FS(...)
#define END(name)
#include "proto/messages.def"
#undef BEGIN
#undef F
#undef FS
#undef END
	,
	PERMISSION_COUNT = 0
#define P(name, who, rights, limit) +1
#include "proto/permissions.def"
#undef P
};
_Static_assert((int)MESSAGE_COUNT == (int)PERMISSION_COUNT,
               "a message in messages.def lacks its row in permissions.def");

size_t message_limit(uint32_t type)
{
	const struct permission_row *row = row_of(type);
	return row ? row->limit : 0;
}

static bool is_operator(uint32_t uid, uint32_t slurm_uid)
{
	return uid == 0 || (uid == slurm_uid && slurm_uid != CORE_NO_VAL);
}

static uint32_t daemon_may(enum key_class class)
{
	switch (class) {
	case KEY_CLASS_CONTROLLER:
		return MAY_CONTROLLER;
	case KEY_CLASS_WORKER:
		return MAY_WORKER;
	case KEY_CLASS_LOGIN:
		return MAY_LOGIN;
	case KEY_CLASS_CONFIGLESS:
		return MAY_CONFIGLESS;
	}
	return MAY_NOBODY;
}

bool permission_may_send(uint32_t type, const struct session_peer *peer, uint32_t slurm_uid)
{
	const struct permission_row *row = row_of(type);
	if (!row)
		return false;
	switch (peer->kind) {
	case SESSION_USER:
		return (row->who & (MAY_USER | MAY_OWNER)) ||
		       ((row->who & MAY_OPERATOR) && is_operator(peer->uid, slurm_uid));
	case SESSION_DAEMON:
		return (row->who & daemon_may(peer->class)) != 0;
	case SESSION_STEP:
		return (row->who & MAY_STEP) && (row->rights == 0 || (peer->step.rights & row->rights) != 0);
	}
	return false;
}

static bool is_about_its_own(const struct permission_row *row, const struct session_peer *peer,
                             uint32_t slurm_uid, uint32_t owner_uid, const char *object_node)
{
	switch (peer->kind) {
	case SESSION_USER:
		return (row->who & MAY_USER) || ((row->who & MAY_OWNER) && peer->uid == owner_uid) ||
		       ((row->who & MAY_OPERATOR) && is_operator(peer->uid, slurm_uid));
	case SESSION_DAEMON:
		return peer->class != KEY_CLASS_WORKER ||
		       (object_node && strcmp(object_node, peer->host) == 0);
	case SESSION_STEP:
		return peer->uid == owner_uid;
	}
	return false;
}

int permission_check(uint32_t type, const struct session_peer *peer, uint32_t slurm_uid, uint32_t owner_uid,
                     const char *object_node, struct err *err)
{
	const struct permission_row *row = row_of(type);
	if (row && permission_may_send(type, peer, slurm_uid) &&
	    is_about_its_own(row, peer, slurm_uid, owner_uid, object_node))
		return 0;
	/* The code's own words say it: what exists and whose it is stays unsaid. */
	return err_set(err, ERR_ACCESS_DENIED, NULL);
}
