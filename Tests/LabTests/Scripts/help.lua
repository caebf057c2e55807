-- help and source, as a script or a prompt calls them: what they print is caught by running a second tupper.
local program = fs.stat "/proc/self/exe".target
local function printed(code)
  return (proc.capture { program, "script", "-", input = code })
end
local function refused(code)
  return printed("local ok, err = pcall(function() " .. code .. " end) print(err.message, err.hint)")
end

-- By name, by value, by handle.
local entry = printed "help 'fs.bind'"
assert(entry:find("fs.bind(source, target, [options])", 1, true), entry)
assert(entry:find("mount --bind|--rbind", 1, true) or entry:find("--rbind|--bind", 1, true), entry)
assert(printed "help(fs.bind)" == entry)
assert(printed "help(net.link 'lo')":find("link:rename(name)", 1, true))
assert(printed "help(net.link 'lo'.up)" == printed "help 'link:up'")
assert(printed "help(fs)" == printed "help 'fs'")
assert(printed "help()":find("namespaces" , 1, true) or printed "help()":find "Namespaces")
assert(printed "help 'umount'":find("fs.unmount", 1, true))
assert(printed "help(os.exit)":find("os.exit([code], [close])", 1, true))

-- The stdlib, by its comments and its source.
assert(printed "help(require 'inspect')":find("inspect.text", 1, true))
assert(printed "help(require 'inspect'.text)":find("Options: `depth`", 1, true))
assert(printed "source(require 'inspect'.text)":find "^function inspect.text%(value, options%).*\nend\n$")
assert(printed "source 'inspect'":find "^%-%-%- Prints any value")
assert(printed "source(load('return function() return 42 end')())" == "return function() return 42 end\n")

-- A script's own function is shown from its file.
fs.write("/tmp/tupper-help.lua", "local x\nlocal function f()\n  return 1\nend\nsource(f)\n")
assert((proc.capture { program, "script", "/tmp/tupper-help.lua" }) == "local function f()\n  return 1\nend\n")
fs.remove "/tmp/tupper-help.lua"

-- What there is no help on.
assert(refused "help 'fs.mout'":find('did you mean "fs.mount"?', 1, true))
assert(refused "help 'zzzzzzzzzz'":find("help() lists what there is", 1, true))
assert(refused "help(42)":find("there is no help on a number", 1, true))
assert(refused "help(print)":find "function of Lua's own")
assert(refused "help(function() end)":find("source(...) shows it", 1, true))
assert(refused "source(fs.bind)":find("a primitive, written in Swift", 1, true))
assert(refused "source(print)":find "a function that is written in Lua wanted")
assert(refused "source 'nothing'":find "no module of the stdlib")
assert(refused "help(fs, fs, fs)":find "2 arguments at most")

-- They are there without having been asked for, and a script may use their names.
assert(printed "help = 1; print(help)" == "1\n")
assert(rawget(_G, "help") == help and type(help) == "function")

-- What the comments of the sandbox say of its options is what it takes, and what holds where they are left out.
local text = printed "source 'sandbox'"
local sandbox = require "sandbox"
local box <close> = sandbox.start { root = "/", command = { "/bin/true" } }
local described = {}
for name, mark, rest in text:match "(%-%-%-@field root.-\n)local defaults":gmatch "@field (%S-)(%??) (%S.-)\n" do
  described[name] = true
  local default = rest:match "%[([^%[]*)%]$"
  assert((mark == "?") == (default ~= nil), name)
  local held = box.options[name]
  if default and type(held) ~= "table" and type(held) ~= "userdata" and held ~= nil then
    assert(load("return " .. default, "=default", "t", {})() == held, name)
  end
end
for name in text:match "local types = (%b{})":gmatch "([%w_]+) = " do
  assert(described[name], name)
  described[name] = nil
end
assert(next(described) == nil, next(described))
-- Each method has a line of its own, and says something.
local methods = printed "help 'sandbox'":match "methods\n(.*)$"
for _, name in ipairs { "run", "capture", "spawn", "wait", "release" } do
  assert(methods:find("Box:" .. name .. " +%u"), name)
end
