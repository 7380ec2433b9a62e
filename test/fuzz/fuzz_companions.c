/* Any text is a cgroup.conf, gres.conf, topology.conf or batchbox.conf, or a list of errors, each with file
 * and words; what stands behind the first NUL byte is a file that may be included. The first byte chooses. */
#include "conf/batchbox_conf.h"
#include "conf/digest.h"

#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 8192u

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_errors(struct conf_errors *errors, int rc)
{
	check((rc == 0) == (errors->n == 0));
	for (size_t i = 0; i < errors->n; i++)
		check(errors->v[i].file && errors->v[i].text && errors->v[i].text[0]);
	conf_errors_free(errors);
}

static void read_companions(const struct conf_source *source, const struct slurm_conf *conf)
{
	struct companions c, again;
	struct conf_errors errors = {0};
	struct text said = TEXT_EMPTY;
	static uint8_t digest[CONF_DIGEST_MAX];
	int rc = companions_read(&c, source, conf, &errors);
	check_errors(&errors, rc);
	companions_check_unsafe(&c, conf, "ConstrainCores", &errors);
	conf_errors_free(&errors);
	companions_harmless(&c, &said);
	text_clear(&said);
	check(companions_read(&again, source, conf, &errors) == rc);
	slurm_conf_differences(conf, &c, digest, slurm_conf_digest(conf, &again, digest), &said);
	check(said.len == 0);
	text_free(&said);
	conf_errors_free(&errors);
	companions_free(&c);
	companions_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"cgroup.conf", "gres.conf", "topology.conf", BATCHBOX_CONF};
	static const char main_text[] =
	        "ClusterName=c\nSlurmctldHost=head\nNodeName=n[1-8]\nGresTypes=gpu,mps\n"
	        "TopologyPlugin=topology/tree\nTaskPlugin=task/cgroup\n";
	struct slurm_conf conf;
	struct conf_batchbox own;
	struct conf_errors errors = {0};
	if (size < 1 || size > INPUT_MAX)
		return 0;
	const char *text = (const char *)data + 1;
	size_t n = strnlen(text, size - 1), rest = n + 1 < size ? n + 1 : size - 1;
	struct conf_text v[] = {{.name = "slurm.conf", .text = main_text, .n = sizeof(main_text) - 1},
	                        {.name = names[data[0] % 4], .text = text, .n = n},
	                        {.name = "inc.conf", .text = text + rest, .n = size - 1 - rest}};
	const struct conf_texts texts = {v, 3};
	const struct conf_source source = {.path = "slurm.conf", .texts = &texts};
	check(slurm_conf_read_from(&conf, &source, &errors) == 0);
	read_companions(&source, &conf);
	int rc = batchbox_conf_read_from(&own, &source, &errors);
	check_errors(&errors, rc);
	batchbox_conf_free(&own);
	slurm_conf_free(&conf);
	return 0;
}
