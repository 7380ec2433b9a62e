/* Programs that the controller runs for jobs, as SlurmUser: PrologSlurmctld, EpilogSlurmctld and MailProg of
 * slurm.conf(5). An order for one goes through the outbox like any message, so that nothing is run before
 * what caused it is on disk. */
#pragma once
#include "applets/controller/controller.h"

/* conn_id of orders that the controller gives to itself */
#define OUTBOX_SELF 0

struct programs;
struct programs *programs_new(struct controller *ctl);
/* What runs is killed: prologs and epilogs are run again by the next start (slurm.conf(5)). */
void programs_free(struct programs *all);
/* An order has left the outbox. */
void programs_take(struct programs *all, const void *body, size_t n);
/* Puts one into the outbox: ACTION_PROLOG, ACTION_PROLOG_OVER, ACTION_EPILOG. */
void order_hook(struct controller *ctl, const struct action *a);
/* ACTION_MAIL (mail.c). */
void order_mail(struct controller *ctl, const struct action *a);
void order_mail_program(struct controller *ctl, const struct job *job, char **arguments, uint32_t n,
                        struct schema_strs env);
/* Whom mail goes to where --mail-user doesn't say: the user, with MailDomain. In the arena. */
char *mail_default_user(const struct controller *ctl, const struct identity *who, struct arena *arena);
/* After slurm.conf was read: says which of the programs can't be run. */
void programs_check(const struct controller *ctl);
