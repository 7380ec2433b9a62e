/* Partitions that aren't shown unless they are asked for: hidden ones, and those of others' groups. */
#pragma once
#include "applets/client/connect.h"
#include "core/util/map.h"

/* From this user, who has not said --all? Root sees every one. */
bool part_is_hidden(const struct part_info *part);
/* The names of those into the map. */
int hidden_parts(struct connect *connection, struct arena *arena, struct map *names, struct err *err);
