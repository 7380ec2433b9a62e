#include "core/util/schema_kinds.h"

#define STRING_SHOWN 200u /* bytes */
#define LIST_SHOWN   16u  /* elements */

static const char *const rule_names[] = {
        [SCHEMA_OPTIONAL] = "OPTIONAL",
        [SCHEMA_REQUIRED] = "REQUIRED",
        [SCHEMA_CRITICAL] = "CRITICAL",
};

static void dump_members(const struct schema *s, const void *record, struct text *out);

static void dump_string(const char *s, struct text *out)
{
	size_t n = strlen(s), shown = n < STRING_SHOWN ? n : STRING_SHOWN;
	text_add_char(out, '"');
	for (size_t i = 0; i < shown; i++) {
		if (s[i] == '"')
			text_add(out, "\\042");
		else
			text_add_escaped(out, s + i, 1);
	}
	text_add_char(out, '"');
	if (shown < n)
		text_printf(out, "...(%zu bytes)", n);
}

static void dump_element(const struct schema_field *f, struct schema_list list, uint32_t i, struct text *out)
{
	if (f->kind == KIND_U32S)
		text_printf(out, "%u", (unsigned)((const uint32_t *)list.v)[i]);
	else if (f->kind == KIND_U64S)
		text_printf(out, "%llu", (unsigned long long)((const uint64_t *)list.v)[i]);
	else if (f->kind == KIND_STRS)
		dump_string(((char **)list.v)[i], out);
	else
		dump_members(f->sub(), (const char *)list.v + i * list_element(f), out);
}

static void dump_list(const struct schema_field *f, struct schema_list list, struct text *out)
{
	if (f->kind == KIND_BYTES) {
		text_printf(out, "<%u bytes>", (unsigned)list.n);
		return;
	}
	text_add_char(out, '[');
	for (uint32_t i = 0; i < list.n && i < LIST_SHOWN; i++) {
		if (i > 0)
			text_add_char(out, ' ');
		dump_element(f, list, i, out);
	}
	if (list.n > LIST_SHOWN)
		text_printf(out, " ...(%u)", (unsigned)list.n);
	text_add_char(out, ']');
}

static bool at_default(const struct schema_field *f, const void *member)
{
	if (kind_is_number(f->kind))
		return number_load(f, member) == (uint64_t)f->dflt;
	if (f->kind == KIND_STR || f->kind == KIND_REC)
		return !pointer_load(member);
	return list_load(member).n == 0;
}

static void dump_member(const struct schema_field *f, const void *member, struct text *out)
{
	text_printf(out, "%s=", f->name);
	if (kind_is_number(f->kind) && schema_kinds[f->kind].is_signed)
		text_printf(out, "%lld", (long long)(int64_t)number_load(f, member));
	else if (kind_is_number(f->kind))
		text_printf(out, "%llu", (unsigned long long)number_load(f, member));
	else if (f->kind == KIND_STR)
		dump_string(pointer_load(member), out);
	else if (f->kind == KIND_REC)
		dump_members(f->sub(), pointer_load(member), out);
	else
		dump_list(f, list_load(member), out);
}

static void dump_members(const struct schema *s, const void *record, struct text *out)
{
	bool first = true;
	text_add_char(out, '{');
	for (const struct schema_field *f = s->fields; f < s->fields + s->field_count; f++) {
		const void *member = member_in(record, f);
		if (at_default(f, member))
			continue;
		if (!first)
			text_add_char(out, ' ');
		first = false;
		dump_member(f, member, out);
	}
	text_add_char(out, '}');
}

void schema_dump(const struct schema *s, const void *record, struct text *out)
{
	text_add(out, s->name);
	dump_members(s, record, out);
}

void schema_golden(const struct schema *s, const char *family, struct text *out)
{
	for (const struct schema_field *f = s->fields; f < s->fields + s->field_count; f++) {
		text_printf(out, "%s %u %s %u %s %s", family, (unsigned)s->number, s->name,
		            (unsigned)f->number, f->name, schema_kinds[f->kind].name);
		if (f->sub)
			text_printf(out, ":%s", f->sub()->name);
		text_printf(out, " %s\n", rule_names[f->rule]);
	}
}
