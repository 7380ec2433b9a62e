/* sprio's rows and columns. */
#pragma once
#include "applets/client/columns.h"
#include "proto/messages.h"

/* A column shows a job (struct priority_info), or of the cluster (struct priority_list) its weight: two
 * tables with the same letters. ctx is the struct priority_list. */
extern const struct column sprio_columns[];
extern const struct column sprio_weights[];
extern const size_t sprio_column_count;
