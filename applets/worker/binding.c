#include "applets/worker/binding.h"

#include "core/util/arena.h"
#include "core/util/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- masks ---- */

void cpu_mask_set(struct cpu_mask *mask, uint32_t cpu)
{
	if (cpu < BINDING_CPUS)
		mask->word[cpu / 64] |= (uint64_t)1 << cpu % 64;
}

bool cpu_mask_has(const struct cpu_mask *mask, uint32_t cpu)
{
	return cpu < BINDING_CPUS && (mask->word[cpu / 64] >> cpu % 64 & 1);
}

static void mask_add(struct cpu_mask *to, const struct cpu_mask *from)
{
	for (size_t i = 0; i < BINDING_CPUS / 64; i++)
		to->word[i] |= from->word[i];
}

static bool mask_is_empty(const struct cpu_mask *mask)
{
	for (size_t i = 0; i < BINDING_CPUS / 64; i++)
		if (mask->word[i])
			return false;
	return true;
}

char *cpu_mask_text(const struct cpu_mask *mask)
{
	struct text out = TEXT_EMPTY;
	text_add(&out, "0x");
	for (size_t i = BINDING_CPUS / 64; i-- > 0;)
		if (out.len > 2)
			text_printf(&out, "%016" PRIx64, mask->word[i]);
		else if (mask->word[i] || i == 0)
			text_printf(&out, "%" PRIx64, mask->word[i]);
	return text_take(&out);
}

bool cpu_mask_read(struct cpu_mask *mask, const char *s, size_t n)
{
	*mask = (struct cpu_mask){0};
	if (n > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		s += 2;
		n -= 2;
	}
	if (n == 0 || n > BINDING_CPUS / 4)
		return false;
	for (size_t i = 0; i < n; i++) {
		const char c = (char)tolower((unsigned char)s[n - 1 - i]);
		if (!isxdigit((unsigned char)c))
			return false;
		const uint64_t digit = (uint64_t)(isdigit((unsigned char)c) ? c - '0' : c - 'a' + 10);
		mask->word[i / 16] |= digit << i % 16 * 4;
	}
	return true;
}

/* ---- lists ---- */

static const char *entry_read(const char *list, size_t *n, uint32_t *times, const char **next)
{
	const size_t all = strcspn(list, ","), own = strcspn(list, ",*");
	const char *p = list + own + 1;
	*times = 1;
	if (own < all && (!text_read_u32(&p, times) || *times == 0))
		*times = 1;
	*n = own;
	*next = list[all] ? list + all + 1 : NULL;
	return list;
}

const char *binding_entry(const char *list, uint32_t task, size_t *n)
{
	uint64_t total = 0;
	for (int pass = 0; list && *list && pass < 2; pass++) {
		uint64_t at = 0, wanted = pass == 0 ? UINT64_MAX : task % total;
		for (const char *p = list, *next; p; p = next) {
			uint32_t times;
			const char *entry = entry_read(p, n, &times, &next);
			if (wanted - at < times)
				return entry;
			at += times;
		}
		total = at;
	}
	return NULL;
}

/* ---- the step's CPUs ---- */

enum unit { UNIT_THREAD, UNIT_CORE, UNIT_SOCKET, UNIT_LDOM };
static const char *const unit_types[] = {"threads", "cores", "sockets", "ldoms", NULL};
static const char *const unit_alone[] = {
        "threads,mask_cpu:", "cores,mask_cpu:", "sockets,mask_cpu:", "ldoms,mask_cpu:"};
static const char *const unit_words[] = {"-threads=MASK", "-cores=MASK", "-sockets=MASK", "-ldoms=MASK"};

static uint32_t socket_of(const struct binding_facts *f, uint32_t core)
{
	return core / (f->cores_per_socket ? f->cores_per_socket : 1);
}

/* What the kernel calls a CPU, if it has it. */
static void add_cpu(const struct binding_facts *f, struct cpu_mask *mask, uint64_t cpu)
{
	if (cpu < f->machine_n)
		cpu_mask_set(mask, f->machine[cpu]);
}

