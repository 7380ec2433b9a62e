/* A step session moves from the worker to its shepherd (shared/security.md, "Steps"): one SOCK_SEQPACKET
 * message with the peer, the session's keys and the connected socket. Fixed bytes, never a library's state:
 * the shepherd may be an older binary. */
#pragma once
#include "proto/session.h"

/* Sends the session over sock. fd and keys stay the caller's: it closes and wipes them whatever comes back.
 */
int handover_send(int sock, int fd, const struct session_peer *peer, const struct session_keys *keys,
                  struct err *err);

/* Receives one: the socket (close-on-exec), with *peer and *keys filled in. -1 when it is not a whole session
 * of that step and launch with exactly one connected TCP socket, or sent by another user than root or
 * ourselves: then nothing stays open, and *keys is wiped. */
int handover_receive(int sock, uint32_t step_id, uint64_t launch, struct session_peer *peer,
                     struct session_keys *keys, struct err *err);
void handover_wipe(struct session_keys *keys);

#define HANDOVER_FORMAT 1
