/* The link between a worker and a shepherd: one packet of a SOCK_SEQPACKET socket is a varint type and an
 * encoded record. The worker makes the first link as a socket pair when it spawns; a restarted worker
 * connects to the socket in the launch's directory. Both sides say link_hello first. Packets are small:
 * whatever is large is in the launch's directory. */
#pragma once
#include "proto/messages.h"

#include "core/util/schema_struct.h"

#include "applets/worker/link.def"

#include "core/util/schema_end.h"

#define LINK_VERSION     1
#define LINK_PACKET_MAX  65536
#define LINK_SHEPHERD_FD 3 /* where a spawned shepherd finds its end */

enum link_type {
	LINK_HELLO = 1,
	LINK_SESSION = 2,
	LINK_ENDED = 3,
	LINK_OVERDUE = 4,
	LINK_REFUSE = 5,
	LINK_OVER_MEMORY = 6,
	LINK_STARTED = MSG_step_started_report,
	LINK_SIGNAL = MSG_job_signal,
	LINK_END = MSG_job_end,
	LINK_NOTIFY = MSG_job_notify,
	LINK_BCAST = MSG_bcast_grant, /* to a receiver; its session follows */
};

/* What a process that slurmd starts does first: its descriptors are 0 to 2 and the link. */
void link_standard_files(void);
/* Sends one packet; never blocks. */
int link_send(int fd, enum link_type type, const void *record, struct err *err);
/* Receives one packet into buf (LINK_PACKET_MAX bytes) and decodes it into the arena. 1: *type and *record
 * are set (record NULL for a type that this version doesn't know); 0: nothing is there; -1: the other side is
 * gone, or sent what can't be read. */
int link_receive(int fd, uint8_t *buf, struct arena *arena, uint32_t *type, void **record, struct err *err);
