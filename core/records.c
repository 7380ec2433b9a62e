#include "core/records.h"

#include "core/util/schema_table.h"
#include "core/records.def"
#include "core/util/schema_end.h"
