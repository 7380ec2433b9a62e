/* Jobs that may start in one of several partitions (--partition=a,b): those with the higher PriorityTier are
 * tried first, then as they were named. */
#include "core/cluster_priv.h"

#include <string.h>

bool parts_are_several(const struct job_spec *spec)
{
	return spec->partition && strchr(spec->partition, ',');
}

struct part **parts_asked(const struct cluster *c, const struct job_spec *spec, uint32_t *n)
{
	size_t room = 1;
	*n = 0;
	for (const char *p = spec->partition; p && *p; p++)
		room += *p == ',';
	struct part **parts = xcalloc(room, sizeof(struct part *));
	char *copy = xstrdup(spec->partition), *rest = copy;
	for (char *name = copy ? text_split(&rest, ',') : NULL; name; name = text_split(&rest, ',')) {
		struct part *part = part_by_name(c, name);
		uint32_t at = *n;
		bool known = !part;
		for (uint32_t i = 0; i < *n && !known; i++)
			known = parts[i] == part;
		if (known)
			continue;
		for (; at > 0 && parts[at - 1]->conf->priority_tier < part->conf->priority_tier; at--)
			parts[at] = parts[at - 1];
		parts[at] = part;
		(*n)++;
	}
	free(copy);
	return parts;
}

struct part *part_first_asked(const struct cluster *c, const struct job_spec *spec)
{
	uint32_t n;
	if (!spec->partition)
		return part_default(c);
	if (!parts_are_several(spec))
		return part_by_name(c, spec->partition);
	struct part **parts = parts_asked(c, spec, &n), *first = n ? parts[0] : NULL;
	free(parts);
	return first;
}

/* One that takes no new jobs is passed over while there are others. */
enum job_reason part_list_reason(const struct cluster *c, const struct job_spec *spec,
                                 const struct part *part)
{
	const bool several = parts_are_several(spec);
	if (several && part->state == CONF_PART_DRAIN)
		return REASON_PART_DOWN;
	if (several && !part_has_group(part, spec->who))
		return REASON_PART_NODE_LIMIT;
	return part_limits_reason(c, part, spec);
}

enum job_reason class_limits_reason(const struct cluster *c, const struct job_class *class)
{
	enum job_reason reason = REASON_NONE;
	for (uint32_t i = 0; i < class->part_count; i++)
		if ((reason = part_list_reason(c, &class_head(class)->spec, class->parts[i])) == REASON_NONE)
			return REASON_NONE;
	return reason;
}
