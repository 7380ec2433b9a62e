/* The shepherd: owns the processes of one step on one node, from the grant to the fate. One process for each,
 * small, and on its own: it outlives the worker that started it and reports to the next one.
 *
 *     waiting for srun's session ──step_launch──▶ opening the user's files ──▶ running ──all gone──▶ fate on
 * disk ──▶ leaving (a batch script starts with opening)
 *
 *   shepherd.c          this life; starting and finishing
 *   shepherd_files.c    the user's files, opened as the user in a child
 *   shepherd_env.c      the tasks' environment
 *   shepherd_terminal.c task 0's terminal (srun --pty)
 *   shepherd_task.c     fork, identity, limits, directory, execve
 *   shepherd_io.c       the sessions with srun; pipes to and from the tasks
 *   shepherd_attach.c   the sessions with sattach
 *   shepherd_end.c      signals, the end by order, what is left over
 *   shepherd_bind.c     tasks bound to CPUs and memory
 *   shepherd_memory.c   what the kernel has killed since its memory was used up
 *   shepherd_sample.c   what the tasks use, looked at from time to time
 *   shepherd_usage.c    what the tasks used, and what they use
 *   shepherd_mpi.c      PMI: what MPI programs ask of their process manager (pmi.c, pmi_kvs.c)
 *   shepherd_link.c     the link with the worker
 *
 * Its current directory is the launch's directory in the spool (spool.h). */
#pragma once
#include "applets/worker/binding.h"
#include "applets/worker/link.h"
#include "applets/worker/step_groups.h"
#include "applets/worker/process_usage.h"
#include "core/util/list.h"
#include "proto/conn.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

/* How long a step whose srun went away without a word goes on, before it is ended. Its output waits
 * meanwhile; what was on the way to the lost srun is lost. */
#define SHEPHERD_SRUN_LOST_US 30000000
/* How long a shepherd without worker waits for its srun. */
#define SHEPHERD_UNCLAIMED_US 30000000
/* Bytes of output on the way to srun, not yet taken by it (step_credit). */
#define SHEPHERD_WINDOW (1u << 20)
/* Bytes of srun's input that wait for the tasks, before nothing more is read from srun. */
#define SHEPHERD_INPUT_MAX (8u << 20)
/* After the step's time is over: how long the controller has to end it, before the shepherd does, and how
 * often it asks. */
#define SHEPHERD_OVERDUE_US 60000000
/* How long the end of the session may take to reach srun. */
#define SHEPHERD_LEAVE_US 10000000

#define FILE_PIPE (-1)

/* What ends daemons does not end steps. slurmd starts a shepherd with all others at their defaults. */
static const int shepherd_ignores[] = {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU};

enum shepherd_phase {
	SHEPHERD_WAITING,
	SHEPHERD_OPENING,
	SHEPHERD_RUNNING,
	SHEPHERD_LEAVING,
};

struct stream { /* a task's stdout or stderr on the way to srun */
	struct task *task;
	uint32_t number;       /* 1 or 2 */
	int fd;                /* -1: none, or at its end */
	struct loop_fd *watch; /* NULL while the window is full */
	bool terminal;         /* the master's end of one; it is at its end with its task */
	uint64_t left; /* bytes that were in it when the task exited, or the step's last process, and are
	                  still to be read */
};

struct task_usage {
	uint64_t user_us, system_us, rss_kb, pages, read, written; /* bytes */
};

/* A task with all that descends from it, as /proc had it: memory as it was last and at most, of the rest all
 * so far. */
struct task_sample {
	bool known;
	struct process_usage last;
	uint64_t rss_most_kb, vm_most_kb;
};

struct task {
	struct shepherd *shepherd;
	uint32_t global, local;
	pid_t pid; /* 0: not started */
	bool exited, reported;
	int status;
	struct task_usage used; /* once it has exited */
	struct task_sample sample;
	pid_t epilog;       /* that runs after it; 0: none. The task has not exited until then */
	unsigned epilog_at; /* which of them */
	struct stream out[2];
	int in_fd; /* -1: none, or closed */
	struct loop_fd *in_watch;
	size_t in_at;      /* into the shepherd's input: the next byte that this task gets */
	struct text typed; /* for it alone, by an attached session; it gets that first */
	bool typed_eof;    /* and nothing after it */
};

enum file_kind { FILE_NAMED, FILE_TERMINAL_MASTER, FILE_TERMINAL };

/* A file that tasks start with; tasks that name the same one share the open file. */
struct user_file {
	enum file_kind kind;
	char *path;
	int flags;
	int fd;    /* -1: not open */
	int error; /* errno */
};

