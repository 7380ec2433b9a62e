/* A file to all nodes of a job or step, which get it whole or not at all: sbcast, and srun --bcast. */
#pragma once
#include "core/util/arena.h"
#include "core/util/err.h"
#include "proto/messages.h"

#include <stdbool.h>
#include <sys/stat.h>

#define BCAST_BLOCK_DEFAULT (8u << 20)

struct bcast {
	const char *cluster;
	const char *source; /* as it was named */
	int fd;             /* open for reading */
	struct stat st;     /* of it */
	const char *dest;   /* absolute */
	bool per_node;      /* each node's name is put behind it */
	bool force, preserve;
	uint32_t fanout;     /* nodes that are sent to at once; 0: as many as is good */
	uint64_t block;      /* bytes in a message, within limits; 0: the default */
	uint32_t patience_s; /* how long a node may say nothing; 0: the default, and as long as its Prolog
	                        takes */
	int64_t message_timeout_us; /* in which a worker that is dialled must be there */
	uint32_t node_errors;       /* out: of how many nodes something was said */
	int error;                  /* out: errno of the last of them, or 0 */
};

/* --compress of both: nothing is compressed, and what would be unknown to the real one is said as there. */
void bcast_check_compression(const char *library);
/* 0, and b->fd and b->st are set. Errors are said in the real one's words. */
int bcast_open_source(struct bcast *b);
/* To the places of `to`, which has right bcast. 0 when all have it, else none has, and what went wrong was
 * said of each node. */
int bcast_run(struct bcast *b, const struct step_ready *to);
/* What BcastParameters (slurm.conf(5)) says of DestDir; NULL: nothing. */
const char *bcast_dest_dir(const char *parameters, struct arena *arena);
/* dest as a node has it; the caller's. */
char *bcast_dest(const struct bcast *b, const char *node);