static void add_core(const struct binding_facts *f, struct cpu_mask *mask, uint32_t core)
{
	for (uint32_t t = 0; t < f->threads_per_core; t++)
		add_cpu(f, mask, (uint64_t)core * f->threads_per_core + t);
}

/* All of the step's; a host that has none of them lends all of its own. */
static struct cpu_mask all_cpus(const struct binding_facts *f)
{
	struct cpu_mask all = {0};
	for (size_t i = 0; i < f->core_n; i++)
		add_core(f, &all, f->cores[i]);
	if (mask_is_empty(&all))
		for (size_t i = 0; i < f->machine_n; i++)
			add_cpu(f, &all, i);
	return all;
}

static uint32_t step_cpus(const struct binding_facts *f)
{
	return (uint32_t)f->core_n * f->threads_per_core;
}

static uint32_t step_sockets(const struct binding_facts *f)
{
	uint32_t n = 0;
	for (size_t i = 0; i < f->core_n; i++)
		n += i == 0 || socket_of(f, f->cores[i]) != socket_of(f, f->cores[i - 1]);
	return n;
}

static bool is_whole(const struct binding_facts *f)
{
	return f->core_n >= f->node_cores;
}

static bool has_cpu(const struct binding_facts *f, uint64_t cpu)
{
	for (size_t i = 0; i < f->core_n; i++)
		if (cpu / f->threads_per_core == f->cores[i])
			return true;
	return false;
}

/* ---- laying tasks out ---- */

struct slot {
	uint32_t core, cpu, socket;
	bool used;
};

struct layout {
	const struct binding_facts *f;
	struct slot *slots;
	size_t n;
	uint32_t socket; /* of the last slot that was taken */
};

/* As many slots as are needed: cores, or where these are too few, their threads. */
static void layout_init(struct layout *l, const struct binding_facts *f)
{
	const uint32_t per_core =
	        (uint64_t)f->tasks * f->cpus_per_task <= f->core_n ? 1 : f->threads_per_core;
	*l = (struct layout){.f = f, .slots = xcalloc(f->core_n * per_core + 1, sizeof(*l->slots))};
	for (size_t i = 0; i < f->core_n; i++)
		for (uint32_t t = 0; t < per_core; t++)
			l->slots[l->n++] = (struct slot){.core = f->cores[i],
			                                 .cpu = f->cores[i] * f->threads_per_core + t,
			                                 .socket = socket_of(f, f->cores[i])};
	l->socket = UINT32_MAX;
}

/* The first that is free in a socket from `least` on; NULL: none. */
static struct slot *free_from(struct layout *l, uint32_t least)
{
	for (size_t i = 0; i < l->n; i++)
		if (!l->slots[i].used && l->slots[i].socket >= least)
			return &l->slots[i];
	return NULL;
}

static struct slot *next_slot(struct layout *l, bool first_of_task)
{
	const enum binding_spread spread = l->f->spread;
	const bool onward = spread == SPREAD_FCYCLIC || (spread == SPREAD_CYCLIC && first_of_task);
	for (int again = 0; again < 2; again++) {
		struct slot *s = free_from(l, spread == SPREAD_BLOCK    ? 0
		                              : l->socket == UINT32_MAX ? 0
		                                                        : l->socket + onward);
		s = s ? s : free_from(l, 0);
		if (s) {
			s->used = true;
			l->socket = s->socket;
			return s;
		}
		for (size_t i = 0; i < l->n; i++)
			l->slots[i].used = false;
	}
	return NULL;
}

/* The whole unit around a slot, as far as it is the step's; a locality domain even beyond that, as with
 * Slurm. */
static void add_unit(const struct binding_facts *f, struct cpu_mask *mask, const struct slot *s,
                     enum unit unit)
{
	if (unit == UNIT_THREAD)
		add_cpu(f, mask, s->cpu);
	else if (unit == UNIT_CORE)
		add_core(f, mask, s->core);
	else if (unit == UNIT_SOCKET)
		for (size_t i = 0; i < f->core_n; i++)
			if (socket_of(f, f->cores[i]) == s->socket)
				add_core(f, mask, f->cores[i]);
	for (size_t i = 0; unit == UNIT_LDOM && i < f->ldom_n; i++)
		if (s->cpu < f->machine_n && cpu_mask_has(&f->ldoms[i], f->machine[s->cpu]))
			mask_add(mask, &f->ldoms[i]);
}

