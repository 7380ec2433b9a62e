/* MPI fences of a step: what the tasks of each node have put is gathered here, and goes to all nodes
 * together. */
#pragma once
#include "core/util/err.h"
#include "proto/messages.h"

#include <stdbool.h>
#include <stdint.h>

#define STEP_KVS_MAX (16u << 20) /* bytes of one fence, of all nodes together */

struct kvs_gather;

/* Sends it to the shepherd of a place. One with which there is no connection now asks when it has come back.
 */
typedef void (*kvs_send_fn)(void *ctx, uint32_t place, const struct step_kvs *m);

struct kvs_gather *kvs_gather_new(uint32_t places, kvs_send_fn send, void *ctx);
/* A part of what a node's tasks have put. When it was the last one of all, the fence is over: all nodes hear
 * it. One that is over is told again to who asks again. Errors: ERR_LIMIT. */
int kvs_gather_take(struct kvs_gather *g, uint32_t place, const struct step_kvs *m, struct err *err);
/* Others are in a fence, and it is not. */
bool kvs_gather_waits_for(const struct kvs_gather *g, uint32_t place);
void kvs_gather_free(struct kvs_gather *g);
