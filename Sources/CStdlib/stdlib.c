// One `#embed` a file; the compiler tracks the files, so an edit is noticed. What is compiled lies in a directory that
// scripts/release names.
#include "CStdlib.h"

static const unsigned char inspect[] = {
#embed "../../stdlib/inspect.lua"
};

static const unsigned char masks[] = {
#embed "../../stdlib/masks.lua"
};

static const unsigned char rootfs[] = {
#embed "../../stdlib/rootfs.lua"
};

static const unsigned char sandbox[] = {
#embed "../../stdlib/sandbox.lua"
};

#if __has_embed(<sandbox.luac>)
#define COMPILED(name) name##_compiled, sizeof name##_compiled
static const unsigned char inspect_compiled[] = {
#embed <inspect.luac>
};

static const unsigned char masks_compiled[] = {
#embed <masks.luac>
};

static const unsigned char rootfs_compiled[] = {
#embed <rootfs.luac>
};

static const unsigned char sandbox_compiled[] = {
#embed <sandbox.luac>
};
#else
#define COMPILED(name) NULL, 0
#endif

static const struct {
    const char *name;
    const unsigned char *source;
    size_t length;
    const unsigned char *compiled;
    size_t compiled_length;
} modules[] = {
    {"inspect", inspect, sizeof inspect, COMPILED(inspect)},
    {"masks", masks, sizeof masks, COMPILED(masks)},
    {"rootfs", rootfs, sizeof rootfs, COMPILED(rootfs)},
    {"sandbox", sandbox, sizeof sandbox, COMPILED(sandbox)},
};

const size_t cs_module_count = sizeof modules / sizeof *modules;
const char *cs_name(size_t index) { return modules[index].name; }
const unsigned char *cs_source(size_t index) { return modules[index].source; }
size_t cs_length(size_t index) { return modules[index].length; }

const unsigned char *cs_compiled(size_t index, size_t *length) {
    *length = modules[index].compiled_length;
    return modules[index].compiled;
}

static const unsigned char frame[] = {
#embed "frame.lua"
};

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
