/* scontrol update jobid=: the fields with rules of their own about who may change them and when, and those
 * that there is nothing behind. What the real one says of each of these is its answer, and a sentence more.
 */
#include "core/cluster_priv.h"

#define SWITCHES_WAIT_MAX_S 300 /* slurm.conf(5), max_switch_wait */

/* ---- what there is none of ---- */

#define R(member, pending, empty, code, help)                                                                \
	{                                                                                                    \
		offsetof(struct job_edit, member), pending, empty, ERR_##code, help                          \
	}
static const struct refusal {
	size_t member;
	bool pending;        /* of another job that is the first thing that is wrong */
	enum err_code empty; /* of an empty value; ERR_INTERNAL: that is fine */
	enum err_code code;
	const char *help;
} refusals[] = {
        R(burst_buffer, false, ERR_NOT_ON_SYSTEM, NOT_ON_SYSTEM, "there are no burst buffers"),
        R(clusters, false, ERR_UNSPECIFIED, UNSPECIFIED, "this cluster is in no federation"),
        R(cluster_features, false, ERR_UNSPECIFIED, UNSPECIFIED, "this cluster is in no federation"),
        R(reservation, false, ERR_INTERNAL, RESERVATION_INVALID, "there are no reservations"),
        R(gres, true, ERR_INVALID_TRES, INVALID_GRES, "there are no generic resources"),
        R(core_spec, true, ERR_ACCESS_DENIED, ACCESS_DENIED, "no cores are set apart on nodes"),
};

int job_edit_refuse(const struct job_edit *e, bool admin, bool pending, struct err *err)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *r = &refusals[i];
		const char *value = *(char *const *)(const void *)((const char *)e + r->member);
		if (!value)
			continue;
		if (r->pending && !pending)
			return err_set(err, ERR_JOB_NOT_PENDING, "%s", "");
		if (*value || r->empty != ERR_INTERNAL)
			return err_set(err, *value ? r->code : r->empty, "%s", r->help);
	}
	/* Without accounts a QOS is forgotten, and priority/basic knows no site's factor: as the real one. */
	if (e->site_factor && !admin)
		return err_set(err, ERR_ACCESS_DENIED, "%s", "");
	if (e->reboot == CORE_NO_VAL)
		return 0;
	if (!admin || !pending)
		return err_set(err, admin ? ERR_JOB_NOT_PENDING : ERR_ACCESS_DENIED, "%s", "");
	return e->reboot ? err_set(err, ERR_NOT_SUPPORTED, "Reboot=yes: nodes are not booted for jobs") : 0;
}

/* ---- what waits ---- */

static int set_contiguous(const struct job_edit *e, struct job_spec *spec, bool admin, bool pending,
                          struct err *err)
{
	if (e->contiguous == CORE_NO_VAL)
		return 0;
	if (!pending)
		return err_set(err, ERR_JOB_NOT_PENDING, "%s", "");
	if (e->contiguous && !admin)
		return err_set(err, ERR_ACCESS_DENIED, "%s", "");
	spec->contiguous = e->contiguous != 0;
	return 0;
}

/* Of a job that runs neither counts any more: nothing happens, and nothing is said. */
static int set_times(const struct cluster *c, const struct job_edit *e, struct job_spec *spec, bool admin,
                     bool pending, struct err *err)
{
	if (pending && e->deadline) {
		if (e->deadline < c->now)
			return err_set(err, ERR_INVALID_TIME_VALUE, "%s", "");
		if (!admin)
			return err_set(err, ERR_ACCESS_DENIED, "%s", "");
		spec->deadline = e->deadline;
	}
	if (!pending || e->time_min_min == CORE_NO_VAL)
		return 0;
	if (e->time_min_min == CORE_INFINITE ||
	    (spec->time_limit_min != CORE_NO_VAL && (spec->time_limit_min != 0 || spec->time_zero) &&
	     e->time_min_min > spec->time_limit_min))
		return err_set(err, ERR_INVALID_TIME_MIN, "%s", "");
	spec->time_min_min = e->time_min_min ? e->time_min_min : CORE_NO_VAL;
	return 0;
}

int job_edit_asks(const struct cluster *c, const struct job_edit *e, struct job_spec *spec, bool admin,
                  bool pending, struct err *err)
{
	if (set_contiguous(e, spec, admin, pending, err) != 0 ||
	    set_times(c, e, spec, admin, pending, err) != 0)
		return -1;
	/* Kept and shown, as when they are submitted. */
	if (e->delay_boot_s != CORE_NO_VAL)
		spec->delay_boot_s = e->delay_boot_s;
	if (e->switches != CORE_NO_VAL)
		spec->switches = e->switches;
	if (e->switches_wait_s != CORE_NO_VAL)
		spec->switches_wait_s =
		        e->switches_wait_s > SWITCHES_WAIT_MAX_S ? SWITCHES_WAIT_MAX_S : e->switches_wait_s;
	if (e->no_mail || e->mail_type)
		spec->mail_type = e->mail_type;
	return 0;
}
