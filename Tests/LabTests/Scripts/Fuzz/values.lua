-- Random values for the fuzz: what a declared type wants, and plain nonsense.
local values = {}

local pick = function(list) return list[math.random(#list)] end
values.pick = pick

local cyclic = {}
cyclic.self, cyclic[1], cyclic[cyclic] = cyclic, cyclic, cyclic
local deep = {}
for _ = 1, 300 do deep = { deep } end
-- The border that Lua finds in it is beyond any memory.
local endless = {}
for power = 0, 62 do endless[1 << power] = "x" end
local trapped = setmetatable({}, {
    __index = function() error "index" end, __len = function() error "length" end,
    __pairs = function() error "pairs" end, __tostring = function() error "tostring" end,
    __close = function() error "close" end, __name = "trapped",
})
local closed = io.tmpfile and io.open("/dev/null")
if closed then closed:close() end

local strings = {
    "", "\0", "a\0b", "a\nb", "\n", "\xff\xfe", "\xc0\x80", "\xed\xa0\x80", "é", "%s%n%d", "../../..", "-rf", "--",
        "'\"`$(x)",
    "12Q", "1e309", "0x10", "9223372036854775808", "-1", " ", ":", "::", "/", ".", "..", "//", "a/../b", "{}", "root", "auto",
    "[", "[a", "***", "[!]", "\\", ("x"):rep(15), ("x"):rep(16), ("x"):rep(64), ("x"):rep(65), ("x"):rep(255), ("x"):rep(256),
    "a" .. ("\u{301}"):rep(50), "true", "kind", "__index", "traceback",
}
-- These take their time in a build for debugging.
local long = {
    ("x"):rep(4095), ("x"):rep(4096), ("x/"):rep(2048) .. "x", ("x"):rep(1 << 20), ("\0"):rep(1 << 20), ("\xff"):rep(1 << 20),
    ("é"):rep(2000), ("\u{301}"):rep(500),
}
local numbers = {
    -1, 0, 1, 0.5, -0.0, -0.5, 1 << 15, 1 << 16, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 53, 1 << 62,
    math.maxinteger, math.mininteger, 1e15, 1e19, 1e308, -1e308, 1 / 0, -1 / 0, 0 / 0, 2.0 ^ 63, -2.0 ^ 63, 5e-324,
}
local others = {
    true, false, cyclic, deep, endless, trapped, {}, { {} }, { [1 << 40] = 1 }, { [0.5] = 1 }, { [true] = 1 }, { x = "y" },
    { ["\0"] = 1 }, { 1, nil, 3 }, print, io.stdout, closed, coroutine.create(print), string, { "a", "b", { "c" } },
    { ["\xff"] = "\xff" }, { [1 / 0] = 1 },
}

-- Values that handles add to: those alive, and those released.
values.handles = {}
function values.handle() return #values.handles > 0 and pick(values.handles) or nil end

function values.string()
    if math.random(150) == 1 then return pick(long) end
    if math.random(8) > 1 then return pick(strings) end
    local bytes = {}
    for i = 1, math.random(24) do bytes[i] = string.char(math.random(0, 255)) end
    return table.concat(bytes)
end

function values.nonsense()
    local choice = math.random(10)
    if choice <= 4 then return values.string() end
    if choice <= 6 then return pick(numbers) end
    if choice == 7 then return values.handle() end
    return pick(others)
end

-- Functions to run in a child.
local function overflow() return 1 + overflow() end
local functions = {
    function() end, function() return 1, "two", { 3 } end, function(parent) parent:send "there" end,
    function(parent) parent:send(values.nonsense()) end, function() error "no" end, function() error(values.nonsense()) end,
    function() return values.nonsense() end, function() os.exit(3) end, function() coroutine.yield(1) end, overflow,
    function(parent) parent:receive { timeout = 0.01 } end, function() error() end, function() return print end,
    function() error(setmetatable({}, getmetatable(select(2, pcall(fs.read, ""))))) end,
    function() error(setmetatable({ position = 1, primitive = cyclic, message = "\xff", hint = {}, traceback = 7 },
        getmetatable(select(2, pcall(fs.read, ""))))) end,
    function() return table.unpack({}, 1, pick { 10, 1000, 200000 }) end,
    function() local x <close> = trapped; error "twice" end, print, error, table.concat,
}

local programs = {
    { "true" }, { "false" }, { "sh", "-c", "exit 3" }, { "cat" }, { "echo", "x" }, { "nosuchprogram" }, { "/dev/null" },
    { "sleep", "0.01" }, { "sh", "-c", "kill -9 $$" }, { "/" }, { "printf", "\\377\\0" }, { "/usr/bin/env" },
}
local kinds = { "mount", "uts", "ipc", "net", "pid", "user", "cgroup", "time" }

-- One generator for each type that declarations name. "/" is no path here: walking all of it takes too long.
local types = {
    path = function()
        return pick {
            "a", "a/b", "f", "new" .. math.random(30), "missing/x", "link", "loop", "dangling", "out", "../..", ".", "fifo",
            "/w/1/2/3/f", "/w/1/2/3/a", "/dev/null", "/dev/full", "/proc/self/ns/net", "/etc/passwd",
                "/proc/self/maps", "x.tar",
            "x.tar.gz", "cut.tar.gz", "tree", "tree/deep", "/proc/1", "/dev/fd/0", "n\xff\n", "f/", "a/.", "a/..",
                "link/b", "big",
        }
    end,
    string = function() return values.string() end,
    boolean = function() return math.random(2) == 1 end,
    integer = function() return pick { 0, 1, 2, 7, 100, 1000, 65535, 65536, 1 << 24, -1 } end,
    size = function() return pick { 0, 1, 4096, "64K", "1M", "16MiB", "1.5M", "2GB", "0.1K", 1 << 40, "9999999P" } end,
    duration = function() return pick { 0, 0.001, 0.01, "1ms", "5ms", "10us", "-1s", "", "1x", "s", "0.5ms", "1e3",
        ".", "1..2" } end,
    mode = function() return pick { "0755", "644", "7777", "10000", "", "9", "-1", "0" } end,
    signal = function() return pick { "TERM", "SIGTERM", "HUP", 0, 15, 9, "KILL", "CONT", 64, 65, "", "SIG", "NOSUCH" } end,
    ["function"] = function() return pick(functions) end,
    namespace = function() return pick(kinds) end,
    propagation = function() return pick { "private", "slave", "shared", "unbindable" } end,
    compression = function() return pick { "none", "gzip", "zstd", "xz", "bzip2", "lz4" } end,
    protocol = function() return pick { "tcp", "udp" } end,
    owner = function() return pick { "0:0", "65534", 65534, ":65534", "nobody", "a:b", ":", "1:2:3", 1 << 32, "0x0:0" } end,
    address = function()
        return pick { "127.0.0.1", "10.0.0.2", "::1", "fd00::1", "192.0.2.1", "0.0.0.0", "255.255.255.255", "::",
            "1.2.3", "fe80::1",
            "10.0.0.0/8", "fd00::/64", "1.2.3.4/33", "::ffff:1.2.3.4", "1::2::3", "256.1.1.1" }
    end,
    ["address/prefix"] = function() return pick { "10.1.2.3/24", "fd00::7/64", "10.0.0.1/0", "10.0.0.1/33", "::1/128",
        "/", "1/1" } end,
    ["address:port"] = function() return pick { "10.0.0.2:80", "10.0.0.2:0", "10.0.0.2:65536", ":80", "[::1]:80",
        "10.0.0.2" } end,
    ["network or \"default\""] = function() return pick { "default", "10.2.0.0/16", "10.1.2.3/16", "fd00::/64",
        "0.0.0.0/0" } end,
    ["hardware address"] = function() return pick { "02:00:00:00:00:01", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff",
        "2:0", "zz" } end,
    ["link name"] = function() return pick { "l" .. math.random(9), "lo", "b1", "a/b", "%d", "..", ("x"):rep(15),
        ("x"):rep(16) } end,
    ["link or its name"] = function() return pick { "lo", "l" .. math.random(9), values.handle() or "b1" } end,
    ["pid or handle"] = function() return pick { proc.self(), 1, 99999, (1 << 31) - 1, values.handle() or 2 } end,
    ["user map"] = function()
        return pick { "root", "auto", { { inside = 0, outside = sys.uid(), count = 1 } }, { { inside = 0, outside = 0,
            count = 4294967295 } },
            { { inside = 4294967295, outside = 1, count = 1 } }, { {} }, { { inside = 0, outside = -1, count = 1 } } }
    end,
    ["table of strings"] = function() return pick { {}, { A = "1" }, { A = 1 }, { [""] = "x" }, { ["a=b"] = "c" },
        { A = values.string() } } end,
    ["any plain value"] = function() return values.nonsense() end,
    any = function() return values.nonsense() end,
    ["list of capabilities"] = function() return pick { {}, { "SYS_ADMIN" }, { "CHOWN", "CAP_KILL" }, { "NOSUCH" },
        cap.default, { 1 } } end,
    profile = function()
        return pick { "default", {}, { default = "EPERM" }, { default = "allow", mkdir = "ENOSYS" },
            { base = "default" }, "f",
            { default = "kill", allow = { "read" } }, { default = "EPERM", [1] = "x" }, '{"defaultAction":"SCMP_ACT_ALLOW"}' }
    end,
    ["table of limits"] = function()
        return pick { {}, { open_files = 64 }, { core = 0 }, { open_files = -1 }, { nosuch = 1 }, { core = { 1, 0 } },
            { cpu = 1 << 62 } }
    end,
    ["table of file rules"] = function() return pick { {}, { read = { "a" } }, { ["/"] = "r" }, { execute = { "/usr" },
        write = { "a" } } } end,
    ["memory limit"] = function() return pick { "64M", 0, "max", -1, 1 << 62, "1%" } end,
    ["group name"] = function() return pick { "x", "a/b", "../..", "", "/", "cgroup.procs", ("x"):rep(255) } end,
    ["system call"] = function() return pick { "read", "nosuch", 0, -1, 1 << 40 } end,
    ["kind of device file"] = function() return pick { "c", "b", "p", "x" } end,
    ["list of processors"] = function() return pick { { 0 }, { 0, 1 }, { -1 }, { 1 << 20 }, {}, "0-1" } end,
    ["list of namespaces with options"] = function()
        return { pick(kinds), pick(kinds), users = pick { nil, "root", "auto" }, die_with_parent = pick { nil, true, false },
            propagation = pick { nil, "private", "shared", "x" } }
    end,
}

-- Numbers that make a call wait for days are no use, nor is a count that takes minutes, nor a signal to this very
-- process, nor a FIFO that nobody writes to where waiting for it is right.
local function tamed(kind, name, value)
    if kind == "path" and (value == "/" or value == "//") then return "f" end
    if kind == "duration" and type(value) == "string" and tonumber(value) then return "12Q" end
    if value == "fifo" and (name == "archive" or name:find "^std") then return "f" end
    if type(value) ~= "number" then return value end
    if kind == "pid or handle" and value == proc.self() then return 99999 end
    if kind == "duration" and value > 0.02 and value < 1 / 0 then return "12Q" end
    if kind == "integer" and name == "count" and value >= 3 and value <= 100000 then return 2 end
    return value
end

function values.of(kind, name)
    local roll = math.random(20)
    if roll <= 5 then return tamed(kind, name, values.nonsense()) end
    if kind == "terminal" or kind == "process" or kind == "mount" then return values.handle() end
    local element = kind:match "^list of (.*)$"
    if types[kind] then return tamed(kind, name, types[kind]()) end
    if not element then return values.string() end
    if element == "string" and name == "program" and math.random(10) > 1 then return table.move(pick(programs), 1, 9,
        1, {}) end
    local list = {}
    for i = 1, math.random(0, 4) do list[i] = values.of(element, name) end
    return list
end

-- A value as the log shows it.
function values.shown(value)
    if type(value) ~= "string" then return type(value) == "number" and tostring(value) or type(value) end
    local text = ("%q"):format(value:sub(1, 40)):gsub("\n", "n"):gsub("[^\32-\126]", "?")
    return #value > 40 and text .. "..." .. #value or text
end

return values
