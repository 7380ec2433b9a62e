/* The records of test_records.def with their tables: to be included by one .c file of a program.
 * (Each include is a block of its own, so that nothing sorts them.) */
#pragma once
#include "core/util/schema_struct.h"

#include "test/unit/test_records.def"

#include "core/util/schema_end.h"

#include "core/util/schema_table.h"

#include "test/unit/test_records.def"

#include "core/util/schema_end.h"
