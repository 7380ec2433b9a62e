/* What a step uses now, as its shepherds say: sstat. */
#pragma once
#include "core/util/arena.h"
#include "proto/messages.h"

struct stat_answer {                  /* of one of the step's nodes */
	const struct step_stat *stat; /* NULL: it said nothing */
	const char *why;              /* then */
};

/* Asks all places of `to`, which has right stat: answers, one for each, live in the arena. NULL: err says why
 * nobody could be asked. */
struct stat_answer *step_stat_ask(const struct step_ready *to, const char *cluster, struct arena *arena,
                                  struct err *err);
