/* SlurmdSpoolDir on disk:
 *
 *     controller           whom this worker obeyed last (controller_record)
 *     done                 the launches whose fates were acknowledged: 8 bytes each, little-endian
 *     job00042/            root's, readable for the user's group
 *       slurm_script         the user's
 *     launch/              0700
 *       N/                   one directory for each launch; its shepherd's current directory
 *         grant                what to run (launch_record); written before anything is started
 *         shepherd             "PID START-TIME", and a line of its tasks' pids; who creates it is the
 * launch's only shepherd socket               the shepherd's, for a worker that was restarted fate how it
 * ended (step_fate); synced before anybody is told
 *
 * Records are written as a temporary file and renamed (recordfile.h). Only fates are synced: when the host
 * goes down, nothing that was granted is left to be started twice, and its boot id tells the controller. */
#pragma once
#include "applets/worker/link.h"
#include "core/util/map.h"

#include <sys/types.h>

#define SPOOL_DONE_MAX 4096 /* acknowledged launches that are remembered */

struct spool {
	char *path;
	int dir, launches, done; /* directories; the file `done` */
	struct map done_set;     /* launch number -> itself */
	uint64_t *done_ring;
	size_t done_at;
};

/* Opens it, and makes what is missing. slurm_user may own path too, as distributions have it; all below is
 * ours. */
int spool_open(struct spool *sp, const char *path, uid_t slurm_user, struct err *err);
void spool_close(struct spool *sp);
/* After a failed write: what is wrong with the directory, in the words of a node's reason. */
const char *spool_trouble(const struct spool *sp);

/* Makes the launch's directory, the script and the grant. record->script_path is set here (malloc'ed). */
int spool_record(struct spool *sp, struct launch_record *record, struct err *err);
/* The directory's path; malloc'ed. */
char *spool_launch_path(const struct spool *sp, uint64_t number);
int spool_launch_dir(const struct spool *sp, uint64_t number); /* an open fd; -1 with errno */
int spool_read_grant(const struct spool *sp, uint64_t number, struct launch_record *out, struct err *err);
int spool_read_fate(const struct spool *sp, uint64_t number, struct step_fate *out, struct err *err);
int spool_write_fate(const struct spool *sp, const struct step_fate *fate, struct err *err);
/* The shepherd's file. false: there is none; *pid 0 when it is there and empty. */
bool spool_read_shepherd(const struct spool *sp, uint64_t number, pid_t *pid, uint64_t *start);
/* The first processes of its tasks, as the shepherd wrote them behind its own line; malloc'ed. */
uint64_t *spool_read_tasks(const struct spool *sp, uint64_t number, size_t *n);
/* Takes the place of a shepherd, so that none can start any more. false: there was one. */
bool spool_claim(const struct spool *sp, uint64_t number);
/* script_of: the job whose script goes too; CORE_NO_VAL: none. */
void spool_remove(struct spool *sp, uint64_t number, uint32_t script_of);
/* Out of the way of another launch of that number. */
void spool_disown(struct spool *sp, uint64_t number);
void spool_remove_disowned(struct spool *sp, uint64_t number);
void spool_set_aside(struct spool *sp, uint64_t number, const char *why); /* damaged: kept for a look */
/* All launches' numbers; malloc'ed. */
uint64_t *spool_launches(const struct spool *sp, size_t *n);

bool spool_is_done(const struct spool *sp, uint64_t number);
void spool_mark_done(struct spool *sp, uint64_t number);
void spool_forget_done(struct spool *sp);

int spool_read_controller(const struct spool *sp, struct controller_record *out, struct err *err);
void spool_write_controller(const struct spool *sp, uint64_t epoch, const uint8_t instance[16]);
