/* One table: message -> who may send it, and which object's owner counts (permissions.def). */
#pragma once
#include "proto/conn.h"

enum permission_who {
	MAY_NOBODY = 0,       /* only ever an answer */
	MAY_USER = 1,         /* any authenticated user */
	MAY_OWNER = 2,        /* the owner of the object */
	MAY_OPERATOR = 4,     /* root, SlurmUser (operators by accounting come with accounting) */
	MAY_WORKER = 8,       /* a worker, for its own node */
	MAY_CONTROLLER = 16,  /* the controller, on the worker's own connection */
	MAY_STEP = 32,        /* a step session with the right that the row names */
	MAY_LOGIN = 64,       /* a login daemon */
	MAY_CONFIGLESS = 128, /* a daemon that has no slurm.conf yet */
};

/* May this peer send that message at all? (First check, before decoding.) */
bool permission_may_send(uint32_t type, const struct session_peer *peer, uint32_t slurm_uid);
/* Second check, after the look-up of the object: owner_uid is the owner of the job (or node's name for worker
 * messages: object_node). 0, or -1 with ERR_ACCESS_DENIED. */
int permission_check(uint32_t type, const struct session_peer *peer, uint32_t slurm_uid, uint32_t owner_uid,
                     const char *object_node, struct err *err);