struct step_session {
	struct shepherd *shepherd;
	struct conn *conn;
	uint32_t rights;
	char address[64];
	uint64_t on_the_way, missed; /* attached: bytes of output */
	bool paused;                 /* what it typed waits for the tasks */
	struct list in_all;
};

struct shepherd {
	struct loop *loop;
	enum shepherd_phase phase;
	struct launch_record record;
	struct arena arena;
	struct step_launch launch; /* what to run: from srun, or made from the grant's batch part */
	bool batch, launched;

	/* files */
	struct user_file *files;
	size_t file_count, file_cap, files_answered;
	int *file_of; /* [local * 3 + 0, 1, 2]: index into files; FILE_PIPE */
	int opener_fd;
	pid_t opener;
	struct loop_fd *opener_watch;
	int message_fd; /* a batch script's stderr: where the shepherd's own lines go */

	/* tasks */
	struct task *tasks;
	struct task *terminal; /* the one that has a terminal, or NULL */
	uint32_t task_count, tasks_exited;
	int trouble_fd; /* children write here why they could not become tasks */
	char **env;
	size_t env_procid, env_localid, env_pid; /* slots of the variables that differ by task */
	size_t env_pmi_fd, env_pmi_rank;         /* likewise, with --mpi=pmi2 */
	int64_t start_time;
	struct binding binding;  /* to CPUs; word NULL: none */
	int report_fd;           /* while tasks start: where they say what they are bound to; -1 */
	struct step_doors doors; /* into its cgroups */
	uint64_t oom, oom_told;  /* processes that had no memory left; tasks that were told as such */
	bool over_memory;        /* it was said that the step uses more than it asked for */
	uint32_t sample_s;       /* between samples; 0: there are none */
	struct loop_timer *sample_timer;

	struct mpi *mpi; /* --mpi=pmi2; else NULL */

	/* srun */
	struct list sessions;      /* struct step_session */
	struct step_session *srun; /* the one with right io, or NULL */
	struct loop_timer *srun_lost;
	uint64_t window_used, output_sent;
	bool discard;        /* nobody will come for the output */
	struct text encoded; /* kept from message to message */
	struct text recent;  /* output for who attaches later */
	struct text input;
	bool input_eof, input_paused;

	/* the end */
	bool ending, killing, childless;
	bool suspended, warned;
	struct loop_timer *stop_timer; /* to the next SIGSTOP */
	unsigned stops_left;
	struct loop_timer *kill_timer, *overdue_timer, *leave_timer, *fate_timer;
	char *end_text, *failed_why;
	int failed_status;
	char *refused; /* why the worker wants nothing to be started; NULL: it does */

	/* the worker */
	int listener, worker;
	struct loop_fd *listener_watch, *worker_watch;
	struct loop_timer *unclaimed;
	bool session_follows;
	int claim_fd; /* the launch's `shepherd` file, until the tasks are in it */
};