static void lay_out(const struct binding_facts *f, struct cpu_mask *masks, enum unit unit)
{
	struct layout l;
	const struct cpu_mask all = all_cpus(f);
	layout_init(&l, f);
	for (uint32_t t = 0; t < f->tasks; t++) {
		for (uint32_t k = 0; k < f->cpus_per_task && k < l.n; k++)
			add_unit(f, &masks[t], next_slot(&l, k == 0), unit);
		if (mask_is_empty(&masks[t]))
			masks[t] = all;
	}
	free(l.slots);
}

/* ---- kinds of binding ---- */

static void bind_all(struct binding *out, const struct binding_facts *f)
{
	const struct cpu_mask all = all_cpus(f);
	for (uint32_t t = 0; t < f->tasks; t++)
		out->masks[t] = all;
}

/* Where CPUs and tasks agree in number. */
static int find_auto(const struct binding_facts *f, const char *autobind)
{
	const uint64_t need = (uint64_t)f->tasks * f->cpus_per_task;
	if (need == f->core_n)
		return UNIT_CORE;
	if (need == step_cpus(f))
		return UNIT_THREAD;
	if (need == step_sockets(f))
		return UNIT_SOCKET;
	for (int i = 0; autobind && unit_types[i]; i++)
		if (text_eq_nocase(autobind, unit_types[i]))
			return i;
	return -1;
}

static void describe(struct binding *out, const struct binding_facts *f)
{
	struct text list = TEXT_EMPTY;
	bool same = true;
	for (uint32_t t = 1; t < f->tasks; t++)
		same &= memcmp(&out->masks[t], &out->masks[0], sizeof(out->masks[0])) == 0;
	for (uint32_t t = 0; t < (same && out->list ? 1 : f->tasks); t++) {
		char *mask = cpu_mask_text(&out->masks[t]);
		text_printf(&list, "%s%s", t ? "," : "", mask);
		free(mask);
	}
	free(out->list);
	out->list = text_take(&list);
}

static void bind_units(struct binding *out, const struct binding_facts *f, const struct binding_wish *wish)
{
	int unit = -1;
	for (int i = 0; wish->type && unit_types[i]; i++)
		if (strcmp(wish->type, unit_types[i]) == 0)
			unit = i;
	if (!wish->type)
		unit = find_auto(f, wish->autobind);
	out->word = "=MASK";
	out->type = "mask_cpu:";
	if (unit < 0 || (uint64_t)f->tasks * f->cpus_per_task > step_cpus(f)) {
		bind_all(out, f);
		if (unit >= 0 && wish->type)
			out->word = unit_words[unit], out->type = unit_alone[unit];
		out->list = xstrdup(""); /* one mask for all */
	} else {
		lay_out(f, out->masks, (enum unit)unit);
	}
	describe(out, f);
}

static int outside(const struct binding_facts *f, struct err *err)
{
	struct cpu_mask all = {0};
	for (size_t i = 0; i < f->core_n; i++)
		for (uint32_t t = 0; t < f->threads_per_core; t++)
			cpu_mask_set(&all, f->cores[i] * f->threads_per_core + t);
	char *text = cpu_mask_text(&all);
	err_set(err, ERR_CPU_BIND, "CPU binding outside of job step allocation, allocated CPUs are: %s.",
	        text);
	free(text);
	return -1;
}

static int bind_listed(struct binding *out, const struct binding_facts *f, const char *list, bool is_mask,
                       struct err *err)
{
	const struct cpu_mask all = all_cpus(f);
	for (uint32_t t = 0; t < f->tasks; t++) {
		struct cpu_mask wanted = {0};
		size_t n = 0;
		uint32_t cpu = UINT32_MAX;
		const char *entry = binding_entry(list, t, &n), *p = entry;
		if (is_mask ? !entry || !cpu_mask_read(&wanted, entry, n)
		            : !entry || !text_read_u32(&p, &cpu))
			return outside(f, err);
		if (!is_mask && cpu >= BINDING_CPUS)
			return outside(f, err);
		if (!is_mask)
			cpu_mask_set(&wanted, cpu);
		for (uint32_t i = 0; i < BINDING_CPUS; i++)
			if (cpu_mask_has(&wanted, i)) {
				if (!has_cpu(f, i))
					return outside(f, err);
				add_cpu(f, &out->masks[t], i);
			}
		if (mask_is_empty(&out->masks[t]))
			out->masks[t] = all;
	}
	return 0;
}

