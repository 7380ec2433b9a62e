/* Trackable resources as a vector: one row here, and limits, sums and printing have it. */
#pragma once
#include "core/util/text.h"

#include <stdint.h>

enum tres_id {
#define TRES(symbol, word, unit) TRES_##symbol,
#include "core/tres.def"
#undef TRES
	TRES_COUNT
};

struct tres {
	uint64_t v[TRES_COUNT];
};

const char *tres_word(enum tres_id id); /* "cpu" */
void tres_add(struct tres *to, const struct tres *what);
/* Never below 0: -1 when it would be (and then nothing is changed). */
int tres_sub(struct tres *from, const struct tres *what);
bool tres_fits(const struct tres *need, const struct tres *free);
/* TRESBillingWeights: "CPU=1.0,Mem=0.25G,GRES/gpu=2.0", slurm.conf(5); what is named and doesn't exist here
 * costs nothing. -1: it can't be read. */
int tres_weights(const char *text, double weights[TRES_COUNT]);
/* "cpu=3,mem=5400M,node=3,billing=3": rows that are 0 are left out. */
void tres_print(const struct tres *t, struct text *out);
