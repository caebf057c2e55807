// The Lua standard library, compiled in.
#pragma once
#include <stddef.h>

extern const size_t cs_module_count;
/// Name, source and length of module `index`, below `cs_module_count`.
const char *cs_name(size_t index);
const unsigned char *cs_source(size_t index);
size_t cs_length(size_t index);
/// The same as string.dump has it, as scripts/release makes it; of length 0 in other builds.
const unsigned char *cs_compiled(size_t index, size_t *length);

/// The stepper's part in Lua.
const unsigned char *cs_frame(size_t *length);
/// The recorder's page, with places for the record and for the script, and that script.
const unsigned char *cs_page(size_t *length);
const unsigned char *cs_page_script(size_t *length);
