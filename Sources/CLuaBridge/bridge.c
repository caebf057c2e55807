#include "CLuaBridge.h"
#include <lauxlib.h>
#include <lualib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

static lb_dispatch dispatch_function;

// --- The state -------------------------------------------------------------------------------

// Most scripts end before there is anything to collect: the collector's first cycle starts once this much more is in use.
static const int kibibytes_before_collecting = 1024;

static volatile sig_atomic_t is_allocating;
int lb_is_allocating(void) { return is_allocating; }

// What is held is released by code that allocates: this much address space is given back for that first. It is never
// touched, so that it costs one system call.
static const size_t reserve_size = 8 << 20;
static void *reserve = MAP_FAILED;

static void take_reserve(void) {
    reserve = mmap(NULL, reserve_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void free_reserve(void) {
    if (reserve != MAP_FAILED)
        munmap(reserve, reserve_size);
    reserve = MAP_FAILED;
}

static _Noreturn void end_for_lack_of_memory(void) {
    free_reserve();
    static const char message[] = "tupper: out of memory\n";
    (void)!write(STDERR_FILENO, message, sizeof message - 1);
    lb_abandon_script(SIGABRT);
    _exit(134);
}

// Out of memory ends the process: returning NULL would raise LUA_ERRMEM through Swift frames.
static void *allocate(void *unused, void *block, size_t old, size_t size) {
    (void)unused, (void)old;
    if (size == 0) {
        is_allocating = 1;
        free(block);
        is_allocating = 0;
        return NULL;
    }
    is_allocating = 1;
    void *moved = realloc(block, size);
    is_allocating = 0;
    if (moved == NULL)
        end_for_lack_of_memory();
    return moved;
}

static int panic(lua_State *L) {
    fprintf(stderr, "tupper: unprotected Lua error: %s\n", lua_tostring(L, -1));
    abort();
}

lua_State *lb_new_state(lb_dispatch dispatch, lb_abandon abandon) {
    dispatch_function = dispatch;
    // Unlike lua_newstate, it also sets the function that warn() calls. Its allocator is realloc and free, too.
    lua_State *L = luaL_newstate();
    if (L == NULL)
        end_for_lack_of_memory();
    take_reserve();
    lua_setallocf(L, allocate, NULL);
    lua_atpanic(L, panic);
    // A step of a negative size only moves the next cycle away: the collector counts as running, as a script sees it.
    lua_gc(L, LUA_GCSTEP, -kibibytes_before_collecting);
    luaL_openlibs(L);
    lb_refuse_c_modules(L);
    lb_watch_stops(L, abandon);
    return L;
}

// --- Primitives ------------------------------------------------------------------------------

static int run_primitive(lua_State *L) {
    luaL_checkstack(L, LUA_MINSTACK, "too many arguments");
    lb_enter(NULL);
    int results = dispatch_function(L, lua_tointeger(L, lua_upvalueindex(1)));
    lb_enter(L);
    if (results < 0)
        lb_offer_stop(L);
    return results >= 0 ? results : lua_error(L);
}

void lb_push_primitive(lua_State *L, lua_Integer index) {
    lua_pushinteger(L, index);
    lua_pushcclosure(L, run_primitive, 1);
}

lua_Integer lb_primitive_index(lua_State *L, int index) {
    if (lua_tocfunction(L, index) != run_primitive || lua_getupvalue(L, index, 1) == NULL)
        return -1;
    lua_Integer primitive = lua_tointeger(L, -1);
    lua_pop(L, 1);
    return primitive;
}

const lua_Debug *lb_describe(lua_State *L, int index) {
    static lua_Debug function;
    lua_pushvalue(L, index);
    return lua_getinfo(L, ">S", &function) ? &function : NULL;
}

static int look_up(lua_State *L) {
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL)
        return 1;
    lua_pop(L, 1);
    return run_primitive(L);
}

void lb_push_index(lua_State *L, lua_Integer index) {
    lua_pushinteger(L, index);
    lua_insert(L, -2);
    lua_pushcclosure(L, look_up, 2);
}

// --- Protected calls -------------------------------------------------------------------------

struct text {
    const char *source;
    size_t length, lines_before;
};

static const char *read_text(lua_State *L, void *data, size_t *length) {
    static const char lines[] = "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n";
    (void)L;
    struct text *text = data;
    if (text->lines_before > 0) {
        *length = text->lines_before < sizeof lines - 1 ? text->lines_before : sizeof lines - 1;
        text->lines_before -= *length;
        return lines;
    }
    *length = text->length;
    text->length = 0;
    return *length > 0 ? text->source : NULL;
}

int lb_load(lua_State *L, const char *source, size_t length, const char *name, size_t lines_before) {
    struct text text = {source, length, lines_before};
    return lua_load(L, read_text, &text, name, "t");
}

int lb_load_compiled(lua_State *L, const char *code, size_t length) {
    struct text text = {code, length, 0};
    return lua_load(L, read_text, &text, "=compiled", "b");
}

// Error objects are tables: they get `.traceback` once, where they were raised. Other values stay.
static int add_traceback(lua_State *L) {
    if (lua_type(L, 1) == LUA_TTABLE) {
        lua_pushliteral(L, "traceback");
        if (lua_rawget(L, 1) == LUA_TNIL && luaL_getmetafield(L, 1, "__name") != LUA_TNIL) {
            lua_pushliteral(L, "traceback");
            luaL_traceback(L, L, NULL, 1);
            lua_rawset(L, 1);
        }
        lua_settop(L, 1);
    } else if (lua_type(L, 1) == LUA_TSTRING) {
        luaL_traceback(L, L, lua_tostring(L, 1), 1);
    }
    return 1;
}

int lb_call(lua_State *L, int arguments, int results) {
    int base = lua_gettop(L) - arguments;
    lua_pushcfunction(L, add_traceback);
    lua_insert(L, base);
    lua_State *outer = lb_enter(L);
    int status = lua_pcall(L, arguments, results, base);
    lb_enter(outer);
    lua_remove(L, base);
    return status;
}

static int to_text(lua_State *L) {
    luaL_tolstring(L, 1, NULL);
    return 1;
}

void lb_to_text(lua_State *L, int index) {
    index = lua_absindex(L, index);
    lua_pushcfunction(L, to_text);
    lua_pushvalue(L, index);
    lua_State *outer = lb_enter(L);
    int status = lua_pcall(L, 1, 1, 0);
    lb_enter(outer);
    if (status != LUA_OK) {
        lua_pop(L, 1);
        lua_pushfstring(L, "(a %s that cannot be shown)", luaL_typename(L, index));
    }
}

void lb_traceback(lua_State *L, int level) { luaL_traceback(L, L, NULL, level); }

// In one call, so that the lines of several processes do not mix.
void lb_complain(const char *line) {
    struct iovec parts[] = {{(void *)line, strlen(line)}, {"\n", 1}};
    (void)!writev(STDERR_FILENO, parts, 2);
}

void lb_print(const char *text, size_t length) { fwrite(text, 1, length, stdout); }

void lb_pop(lua_State *L, int count) { lua_settop(L, -count - 1); }

const char *lb_where(lua_State *L, int level, int *line) {
    static lua_Debug frame;
    if (!lua_getstack(L, level, &frame) || !lua_getinfo(L, "Sl", &frame))
        return NULL;
    *line = frame.currentline;
    return frame.short_src;
}
