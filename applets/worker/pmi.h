/* What the tasks of an MPI program say to their process manager, PMI-1 (lines "cmd=get kvsname=4.0 key=a")
 * and PMI-2 ("    22cmd=kvs-get;key=a;"), and the answers, without any I/O: bytes in, bytes out. Both begin
 * with the line "cmd=init pmi_version=N pmi_subversion=M". As Slurm 22.05's mpi/pmi2 speaks them, to the byte
 * where it answers; it knows no more than this of spawning and of name publishing: they are refused.
 *
 * Everything that comes from a task is hostile. Its memory here is bounded: one request (PMI_REQUEST_MAX),
 * one answer, and its share of the key-value space (PMI_KVS_MAX for a step on one node). */
#pragma once
#include "core/util/arena.h"
#include "core/util/err.h"
#include "core/util/map.h"
#include "core/util/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PMI_NAME_MAX    256 /* of a key-value space */
#define PMI_KEY_MAX     64
#define PMI_VALUE_MAX   1024
#define PMI_REQUEST_MAX 65536
#define PMI_KVS_MAX     (16u << 20) /* bytes with what their places take */
#define PMI_PAIR_COST   96          /* what a pair takes besides its bytes */

struct pmi_pair {
	char *key, *value;
	bool fresh; /* put by a task of this node since the last fence */
};

struct pmi_kvs {
	bool made;
	struct map by_key; /* struct pmi_pair */
	struct pmi_pair **fresh;
	size_t fresh_count, fresh_cap;
	size_t bytes;
};

/* ERR_INVALID: a key or value that is too long, or no key; ERR_LIMIT: there is no room for more. */
int pmi_kvs_put(struct pmi_kvs *kvs, const char *key, const char *value, bool fresh, struct err *err);
const char *pmi_kvs_get(const struct pmi_kvs *kvs, const char *key); /* NULL: not there */
void pmi_kvs_settle(struct pmi_kvs *kvs);                            /* nothing is fresh any more */
void pmi_kvs_free(struct pmi_kvs *kvs);

/* What all tasks of a step on one node have in common. */
struct pmi_step {
	const char *name;         /* of the job: "4001.0" */
	const char *mapping;      /* PMI_process_mapping; NULL: not known */
	uint32_t size;            /* tasks of the whole step */
	struct pmi_kvs kvs, node; /* node: PMI-2's attributes of this node */
};

enum pmi_event {
	PMI_MORE,     /* more bytes are needed */
	PMI_ANSWERED, /* one request was; there may be another */
	PMI_FENCE,    /* it waits for pmi_fence_over() */
	PMI_WAITS,    /* for an attribute of the node: pmi_wake() */
	PMI_PUT,      /* answered, and an attribute of the node was put: who waits may be woken */
	PMI_ABORT,    /* it wants the step to end; client->abort_code */
	PMI_BROKEN,   /* it doesn't speak the protocol: err says why. Nothing more is to be read of it */
};

struct pmi_task {
	struct pmi_step *step;
	uint32_t rank;
	uint32_t version; /* 0: not initialised, or finalised; else 1 or 2 */
	bool in_fence, spawning;
	char *waits_for; /* attribute of the node */
	char *thread;    /* PMI-2: whose request it is, said again in the answer */
	int abort_code;
	struct text in, out; /* what came and was not dealt with yet; what is to be sent */
	size_t in_at;
};

/* What a task has sent: n bytes more. */
void pmi_take(struct pmi_task *t, const void *bytes, size_t n);
/* Deals with one request of it. Not while it is in a fence or waits. */
enum pmi_event pmi_next(struct pmi_task *t, struct err *err);
/* The fence that it waits in is over. why: NULL, or why it failed. */
void pmi_fence_over(struct pmi_task *t, const char *why);
/* An attribute was put; true: it was what the task waited for, and is answered. */
bool pmi_wake(struct pmi_task *t);
void pmi_task_free(struct pmi_task *t);
