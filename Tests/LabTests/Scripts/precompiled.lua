-- What a release has compiled in is what this Lua makes of the same text, with its lines and names.
local here = sys.cwd()
local program = "/tmp/precompile"
proc.run { "sh", "-ec", ("cc -o %s '%s/scripts/precompile.c' $(pkg-config --cflags --libs lua5.4)"):format(program, here) }
for _, path in ipairs(fs.glob(here .. "/stdlib/*.lua")) do
    local name = "=stdlib/" .. path:match "[^/]*$"
    local code = proc.capture { program, path, name }
    assert(code == string.dump(load(fs.read(path), name)), name)
    assert(debug.getinfo(load(code), "S").source == name)
end
-- What is no Lua is told.
fs.write("/tmp/wrong.lua", "local = 1\n")
for _, path in ipairs { "/tmp/wrong.lua", "/tmp/none.lua" } do
    assert(proc.run { "sh", "-c", ("%s %s =wrong 2>/tmp/complaint"):format(program, path), check = false }.code == 1)
    assert(fs.read "/tmp/complaint":find(path, 1, true))
end
for _, path in ipairs { program, "/tmp/wrong.lua", "/tmp/complaint" } do fs.delete(path) end
