/* The messages of the wire (messages.def) as C structs, and the tables about them. */
#pragma once
#include "core/records.h"

#include "core/util/schema_struct.h"

#include "proto/messages.def"

#include "core/util/schema_end.h"

/* MSG_submit_batch = 20 ... */
enum message_type {
#define BEGIN(number, name) MSG_##name = (number),
#define F(...)
#define FS(...)
#define END(name)
#include "proto/messages.def"
#undef BEGIN
#undef F
#undef FS
#undef END
};

/* The rights that a step's key carries. */
enum {
	STEP_RIGHT_IO = 1,
	STEP_RIGHT_ATTACH = 2,
	STEP_RIGHT_SIGNAL = 4,
	STEP_RIGHT_BCAST = 8,
	STEP_RIGHT_STAT = 16,
};

/* How far a file has come (bcast_state). */
enum bcast_phase {
	BCAST_OPENED,   /* there is a place for it; and again, with what was received so far */
	BCAST_RECEIVED, /* all of it, and it is what was meant */
	BCAST_DONE,     /* it has its name */
	BCAST_FAILED,
};
#define BCAST_HASH_SIZE 32

enum job_verb {
	JOB_VERB_HOLD,
	JOB_VERB_UHOLD,
	JOB_VERB_RELEASE,
	JOB_VERB_REQUEUE,
	JOB_VERB_REQUEUE_HOLD,
	JOB_VERB_EDIT,
	JOB_VERB_TOP,
	JOB_VERB_SUSPEND,
	JOB_VERB_RESUME,
	JOB_VERB_REQUEUE_SPECIAL, /* held, in the state SPECIAL_EXIT */
};

/* A signal that is more than one. */
enum signal_suspend {
	SIGNAL_PLAIN,
	SIGNAL_SUSPEND, /* all processes stand still, and the step's time with them */
	SIGNAL_RESUME,
};

/* What a slurmd is that slurm.conf has no node for. */
enum worker_joins {
	JOINS_NOT,
	JOINS_AS_NEW,    /* -Z: its node is made */
	JOINS_AS_FUTURE, /* -F: one of the FUTURE nodes, which the controller has named */
};

/* The table of a message type; NULL when there is no such type. */
const struct schema *message_schema(uint32_t type);
/* "submit_batch"; "?" when unknown. */
const char *message_name(uint32_t type);
/* The most bytes that a message of this type may have (permissions.def). */
size_t message_limit(uint32_t type);
