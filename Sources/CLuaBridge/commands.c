// What starts programs in Lua's own libraries and is not replaced: a host may have something to take out of their reach
// first.
#include "CLuaBridge.h"
#include <lauxlib.h>

static int (*before_command)(void);
static void (*after_command)(void);
static lua_CFunction popen_file;

// Protected, so that what was taken away is given back whatever happens.
static int sheltered_popen(lua_State *L) {
    luaL_checkstring(L, 1);
    luaL_optstring(L, 2, NULL);
    lua_pushcfunction(L, popen_file);
    lua_insert(L, 1);
    if (before_command() != 0)
        return luaL_error(L, "what is open cannot be taken out of the program's reach");
    int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
    after_command();
    return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

void lb_shelter_commands(lua_State *L, int (*before)(void), void (*after)(void)) {
    before_command = before;
    after_command = after;
    lua_getglobal(L, "io");
    lua_getfield(L, -1, "popen");
    popen_file = lua_tocfunction(L, -1);
    lua_pushcfunction(L, sheltered_popen);
    lua_setfield(L, -3, "popen");
    lua_pop(L, 2);
}
