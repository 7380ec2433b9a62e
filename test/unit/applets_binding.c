/* Masks of tasks that are bound to CPUs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "applets/worker/binding.h"
#include "core/util/text.h"

#include <stdlib.h>
#include <string.h>

static const uint32_t machine[] = {0, 1, 2, 3, 4, 5, 6, 7}, cores[] = {0, 1, 2, 3, 4, 5, 6, 7};

/* Two sockets of two cores of two threads, all of it the step's. */
static struct binding_facts big(uint32_t tasks, uint32_t cpus_per_task)
{
	return (struct binding_facts){.cores_per_socket = 2,
	                              .threads_per_core = 2,
	                              .node_cores = 4,
	                              .machine = machine,
	                              .machine_n = 8,
	                              .cores = cores,
	                              .core_n = 4,
	                              .tasks = tasks,
	                              .cpus_per_task = cpus_per_task};
}

/* "=MASK mask_cpu: 0x1,0x2" and the masks, or what is wrong. */
static void gives(const struct binding_facts *f, const char *type, const char *list, const char *wanted)
{
	struct binding b;
	struct err err = {0};
	struct text got = TEXT_EMPTY;
	const struct binding_wish wish = {.type = type, .list = list, .verbose = true};
	if (binding_make(&b, f, &wish, &err) != 0) {
		assert_int_equal(err.code, ERR_CPU_BIND);
		text_add(&got, err_text(&err));
	} else {
		text_printf(&got, "%s %s%s", b.word, b.type, b.list);
		for (uint32_t t = 0; b.masks && t < f->tasks; t++) {
			char *mask = cpu_mask_text(&b.masks[t]);
			text_printf(&got, " %s", mask);
			free(mask);
		}
	}
	assert_string_equal(text_str(&got), wanted);
	text_free(&got);
	binding_free(&b);
}

static void by_numbers(void **state)
{
	(void)state;
	struct binding_facts f = big(4, 1);
	gives(&f, NULL, NULL, "=MASK mask_cpu:0x3,0x30,0xc,0xc0 0x3 0x30 0xc 0xc0");
	f.spread = SPREAD_BLOCK;
	gives(&f, NULL, NULL, "=MASK mask_cpu:0x3,0xc,0x30,0xc0 0x3 0xc 0x30 0xc0");
	f = big(8, 1);
	f.spread = SPREAD_BLOCK;
	gives(&f, NULL, NULL,
	      "=MASK mask_cpu:0x1,0x2,0x4,0x8,0x10,0x20,0x40,0x80 0x1 0x2 0x4 0x8 0x10 0x20 0x40 0x80");
	f = big(2, 1);
	gives(&f, NULL, NULL, "=MASK mask_cpu:0xf,0xf0 0xf 0xf0");
	f = big(2, 2);
	gives(&f, NULL, NULL, "=MASK mask_cpu:0xf,0xf0 0xf 0xf0");
	f.spread = SPREAD_FCYCLIC;
	gives(&f, NULL, NULL, "=MASK mask_cpu:0x33,0xcc 0x33 0xcc");
	f = big(3, 1);
	gives(&f, NULL, NULL, "=MASK mask_cpu:0xff 0xff 0xff 0xff");
	f = big(10, 1);
	f.tasks = 10;
	gives(&f, NULL, NULL, "=MASK mask_cpu:0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff");
}

static void units(void **state)
{
	(void)state;
	struct binding_facts f = big(2, 1);
	gives(&f, "threads", NULL, "=MASK mask_cpu:0x1,0x10 0x1 0x10");
	gives(&f, "cores", NULL, "=MASK mask_cpu:0x3,0x30 0x3 0x30");
	gives(&f, "sockets", NULL, "=MASK mask_cpu:0xf,0xf0 0xf 0xf0");
	f = big(6, 1); /* more than there are cores: their threads */
	gives(&f, "threads", NULL, "=MASK mask_cpu:0x1,0x10,0x2,0x20,0x4,0x40 0x1 0x10 0x2 0x20 0x4 0x40");
	f = big(2, 1);
	f.core_n = 1;
	gives(&f, "sockets", NULL, "=MASK mask_cpu:0x3,0x3 0x3 0x3");
	f = big(3, 1);
	f.core_n = 1;
	gives(&f, "cores", NULL, "-cores=MASK cores,mask_cpu:0x3 0x3 0x3 0x3");
	struct cpu_mask ldoms[2] = {{{0xf}}, {{0xf0}}};
	f = big(2, 1);
	f.core_n = 2;
	f.ldoms = ldoms;
	f.ldom_n = 2;
	gives(&f, "ldoms", NULL, "=MASK mask_cpu:0xf,0xf 0xf 0xf");
	f.core_n = 4;
	gives(&f, "rank_ldom", NULL, "=LDRANK rank_ldom 0xf 0xf0");
	gives(&f, "map_ldom:", "1", "=LDMAP  map_ldom:1 0xf0 0xf0");
	gives(&f, "map_ldom:", "7", "=LDMAP  map_ldom:7 0xff 0xff");
	gives(&f, "mask_ldom:", "3,0x2", "=LDMASK mask_ldom:3,0x2 0xff 0xf0");
}

