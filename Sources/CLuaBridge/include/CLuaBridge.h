// Where Lua's longjmp is kept away from Swift: the trampoline raises after Swift has returned, and
// every call that can raise is made in protected mode from here.
#pragma once
#include <lua.h>

/// Runs primitive `index` with the arguments on the stack. Returns the number of results on top, or
/// -1 with the error value on top.
typedef int (*lb_dispatch)(lua_State *L, lua_Integer index);

/// Called when a script that was asked to stop goes on: releases what is held and ends the process.
typedef void (*lb_abandon)(int signal);

/// A state whose allocator ends the process rather than let memory errors jump.
lua_State *lb_new_state(lb_dispatch dispatch, lb_abandon abandon);
/// Pushes the function that runs primitive `index`.
void lb_push_primitive(lua_State *L, lua_Integer index);
/// Pushes the function that asks primitive `index` for a field which the table on top lacks; pops it.
void lb_push_index(lua_State *L, lua_Integer index);

/// The index of the primitive at a stack index; -1 for any other value.
lua_Integer lb_primitive_index(lua_State *L, int index);
/// What debug.getinfo tells of the function at a stack index, written in Lua or not; valid until the next call.
const lua_Debug *lb_describe(lua_State *L, int index);
/// lua_load for text chunks only, as if so many lines stood before.
int lb_load(lua_State *L, const char *source, size_t length, const char *name, size_t lines_before);
/// lua_load of what lua_dump wrote, and nobody could have changed: Lua does not check it.
int lb_load_compiled(lua_State *L, const char *code, size_t length);
/// lua_pcall with a handler that adds `.traceback` to errors; pops function and arguments.
int lb_call(lua_State *L, int arguments, int results);
/// luaL_tolstring in protected mode: pushes the text of the value at `index`.
void lb_to_text(lua_State *L, int index);
/// luaL_traceback of the running chunk, pushed as a string.
void lb_traceback(lua_State *L, int level);
/// Prints a line on standard error.
void lb_complain(const char *line);
/// Writes to standard output, in order with what Lua's own io writes there.
void lb_print(const char *text, size_t length);
/// lua_pop, which is a macro.
void lb_pop(lua_State *L, int count);
/// The source line a primitive was called from: fills `line`, returns the short source or NULL.
const char *lb_where(lua_State *L, int level, int *line);

/// Asks the running script to stop; to be called by a signal handler.
void lb_stop(int signal);
/// The signal that asked, 0 if none did; `lb_forget_stop` goes back to that.
int lb_stop_signal(void);
void lb_forget_stop(void);
/// Has a function asked before a script is stopped: 1 where it has dealt with that, and forgotten the stop.
void lb_heed_stops(int (*heed)(lua_State *L));
/// Asks it; 0 where there is none, or nothing to stop for.
int lb_offer_stop(lua_State *L);
/// Hooks the running thread again where a stop is asked for and a hook was taken away.
void lb_hook_again(void);
/// Notes which thread of Lua runs from here on, NULL for none; returns which did before.
lua_State *lb_enter(lua_State *L);
/// Stands in for those functions of `coroutine` that change which thread runs.
void lb_watch_stops(lua_State *L, lb_abandon abandon);
/// Has `require` and package.loadlib say that no module of C can be loaded.
void lb_refuse_c_modules(lua_State *L);
/// Calls `before` each time before io.popen starts a program, which it refuses by another value than 0, and
/// `after` once that was started.
void lb_shelter_commands(lua_State *L, int (*before)(void), void (*after)(void));
/// Releases what is held.
void lb_abandon_script(int signal);
/// Whether the allocator was interrupted.
int lb_is_allocating(void);

/// Called at a marked statement of `chunk` that is of interest; must not raise.
typedef void (*lb_reached)(lua_State *L, int chunk, int line, int has_breakpoint);
/// Which marked statements are of interest: those with a breakpoint, also all, or also those of a function that is
/// active at most `depth` deep in `thread`.
enum lb_walk { lb_walk_some, lb_walk_every, lb_walk_shallow };
/// Makes the function on top, whose upvalue `marker` its statements read, one to be stepped; returns its number, -1
/// where there are too many. The function stays.
int lb_add_chunk(lua_State *L, const char *marker, int lines, lb_reached reached);
/// Called where Ctrl-C or another signal finds the script, as the function of lb_heed_stops.
void lb_heed_stops_stepping(int (*stopped)(lua_State *L));
void lb_set_breakpoint(lua_State *L, int chunk, int line, int on);
void lb_set_walk(lua_State *L, enum lb_walk walk, lua_State *thread, int depth);
/// Whether a marked statement that is reached is of interest.
int lb_is_wanted(lua_State *L, int has_breakpoint);
/// How many functions are active below a level, that one included: 1 when a marked statement is reached.
int lb_depth(lua_State *L, int level);
