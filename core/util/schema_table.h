/* Include before a .def file of records, in one .c file: defines its constant field tables.
 * (No include guard; schema_end.h follows the .def file.) */
#include "core/util/schema.h"

#define BEGIN(number_, name_)                                                                                \
	const struct schema *schema_of_##name_(void)                                                         \
	{                                                                                                    \
		typedef struct name_ self;                                                                   \
		enum { record_number = (number_) };                                                          \
		static const struct schema_field fields[] = {
#define F(number, kind, name, rule, dflt)                                                                    \
	{number, #name, KIND_##kind, SCHEMA_##rule, dflt, offsetof(self, name), NULL},
#define FS(number, kind, name, type, rule)                                                                   \
	{number, #name, KIND_##kind, SCHEMA_##rule, 0, offsetof(self, name), schema_of_##type},
#define END(name_)                                                                                           \
	}                                                                                                    \
	;                                                                                                    \
	static const struct schema schema = {record_number, #name_, sizeof(self), fields,                    \
	                                     sizeof(fields) / sizeof(fields[0])};                            \
	return &schema;                                                                                      \
	}
