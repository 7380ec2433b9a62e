/* Include before a .def file of records: declares its structs and schema_of_X() functions.
 * (No include guard: it is meant to be included once before each such file; schema_end.h follows the file.)
 */
#include "core/util/schema.h"

#define SCHEMA_CTYPE_BOOL     bool
#define SCHEMA_CTYPE_U32      uint32_t
#define SCHEMA_CTYPE_U64      uint64_t
#define SCHEMA_CTYPE_I32      int32_t
#define SCHEMA_CTYPE_I64      int64_t
#define SCHEMA_CTYPE_STR      char *
#define SCHEMA_CTYPE_BYTES    struct schema_bytes
#define SCHEMA_CTYPE_U32S     struct schema_u32s
#define SCHEMA_CTYPE_U64S     struct schema_u64s
#define SCHEMA_CTYPE_STRS     struct schema_strs
#define SCHEMA_SUB_REC(type)  struct type *
#define SCHEMA_SUB_RECS(type) struct type##_list

#define BEGIN(number, name)                struct name {
#define F(number, kind, name, rule, dflt)  SCHEMA_CTYPE_##kind name;
#define FS(number, kind, name, type, rule) SCHEMA_SUB_##kind(type) name;
#define END(name)                                                                                            \
	}                                                                                                    \
	;                                                                                                    \
	struct name##_list {                                                                                 \
		struct name *v;                                                                              \
		uint32_t n;                                                                                  \
	};                                                                                                   \
	const struct schema *schema_of_##name(void);