/* shepherd.c */
void shepherd_launch(struct shepherd *s); /* s->launch is complete: opens files, starts tasks */
void shepherd_files_opened(struct shepherd *s);
void shepherd_check(struct shepherd *s); /* after any event: is everything over? */
void shepherd_reap(struct shepherd *s);  /* takes the exits of children, then checks */
/* Nothing can be started, or not all of it: ends what there is; the fate says why. status as wait(2). */
void shepherd_fail(struct shepherd *s, int status, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
/* The same when srun knows why already. */
void shepherd_give_up(struct shepherd *s, int status, char *why);
/* A line for the user: to the batch script's stderr, or srun's. Given without prefix. */
void shepherd_tell_user(struct shepherd *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* shepherd_files.c */
/* Collects the names of s->launch's files for all tasks and opens them in a child; shepherd_files_opened()
 * follows, at once when there is nothing to open. */
int files_open(struct shepherd *s, struct err *err);
void files_abort(struct shepherd *s);
/* A task's file for its fd 0, 1 or 2; NULL: a pipe. */
const struct user_file *files_of(const struct shepherd *s, uint32_t local, int number);
/* The master's end of the terminal, which is the caller's then; -1: there is none. */
int files_take_master(struct shepherd *s);
void files_close(struct shepherd *s);

/* shepherd_terminal.c */
/* Opens a new terminal's two ends; in the child that has become the user, so that it is the user's. 0 or
 * errno. */
int terminal_open(int *master, int *slave);
/* What came back from that child is a terminal? 0 or errno. */
int terminal_check(int fd);
/* In the task, before it is anything else: its terminal is fd 0. 0 or errno. */
int terminal_control(void);
/* Ours: to read from in the loop; srun's window from the beginning. */
int terminal_set_up(struct shepherd *s, int master, struct err *err);
void terminal_resize(struct shepherd *s, uint32_t rows, uint32_t columns);

/* shepherd_env.c */
void env_make(struct shepherd *s);

/* shepherd_task.c */
int tasks_start(struct shepherd *s, struct err *err);
/* Reads what children said about why they could not start. */
void tasks_read_trouble(struct shepherd *s);

/* A task's process has ended: its epilogs begin. false: there are none, and the task has exited. */
bool task_epilog_begin(struct task *t, int status);
/* false: that was the last; the task has exited. */
bool task_epilog_ended(struct task *t, int status);

/* shepherd_io.c */
void session_adopt(struct shepherd *s, int fd, const struct session_peer *peer,
                   const struct session_keys *keys);
void session_started(struct shepherd *s);
void session_say_running(struct step_session *p);
void session_ended(struct shepherd *s, const struct step_fate *fate); /* step_done, TAG_FINAL */
void streams_watch(struct shepherd *s);
void streams_close(struct shepherd *s);
bool streams_at_end(const struct shepherd *s);
void task_exited(struct task *t, int status);
void task_report_exit(struct task *t);                 /* if its output is out */
void streams_mark(struct shepherd *s, struct task *t); /* t: NULL: of all tasks. Sets `left`. */
void input_close(struct task *t);

void input_watch(struct shepherd *s);

/* shepherd_sample.c */
/* The tasks were started: samples of them are taken, if JobAcctGatherType says so. */
void samples_begin(struct shepherd *s);
/* One more, now. pids: of all processes of the step, appended; or NULL. The caller frees them. */
void samples_take(struct shepherd *s, struct schema_u32s *pids);
/* A process that has ended, and was not waited for yet: what a task's last sample lacks. */
void samples_last(struct shepherd *s, pid_t pid);

/* shepherd_usage.c */
struct task_usage usage_of(const struct rusage *ru);
/* Of the tasks so far (live), or in the end. Of each thing how it is spread, where that is known: there are
 * several tasks, or samples. */
struct usage *usage_of_step(const struct shepherd *s, bool live, struct arena *arena);
/* sstat's question. */
void usage_tell(struct step_session *p, uint64_t id);

/* shepherd_bind.c */
/* s->launch is there: finds which CPUs its tasks are bound to. */
int bind_prepare(struct shepherd *s, struct err *err);
/* In the task, before it is the user's: its stderr is err_fd. 0, or it said why not. */
int bind_task(const struct task *t, int err_fd);
bool bind_is_told(const struct shepherd *s); /* on stderr (--cpu-bind=verbose) */

/* shepherd_memory.c */
/* A task has ended: what it is to be told as, which is `status` unless processes of the step had no memory
 * left meanwhile. */
int memory_status(struct shepherd *s, int status);
/* All is over: says so, if it was the end of some. */
void memory_ended(struct shepherd *s);

/* shepherd_attach.c */
/* s->encoded, a step_output with n bytes. */
void attached_output(struct shepherd *s, size_t n);
void attached_tell(struct shepherd *s, uint32_t type, const void *record);
void attached_credit(struct step_session *p, uint64_t bytes);
/* It has come: hears what runs and what has ended already. */
void attached_begin(struct step_session *p);
void attached_typed(struct step_session *p, const struct step_input *m);
/* The tasks have taken some of it. */
void attached_unpause(struct shepherd *s);

/* shepherd_mpi.c: with --mpi=pmi2; without it they do nothing. */
int mpi_begin(struct shepherd *s, struct err *err); /* s->launch is there; before the tasks start */
/* In a task: the number of its end of its connection, which the program inherits; -1: there is none. */
int mpi_task_fd(const struct task *t);
void mpi_started(struct shepherd *s); /* the tasks run, and have their ends */
void mpi_task_exited(struct task *t);
void mpi_spread(struct step_session *p, const struct step_kvs *part); /* from srun */
void mpi_resume(struct shepherd *s);                                  /* srun came back */
void mpi_end(struct shepherd *s);

/* shepherd_end.c */
void end_begin(struct shepherd *s, uint32_t kill_wait_s, const char *text);
void end_kill(struct shepherd *s); /* now, and again until nothing is left */
void end_signal(struct shepherd *s, int signo, bool batch_only, bool full);
/* The signal of --signal: the first time that it comes. */
void end_warn(struct shepherd *s, int signo);
/* All of the step stands still, its time with it; or goes on, with so much time left (0: without end). */
void end_suspend(struct shepherd *s);
void end_resume(struct shepherd *s, uint64_t time_left_s);
void end_arm_limit(struct shepherd *s);
void end_disarm(struct shepherd *s);

/* shepherd_link.c */
int link_listen(struct shepherd *s, struct err *err);
void link_adopt(struct shepherd *s, int fd); /* a connected SOCK_SEQPACKET socket */
void link_say(struct shepherd *s, enum link_type type, const void *record); /* when there is a worker */
