// Stepping without a hook. A chunk to be stepped is compiled with a marker before its statements: the read of a field
// of a table, which costs one instruction. Where the field is there nothing happens; where it is not, __index comes
// here. Lua's own line hook makes tight loops four to nine times slower, a marker at most twice.
#include "CLuaBridge.h"
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { chunk_limit = 64 };

// Two tables for each chunk: one lacks only the fields of lines with breakpoints, the other lacks all.
static struct {
    int function, upvalue, some, every;
} chunks[chunk_limit];
static int chunk_count;

static lb_reached reached_function;
static int (*stopped_function)(lua_State *L);
static int is_pausing;
static enum lb_walk walk;
static lua_State *target;
static int target_depth;

// How many functions are active; lua_getstack walks, so the steps double first.
static int depth_of(lua_State *L) {
    lua_Debug frame;
    int low = 0, high = 1;
    while (lua_getstack(L, high, &frame)) {
        low = high;
        high *= 2;
    }
    while (low < high) {
        int middle = (low + high) / 2;
        if (lua_getstack(L, middle, &frame))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void select_tables(lua_State *L, int every) {
    for (int i = 0; i < chunk_count; i++) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, chunks[i].function);
        lua_rawgeti(L, LUA_REGISTRYINDEX, every ? chunks[i].every : chunks[i].some);
        if (chunks[i].upvalue == 0 || lua_setupvalue(L, -2, chunks[i].upvalue) == NULL)
            lua_pop(L, 1);
        lua_pop(L, 1);
    }
}

// What was called from the target returns, or what called it: its statements are of interest again.
static void returned(lua_State *L, lua_Debug *frame) {
    (void)frame;
    if (depth_of(L) > target_depth + 1)
        return;
    lua_sethook(L, NULL, 0, 0);
    lb_hook_again();
    select_tables(L, 1);
}

// A stop that has been asked for keeps its hook.
static void hook_target(int on) {
    if (target == NULL || lb_stop_signal() != 0)
        return;
    lua_sethook(target, on ? returned : NULL, on ? LUA_MASKRET : 0, 0);
    lb_hook_again();
}

// Whether the target is still under way: a coroutine may have yielded or ended.
static int target_waits(void) {
    lua_Debug frame;
    return lua_status(target) == LUA_OK && lua_getstack(target, 0, &frame);
}

int lb_is_wanted(lua_State *L, int has_breakpoint) {
    if (has_breakpoint || walk != lb_walk_shallow)
        return has_breakpoint || walk == lb_walk_every;
    int is_deeper = L == target ? depth_of(L) - 1 > target_depth : target_waits();
    if (is_deeper) {
        select_tables(L, 0);
        hook_target(1);
    }
    return !is_deeper;
}

static int reached(lua_State *L) {
    const char *key = lua_tostring(L, 2);
    int chunk = (int)lua_tointeger(L, lua_upvalueindex(1));
    if (is_pausing || key == NULL || *key != 'l') {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, chunks[chunk].some);
    lua_pushvalue(L, 2);
    int has_breakpoint = lua_rawget(L, -2) == LUA_TNIL;
    lua_settop(L, 2);
    if (lb_is_wanted(L, has_breakpoint)) {
        hook_target(0);
        is_pausing = 1;
        lb_enter(NULL);
        reached_function(L, chunk, atoi(key + 1), has_breakpoint);
        lb_enter(L);
        is_pausing = 0;
    }
    lua_pushboolean(L, 1);
    return 1;
}

// A table whose missing fields are asked of `reached`.
static int make_table(lua_State *L, int chunk, int lines) {
    lua_createtable(L, 0, lines);
    lua_createtable(L, 0, 1);
    lua_pushinteger(L, chunk);
    lua_pushcclosure(L, reached, 1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

int lb_add_chunk(lua_State *L, const char *marker, int lines, lb_reached reached) {
    if (chunk_count == chunk_limit)
        return -1;
    reached_function = reached;
    int chunk = chunk_count++, upvalue = 1;
    const char *name;
    while ((name = lua_getupvalue(L, -1, upvalue)) != NULL) {
        lua_pop(L, 1);
        if (strcmp(name, marker) == 0)
            break;
        upvalue++;
    }
    chunks[chunk].upvalue = name == NULL ? 0 : upvalue;
    lua_pushvalue(L, -1);
    chunks[chunk].function = luaL_ref(L, LUA_REGISTRYINDEX);
    chunks[chunk].some = make_table(L, chunk, lines);
    chunks[chunk].every = make_table(L, chunk, 0);
    for (int line = 1; line <= lines; line++)
        lb_set_breakpoint(L, chunk, line, 0);
    lb_set_walk(L, walk, target, target_depth);
    return chunk;
}

void lb_set_breakpoint(lua_State *L, int chunk, int line, int on) {
    char key[16];
    snprintf(key, sizeof key, "l%d", line);
    lua_rawgeti(L, LUA_REGISTRYINDEX, chunks[chunk].some);
    lua_pushstring(L, key);
    if (on)
        lua_pushnil(L);
    else
        lua_pushboolean(L, 1);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

void lb_set_walk(lua_State *L, enum lb_walk new_walk, lua_State *thread, int depth) {
    hook_target(0);
    walk = new_walk;
    target = thread;
    target_depth = depth;
    // A coroutine must not be collected while it is the target.
    if (thread != NULL) {
        lua_pushthread(thread);
        lua_xmove(thread, L, 1);
    } else {
        lua_pushnil(L);
    }
    lua_rawsetp(L, LUA_REGISTRYINDEX, &target);
    select_tables(L, new_walk != lb_walk_some);
}

int lb_depth(lua_State *L, int level) { return depth_of(L) - level; }

static int stopped(lua_State *L) {
    // What the person runs at the stepper's prompt is stopped itself.
    if (is_pausing)
        return 0;
    is_pausing = 1;
    lb_enter(NULL);
    int is_dealt_with = stopped_function(L);
    lb_enter(L);
    is_pausing = 0;
    return is_dealt_with;
}

void lb_heed_stops_stepping(int (*function)(lua_State *L)) {
    stopped_function = function;
    lb_heed_stops(stopped);
}
