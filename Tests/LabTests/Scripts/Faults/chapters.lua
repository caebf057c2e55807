-- The demo ended at the head of each of its chapters by an error, by Ctrl-C, and by SIGTERM: DIRECTORY DEMO.
local directory, demo = arg[1], arg[2]
package.path = directory .. "/?.lua"
local lane = require "lane"
-- A copy: the one that runs may be built anew meanwhile.
local tupper = directory .. "/tupper"
fs.copy(fs.stat("/proc/self/exe").target, tupper)

local ways = {
    error = { line = ' error "stop here"', code = 1, words = 'demo.lua:%d+: stop here' },
    -- A terminal sends the signal to all processes of the foreground.
    INT = { line = ' print "stop here" io.stdout:flush() sys.sleep(60)', code = 130, kill = "-INT -" },
    TERM = { line = ' print "stop here" io.stdout:flush() sys.sleep(60)', code = 143, kill = "-TERM " },
}

local function stopping(chapter, line)
    return function(text)
        local count = 0
        return (text:gsub('(chapter "[^\n]*)\n', function(head)
            count = count + 1
            return head .. (count == chapter and line or "") .. "\n"
        end))
    end
end

local function start(id, chapter, way)
    local path = directory .. "/" .. id
    fs.mkdir(path)
    fs.write(path .. "/demo.lua", lane.demo(demo, id, stopping(chapter, way.line)))
    return lane.start(path, id, function()
        local process = proc.spawn { "setsid", tupper, "script", path .. "/demo.lua", stdin = "/dev/null",
            stdout = path .. "/output", stderr = path .. "/errors", cwd = path .. "/cwd" }
        if not way.kill then return process end
        for _ = 1, 4000 do
            if not process:running() or fs.read(path .. "/output"):find "stop here" then break end
            sys.sleep "5ms"
        end
        proc.run { "sh", "-c", "kill " .. way.kill .. process.pid }
        return process
    end)
end

local _, chapters = fs.read(demo):gsub('\n *chapter "', "")
assert(chapters >= 10, "the demo has changed: " .. chapters .. " chapters")
local runs, failed = {}, 0
local function finish()
    local run = table.remove(runs, 1)
    local result = run.box:receive { timeout = "60s" }
    run.box:wait()
    local complaint = lane.complaint(result)
    if not complaint and result.code ~= run.way.code then
        complaint = ("status %s, not %d"):format(result.code or result.signal, run.way.code)
    end
    if not complaint and run.way.words and not result.errors:find(run.way.words) then complaint = "no error shown" end
    if complaint then
        failed = failed + 1
        print(("%s: %s\n%s"):format(run.id, complaint, result.errors))
    end
    fs.delete(directory .. "/" .. run.id)
end
for chapter = 1, chapters do
    for name, way in pairs(ways) do
        local id = name .. "-" .. chapter
        runs[#runs + 1] = { id = id, way = way, box = start(id, chapter, way) }
        if #runs == 4 then finish() end
    end
end
while #runs > 0 do finish() end
print(("%d chapters in %d ways, %d wrong"):format(chapters, 3, failed))
os.exit(failed == 0)
