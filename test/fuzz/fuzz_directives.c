/* The head of a batch script of any bytes: options, or one error; and what they ask for can be sent and read.
 */
#include "applets/client/options.h"
#include "core/util/log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* What is accepted is a record like any other. */
static void check_record(const struct job_spec *spec)
{
	struct text bytes = TEXT_EMPTY;
	struct arena arena;
	struct job_spec back;
	struct err err = {0};
	arena_init(&arena);
	schema_encode(schema_of_job_spec(), spec, &bytes);
	check(schema_decode(schema_of_job_spec(), &back, text_str(&bytes), bytes.len, &arena, &err) == 0);
	check(schema_differs(schema_of_job_spec(), spec, &back) == 0);
	arena_free(&arena);
	text_free(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool quiet;
	if (!quiet) { /* --help prints */
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		check(null >= 0 && dup2(null, STDOUT_FILENO) >= 0);
		log_init("sbatch", LOG_LEVEL_QUIET);
		quiet = true;
	}
	struct submit s;
	struct err err = {0};
	check(submit_init(&s, SUBMIT_SBATCH, &err) == 0);
	s.spec.who = &(struct identity){.uid = 1, .gid = 1};
	int rc = submit_directives(&s, "job.sh", (const char *)data, size, &err);
	check(rc == 0 || rc == -1);
	if (rc != 0)
		check(s.over || err.text[0]);
	else if (submit_finish(&s, "script", &err) == 0)
		check_record(&s.spec);
	else
		check(err.text[0]);
	submit_free(&s);
	return 0;
}