static void lists(void **state)
{
	(void)state;
	struct binding_facts f = big(3, 1);
	gives(&f, "none", NULL, "=NONE none");
	gives(&f, "rank", NULL, "=RANK rank 0x1 0x2 0x4");
	gives(&f, "map_cpu:", "7,0", "=MAP  map_cpu:7,0 0x80 0x1 0x80");
	gives(&f, "map_cpu:", "3*2,1", "=MAP  map_cpu:3*2,1 0x8 0x8 0x2");
	gives(&f, "mask_cpu:", "0xf0*2,3", "=MASK mask_cpu:0xf0*2,3 0xf0 0xf0 0x3");
	static const char outside[] = "CPU binding outside of job step allocation, allocated CPUs are: 0xff.";
	gives(&f, "map_cpu:", "8", outside);
	gives(&f, "map_cpu:", "99999", outside);
	gives(&f, "map_cpu:", "x", outside);
	gives(&f, "map_cpu:", "", outside);
	gives(&f, "mask_cpu:", "100", outside);
	gives(&f, "mask_cpu:", "0x", outside);
	f.core_n = 1;
	gives(&f, "none", NULL, "=MASK mask_cpu:0x3 0x3 0x3 0x3");
	gives(&f, "rank", NULL, "Entire node must be allocated for verbose,rank,one_thread");
	gives(&f, "mask_cpu:", "4", "CPU binding outside of job step allocation, allocated CPUs are: 0x3.");
}

/* A node that claims more than its host has: no launch fails for that. */
static void claimed(void **state)
{
	(void)state;
	struct binding_facts f = big(4, 1);
	f.machine_n = 2;
	gives(&f, NULL, NULL, "=MASK mask_cpu:0x3,0x3,0x3,0x3 0x3 0x3 0x3 0x3");
	f.cpus_per_task = 2;
	f.tasks = 4;
	gives(&f, "threads", NULL, "=MASK mask_cpu:0x3,0x3,0x3,0x3 0x3 0x3 0x3 0x3");
	f.cpus_per_task = 1;
	gives(&f, "map_cpu:", "7", "=MAP  map_cpu:7 0x3 0x3 0x3 0x3");
	gives(&f, "rank", NULL, "=RANK rank 0x1 0x2 0x3 0x3");
	f.cores = cores + 3;
	f.core_n = 1;
	gives(&f, "threads", NULL, "-threads=MASK threads,mask_cpu:0x3 0x3 0x3 0x3 0x3");
}

static void texts(void **state)
{
	(void)state;
	struct cpu_mask mask;
	size_t n;
	assert_true(cpu_mask_read(&mask, "0x10000000000000000", 19));
	char *text = cpu_mask_text(&mask);
	assert_string_equal(text, "0x10000000000000000");
	free(text);
	assert_false(cpu_mask_read(&mask, "", 0));
	assert_false(cpu_mask_read(&mask, "1g", 2));
	char big_mask[300];
	memset(big_mask, 'f', sizeof(big_mask));
	assert_false(cpu_mask_read(&mask, big_mask, sizeof(big_mask)));
	assert_true(cpu_mask_read(&mask, big_mask, BINDING_CPUS / 4));
	assert_null(binding_entry("", 0, &n));
	assert_null(binding_entry(NULL, 3, &n));
	assert_string_equal(binding_entry("a*4000000000,b", 4000000000u, &n), "b");
	assert_string_equal(binding_entry("a*0,b*x", 1, &n), "b*x");
	assert_int_equal(n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(by_numbers), cmocka_unit_test(units),
	                                   cmocka_unit_test(lists), cmocka_unit_test(claimed),
	                                   cmocka_unit_test(texts)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
