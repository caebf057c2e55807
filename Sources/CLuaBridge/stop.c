// Stopping a script: a hook raises an error in it. A hook belongs to one thread of Lua, so it must be known which one
// runs: the functions of `coroutine` that change that have stand-ins here, which costs two assignments a switch.
#define _GNU_SOURCE
#include "CLuaBridge.h"
#include <errno.h>
#include <lauxlib.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

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

// --- What no hook reaches ------------------------------------------------------------------------

// In a function of C and in a finalizer no hook runs. A clock that ticks from a stop on finds a script that stays there.
static const long tick_nanoseconds = 500000000;
static const int ticks_before_noticed = 2, ticks_after_noticed = 6;
static volatile sig_atomic_t ticks, ticks_in_primitives;
// How many primitives began since the script last noticed: many in a finalizer that calls them again and again.
static int primitives_begun;
static const int most_primitives = 1000;
static int clock_timer = -1;
static pid_t clock_owner;

static void reset_ticks(void) { ticks = ticks_in_primitives = primitives_begun = 0; }

static void set_clock(long nanoseconds) {
    struct itimerspec interval = {{0, nanoseconds}, {0, nanoseconds}};
    if (clock_timer >= 0 && clock_owner == getpid())
        syscall(SYS_timer_settime, clock_timer, 0, &interval, NULL);
}

static void tick(int signal) {
    (void)signal;
    int saved = errno;
    if (stop_signal == 0 || is_abandoning)
        set_clock(0);
    // A primitive returns by itself, and the allocator must not be interrupted.
    else if (running == NULL || lb_is_allocating())
        ticks_in_primitives++;
    else if (++ticks >= (times_raised == 0 ? ticks_before_noticed : ticks_after_noticed))
        lb_abandon_script(stop_signal);
    errno = saved;
}

// Called by a signal handler: the timer of the C library would be made with memory of malloc's. A copy of the process
// does not have it.
static void start_clock(void) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMAX};
    struct sigaction action = {.sa_handler = tick, .sa_flags = SA_RESTART};
    if (clock_timer < 0 || clock_owner != getpid()) {
        if (sigaction(SIGRTMAX, &action, NULL) != 0 ||
            syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &clock_timer) != 0) {
            clock_timer = -1;
            return;
        }
        clock_owner = getpid();
    }
    reset_ticks();
    set_clock(tick_nanoseconds);
}

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
    reset_ticks();
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
    else if (stop_signal != 0 && ++primitives_begun > most_primitives && !is_abandoning &&
             ticks_in_primitives >= ticks_after_noticed)
        lb_abandon_script(stop_signal);
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
    // What Ctrl-C interrupts at a prompt may take its time: somebody is there who can press it again.
    if (signal != SIGINT && times_asked == 1)
        start_clock();
    lb_hook_again();
}

void lb_hook_again(void) {
    if (stop_signal != 0 && running != NULL)
        hook(running);
}

int lb_stop_signal(void) { return stop_signal; }

void lb_forget_stop(void) {
    if (stop_signal != 0)
        set_clock(0);
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