/* The numth locality domain; one that isn't there stands for all CPUs. */
static void add_ldom(const struct binding_facts *f, struct cpu_mask *mask, uint32_t number)
{
	if (number < f->ldom_n)
		mask_add(mask, &f->ldoms[number]);
}

static void bind_ldoms(struct binding *out, const struct binding_facts *f, const char *type, const char *list)
{
	const struct cpu_mask all = all_cpus(f);
	for (uint32_t t = 0; t < f->tasks; t++) {
		struct cpu_mask wanted = {0};
		size_t n = 0;
		uint32_t number = t % (uint32_t)(f->ldom_n ? f->ldom_n : 1);
		const char *entry = list ? binding_entry(list, t, &n) : NULL, *p = entry;
		if (strcmp(type, "mask_ldom:") == 0) {
			if (entry && cpu_mask_read(&wanted, entry, n))
				for (uint32_t i = 0; i < BINDING_CPUS; i++)
					if (cpu_mask_has(&wanted, i))
						add_ldom(f, &out->masks[t], i);
		} else if (!entry || text_read_u32(&p, &number)) {
			add_ldom(f, &out->masks[t], number);
		}
		if (mask_is_empty(&out->masks[t]))
			out->masks[t] = all;
	}
}

static void bind_ranks(struct binding *out, const struct binding_facts *f)
{
	const struct cpu_mask all = all_cpus(f);
	const uint32_t cpus = step_cpus(f) ? step_cpus(f) : 1;
	for (uint32_t t = 0; t < f->tasks; t++) {
		add_cpu(f, &out->masks[t], t % cpus);
		if (mask_is_empty(&out->masks[t]))
			out->masks[t] = all;
	}
}

static const struct kind {
	const char *type, *word;
	bool whole; /* it needs the whole node */
} kinds[] = {{"rank", "=RANK", true},         {"rank_ldom", "=LDRANK", true}, {"map_ldom:", "=LDMAP ", true},
             {"mask_ldom:", "=LDMASK", true}, {"map_cpu:", "=MAP ", false},   {"mask_cpu:", "=MASK", false}};

static const struct kind *find_kind(const char *type)
{
	for (size_t i = 0; type && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].type, type) == 0)
			return &kinds[i];
	return NULL;
}

static int bind_kind(struct binding *out, const struct binding_facts *f, const struct kind *kind,
                     const struct binding_wish *wish, struct err *err)
{
	const char *list = wish->list ? wish->list : "";
	out->word = kind->word;
	out->type = kind->type;
	out->list = xstrdup(list);
	if (kind->whole && !is_whole(f))
		return err_set(err, ERR_CPU_BIND, "Entire node must be allocated for %s%s,one_thread",
		               wish->verbose ? "verbose," : "", kind->type);
	if (strcmp(kind->type, "rank") == 0)
		bind_ranks(out, f);
	else if (kind->whole)
		bind_ldoms(out, f, kind->type, *list ? list : NULL);
	else
		return bind_listed(out, f, list, strcmp(kind->type, "mask_cpu:") == 0, err);
	return 0;
}

int binding_make(struct binding *out, const struct binding_facts *f, const struct binding_wish *wish,
                 struct err *err)
{
	*out = (struct binding){.word = "=NONE", .type = "none"};
	if (text_eq(wish->type, "none") && is_whole(f)) {
		out->list = xstrdup("");
		return 0;
	}
	out->masks = xcalloc((size_t)f->tasks + 1, sizeof(*out->masks));
	const struct kind *kind = find_kind(wish->type);
	if (kind)
		return bind_kind(out, f, kind, wish, err);
	bind_units(out, f, wish);
	return 0;
}

void binding_free(struct binding *b)
{
	free(b->masks);
	free(b->list);
	*b = (struct binding){0};
}
