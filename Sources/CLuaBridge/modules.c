// Modules of C cannot be loaded: the program is one file that exports nothing of Lua. Their searchers say so where they
// find one, rather than that the linker misses a name.
#include "CLuaBridge.h"
#include <lauxlib.h>
#include <string.h>

// What require asks third and fourth: a file by the module's name, and one by the first of its parts. Upvalues:
// `package`, package.searchpath, and whether it is the fourth.
static int find_c_module(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    const char *file = name;
    if (lua_toboolean(L, lua_upvalueindex(3))) {
        const char *dot = strchr(name, '.');
        if (dot == NULL)
            return 0;
        file = lua_pushlstring(L, name, (size_t)(dot - name));
    }
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_pushstring(L, file);
    if (lua_getfield(L, lua_upvalueindex(1), "cpath") != LUA_TSTRING)
        return luaL_error(L, "'package.cpath' must be a string");
    lua_call(L, 2, 2);
    if (lua_isnil(L, -2))
        return 1;
    return luaL_error(
        L, "error loading module '%s' from file '%s':\n\tit is written in C; this program takes modules in Lua only", name,
        lua_tostring(L, -2));
}

// As on a system without dynamic libraries.
static int loadlib(lua_State *L) {
    luaL_checkstring(L, 1);
    luaL_checkstring(L, 2);
    luaL_pushfail(L);
    lua_pushliteral(L, "this program takes modules in Lua only");
    lua_pushliteral(L, "absent");
    return 3;
}

void lb_refuse_c_modules(lua_State *L) {
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchers");
    for (int fourth = 0; fourth <= 1; fourth++) {
        lua_pushvalue(L, -2);
        lua_getfield(L, -3, "searchpath");
        lua_pushboolean(L, fourth);
        lua_pushcclosure(L, find_c_module, 3);
        lua_rawseti(L, -2, 3 + fourth);
    }
    lua_pushcfunction(L, loadlib);
    lua_setfield(L, -3, "loadlib");
    lua_pop(L, 2);
}
