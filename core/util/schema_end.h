/* Include after a .def file of records. (No include guard.) */
#undef BEGIN
#undef F
#undef FS
#undef END
#undef SCHEMA_CTYPE_BOOL
#undef SCHEMA_CTYPE_U32
#undef SCHEMA_CTYPE_U64
#undef SCHEMA_CTYPE_I32
#undef SCHEMA_CTYPE_I64
#undef SCHEMA_CTYPE_STR
#undef SCHEMA_CTYPE_BYTES
#undef SCHEMA_CTYPE_U32S
#undef SCHEMA_CTYPE_U64S
#undef SCHEMA_CTYPE_STRS
#undef SCHEMA_SUB_REC
#undef SCHEMA_SUB_RECS
