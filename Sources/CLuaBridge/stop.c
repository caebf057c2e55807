// Stopping a script: a hook raises an error in it. A hook belongs to one thread of Lua, so it must be known which one
// runs: the functions of `coroutine` that change that have stand-ins here, which costs two assignments a switch.
#define _GNU_SOURCE
#include "CLuaBridge.h"
#include <lauxlib.h>
#include <signal.h>
#include <string.h>

static lb_abandon abandon_function;
static volatile sig_atomic_t stop_signal, is_abandoning;
// How often it was asked for since it was forgotten, and whether the script has noticed the last time.
static volatile sig_atomic_t times_asked, is_unnoticed;
static int times_raised;
// NULL in a primitive, and where no Lua runs.
static lua_State *volatile running;

void lb_abandon_script(int signal) {
    is_abandoning = 1;
    if (abandon_function != NULL)
        abandon_function(signal);
}

static void raise_stop(lua_State *L, lua_Debug *frame);
static int (*heed)(lua_State *L);

void lb_heed_stops(int (*function)(lua_State *L)) { heed = function; }

int lb_offer_stop(lua_State *L) { return stop_signal != 0 && heed != NULL && heed(L); }

// A script may catch the error to tidy up, and gets time for that, but less each time: in the end each instruction is
// refused, outside of the function that catches as well.
static void hook(lua_State *L) {
    static const int patience[] = {1, 1000000, 100000, 1000};
    int rounds = sizeof patience / sizeof *patience;
    int mask = times_raised == 0 || times_asked > 2 ? LUA_MASKCALL | LUA_MASKRET : 0;
    int count = times_asked > 2 || times_raised >= rounds ? 1 : patience[times_raised];
    // To set it again would begin to count again.
    if (lua_gethook(L) != raise_stop || lua_gethookcount(L) != count || (mask & ~lua_gethookmask(L)) != 0)
        lua_sethook(L, raise_stop, mask | LUA_MASKCOUNT, count);
}

static void raise_stop(lua_State *L, lua_Debug *frame) {
    (void)frame;
    if (stop_signal == 0) {
        // It was forgotten while this thread rested.
        lua_sethook(L, NULL, 0, 0);
        return;
    }
    is_unnoticed = 0;
    if (lb_offer_stop(L))
        return;
    times_raised++;
    if ((times_asked > 2 || times_raised > 100) && !is_abandoning)
        lb_abandon_script(stop_signal);
    hook(L);
    luaL_error(L, "interrupted (SIG%s)", sigabbrev_np(stop_signal));
}

lua_State *lb_enter(lua_State *L) {
    lua_State *outer = running;
    running = L;
    // A signal that comes before this line finds the thread by itself.
    if (stop_signal != 0 && L != NULL)
        hook(L);
    return outer;
}

void lb_stop(int signal) {
    stop_signal = signal;
    times_asked++;
    // In a function of C no hook runs. What is held can be released from here, too, unless that interrupts the work
    // of a primitive or of the allocator.
    if (times_asked > 2 && is_unnoticed && running != NULL && !is_abandoning && !lb_is_allocating())
        lb_abandon_script(signal);
    is_unnoticed = 1;
    lb_hook_again();
}

void lb_hook_again(void) {
    if (stop_signal != 0 && running != NULL)
        hook(running);
}

int lb_stop_signal(void) { return stop_signal; }

void lb_forget_stop(void) {
    stop_signal = times_asked = is_unnoticed = 0;
    times_raised = 0;
}

// --- Coroutines ------------------------------------------------------------------------------

static lua_CFunction create_thread, resume_thread, close_thread;

static int resume_coroutine(lua_State *L) {
    lua_State *thread = lua_tothread(L, 1);
    if (thread == NULL)
        return resume_thread(L);
    lb_enter(thread);
    int results = resume_thread(L);
    lb_enter(L);
    return results;
}

// Its original refuses with an error what has functions under way.
static int close_coroutine(lua_State *L) {
    lua_State *thread = lua_tothread(L, 1);
    lua_Debug frame;
    if (thread == NULL || thread == L || (lua_status(thread) == LUA_OK && lua_getstack(thread, 0, &frame)))
        return close_thread(L);
    lb_enter(thread);
    int results = close_thread(L);
    lb_enter(L);
    return results;
}

// What coroutine.wrap gives, as lcorolib.c has it.
static int run_wrapped(lua_State *L) {
    lua_State *thread = lua_tothread(L, lua_upvalueindex(1));
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    int results = resume_coroutine(L);
    if (lua_toboolean(L, -results))
        return results - 1;
    if (lua_status(thread) > LUA_YIELD) {
        lua_pop(L, 1);
        lb_enter(thread);
        lua_resetthread(thread);
        lb_enter(L);
        lua_xmove(thread, L, 1);
    }
    if (lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int wrap_coroutine(lua_State *L) {
    create_thread(L);
    lua_pushcclosure(L, run_wrapped, 1);
    return 1;
}

static lua_CFunction replace(lua_State *L, const char *name, lua_CFunction function) {
    lua_getfield(L, -1, name);
    lua_CFunction original = lua_tocfunction(L, -1);
    lua_pop(L, 1);
    lua_pushcfunction(L, function);
    lua_setfield(L, -2, name);
    return original;
}

void lb_watch_stops(lua_State *L, lb_abandon abandon) {
    abandon_function = abandon;
    lua_getglobal(L, "coroutine");
    lua_getfield(L, -1, "create");
    create_thread = lua_tocfunction(L, -1);
    lua_pop(L, 1);
    resume_thread = replace(L, "resume", resume_coroutine);
    close_thread = replace(L, "close", close_coroutine);
    replace(L, "wrap", wrap_coroutine);
    lua_pop(L, 1);
}
