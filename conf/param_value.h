/* What the value of a parameter of slurm.conf(5) may be: numbers in the bounds that the real one has,
 * UNLIMITED, words for yes and no. */
#pragma once
#include "conf/slurm_conf.h"

/* Whether its values are numbers (of any width). */
bool param_is_number(enum param_type type);

/* The number that s stands for; INFINITE and UNLIMITED are the type's greatest. false: why, unless NULL, has
 * the sentence, which names the parameter. */
bool param_number(enum param_type type, const char *name, const char *s, uint64_t *out, struct text *why);

/* "UNLIMITED", "infinite". */
bool param_is_unlimited(const char *s);

/* yes, true, up, 1 and their opposites, in any case. false as above. */
bool param_bool(const char *name, const char *s, bool *out, struct text *why);

/* The value that is in force where a file has v: some have a least or a greatest one of their own. */
uint64_t param_limited(enum param p, uint64_t v);

/* Whether the file may say so. false: why has the sentence. */
bool param_check(enum param p, const char *s, struct text *why);
