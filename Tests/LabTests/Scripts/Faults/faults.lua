-- Every system call of the demo made to fail: DIRECTORY DEMO SEED MOST. A first run under strace counts the calls of the
-- script's own process and of the container's; then each run fails one of them once. MOST is how many runs there may be; where
-- more would be due, chance takes them, those first that the container is made with.
local directory, demo, seed, most = arg[1], arg[2], math.tointeger(arg[3]), math.tointeger(arg[4])
package.path = directory .. "/?.lua"
local lane = require "lane"
-- A copy: the one that runs may be built anew meanwhile.
local tupper = directory .. "/tupper"
fs.copy(fs.stat("/proc/self/exe").target, tupper)
math.randomseed(seed)

-- Memory, signals, time and numbers of processes: nothing to report where they fail, or nothing that can.
local passed_over = {}
for name in ([[mmap munmap mprotect brk madvise futex rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack getpid gettid
    getppid getuid geteuid getgid getegid set_tid_address set_robust_list rseq arch_prctl prlimit64 exit_group exit close
    sched_getaffinity getrandom fadvise64 access restart_syscall getcwd clock_gettime clock_nanosleep execve]]):gmatch "%S+" do
    passed_over[name] = true
end
local privileged = {}
for name in ([[unshare clone3 pivot_root chroot setns mount_setattr move_mount open_tree fsopen fsconfig fsmount umount2
    sethostname ioctl openat2 sendto memfd_create socketpair pipe2 pidfd_open]]):gmatch "%S+" do
    privileged[name] = true
end
local codes = { "EPERM", "ENOMEM", "EINVAL", "EIO", "ENOSPC", "EBUSY", "ENOENT", "EACCES", "EMFILE" }

-- The container waits until strace has found it.
local function attachable(path)
    return function(text)
        text = lane.replace(text, "local function inside(parent)\n", "local function inside(parent) parent:receive()\n")
        return lane.replace(text, "inside)\n", ([[inside)
            fs.write("%s/pid", tostring(box.pid))
            while fs.read("/proc/" .. box.pid .. "/status"):find "TracerPid:%%s*0\n" do sys.sleep "2ms" end
            box:send "go"
        ]]):format(path):gsub("\n%s*", " ") .. "\n")
    end
end

local function start(id, where, options)
    local path = directory .. "/" .. id
    fs.mkdir(path)
    fs.write(path .. "/demo.lua", lane.demo(demo, id, where == "container" and attachable(path) or nil))
    return lane.start(path, id, function()
        local words = { tupper, "script", path .. "/demo.lua" }
        local files = { stdin = "/dev/null", stdout = path .. "/output", stderr = path .. "/errors", cwd = path .. "/cwd" }
        local strace = { "strace", "-q", "-o", path .. "/trace" }
        table.move(options, 1, #options, #strace + 1, strace)
        if where == "script" then
            table.move(words, 1, #words, #strace + 1, strace)
            for key, value in pairs(files) do strace[key] = value end
            return proc.spawn(strace)
        end
        for key, value in pairs(files) do words[key] = value end
        local process = proc.spawn(words)
        for _ = 1, 5000 do
            if not process:running() then return process end
            if fs.exists(path .. "/pid") and fs.read(path .. "/pid") ~= "" then break end
            sys.sleep "2ms"
        end
        table.move({ "-p", fs.read(path .. "/pid") }, 1, 2, #strace + 1, strace)
        -- It ends with whom it traces.
        strace.stderr, strace.die_with_parent = "/dev/null", false
        proc.spawn(strace):keep()
        return process
    end)
end

-- The calls in order, from where the program proper begins; each with its number among its like.
local function plan(where)
    local box = start("count-" .. where, where, { "-s", "0" })
    local result = box:receive()
    assert(result.code == 0, result.errors .. result.output)
    local begun, seen, calls = where == "container", {}, {}
    for name in ("\n" .. result.trace):gmatch "\n([%l_%d]+)%(" do
        seen[name] = (seen[name] or 0) + 1
        if name == "eventfd2" then begun = true end
        if name == "execve" and begun then break end
        if begun and not passed_over[name] then calls[#calls + 1] = { where = where, name = name, number = seen[name] } end
    end
    return calls
end

local function shuffle(list)
    for i = #list, 2, -1 do
        local j = math.random(i)
        list[i], list[j] = list[j], list[i]
    end
end

local function sample(calls)
    shuffle(calls)
    local taken, first, second, third = {}, {}, {}, {}
    for _, call in ipairs(calls) do
        local key = call.where .. call.name
        taken[key] = (taken[key] or 0) + 1
        local list = taken[key] == 1 and first or privileged[call.name] and taken[key] <= 6 and second or third
        list[#list + 1] = call
    end
    for _, list in ipairs { second, third } do table.move(list, 1, #list, #first + 1, first) end
    return table.move(first, 1, math.min(most, #first), 1, {})
end

local calls = plan "script"
local inside = plan "container"
table.move(inside, 1, #inside, #calls + 1, calls)
local all = #calls
calls = sample(calls)
print(("seed %d: %d of %d calls, %d of them in the container"):format(seed, #calls, all, #inside))

local failed, refused, missed = 0, 0, 0
local function report(call, words)
    failed = failed + 1
    print(("%s %d of the %s with %s: %s"):format(call.name, call.number, call.where, call.code, words))
end
local function judge(call, result)
    local complaint = lane.complaint(result)
    if not result.trace:find "INJECTED" then missed = missed + 1 end
    if result.code ~= 0 then
        refused = refused + 1
        -- A place or the program's name, what was done, and why.
        local first = result.errors:match "[^\n]*"
        if not complaint and not (first:find "^[^ ]+%.lua:%d+: ." or first:find "^tupper: .")
            then complaint = "no readable error" end
    end
    -- What was printed is then lost, as any program's.
    if call.name == "write" and result.code == 0 then complaint = nil end
    if complaint then report(call, complaint .. "\n" .. result.errors .. result.output:sub(-200)) end
end

local lanes, at_once = {}, 4
local function finish()
    local next_one = table.remove(lanes, 1)
    local result = next_one.box:receive { timeout = "60s" }
    next_one.box:wait()
    judge(next_one.call, result)
    fs.delete(directory .. "/" .. next_one.id)
end
for number, call in ipairs(calls) do
    call.code = codes[math.random(#codes)]
    local id = "run-" .. number
    local inject = ("inject=%s:error=%s:when=%d"):format(call.name, call.code, call.number)
    lanes[#lanes + 1] = { call = call, id = id,
        box = start(id, call.where, { "-e", "trace=" .. call.name, "-e", inject, "-e",
            "signal=ILL,TRAP,SEGV,ABRT,BUS,FPE" }) }
    if #lanes == at_once then finish() end
end
while #lanes > 0 do finish() end
print(("%d runs: %d refused, %d served all the same, %d not reached, %d wrong"):format(
    #calls, refused, #calls - refused, missed, failed))
os.exit(failed == 0)
