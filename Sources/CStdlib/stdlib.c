// One `#embed` a module; the compiler tracks the files, so an edit is noticed.
#include "CStdlib.h"

static const unsigned char inspect[] = {
#embed "../../stdlib/inspect.lua"
};

static const unsigned char frame[] = {
#embed "frame.lua"
};

static const unsigned char masks[] = {
#embed "../../stdlib/masks.lua"
};

static const unsigned char sandbox[] = {
#embed "../../stdlib/sandbox.lua"
};

static const struct {
    const char *name;
    const unsigned char *source;
    size_t length;
} modules[] = {
    {"inspect", inspect, sizeof inspect},
    {"masks", masks, sizeof masks},
    {"sandbox", sandbox, sizeof sandbox},
};

const size_t cs_module_count = sizeof modules / sizeof *modules;
const char *cs_name(size_t index) { return modules[index].name; }
const unsigned char *cs_source(size_t index) { return modules[index].source; }
size_t cs_length(size_t index) { return modules[index].length; }

static const unsigned char page[] = {
#embed "recorder.html"
};

static const unsigned char page_script[] = {
#embed "recorder.js"
};

const unsigned char *cs_frame(size_t *length) {
    *length = sizeof frame;
    return frame;
}

const unsigned char *cs_page(size_t *length) {
    *length = sizeof page;
    return page;
}

const unsigned char *cs_page_script(size_t *length) {
    *length = sizeof page_script;
    return page_script;
}
