// precompile FILE NAME: compiles the Lua text of FILE, called NAME in messages, to standard output, with the names and
// lines that messages and `step` tell of.
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>

static int put(lua_State *L, const void *piece, size_t size, void *file) {
    (void)L;
    return fwrite(piece, 1, size, file) != size;
}

int main(int count, char *words[]) {
    lua_State *L = luaL_newstate();
    if (count != 3 || L == NULL)
        return 64;
    FILE *file = freopen(words[1], "r", stdin);
    static char text[1 << 20];
    size_t length = file == NULL ? 0 : fread(text, 1, sizeof text, file);
    if (length == 0 || length == sizeof text || luaL_loadbufferx(L, text, length, words[2], "t") != LUA_OK) {
        fprintf(stderr, "%s: %s\n", words[1], lua_gettop(L) > 0 ? lua_tostring(L, -1) : "cannot be read");
        return 1;
    }
    return lua_dump(L, put, stdout, 0) != 0 || fflush(stdout) != 0;
}
