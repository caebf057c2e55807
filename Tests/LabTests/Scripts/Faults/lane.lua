-- Runs the demo in namespaces of its own, disturbed in one way, and tells how it ended and what it left behind.
local lane = {}

-- A copy of the demo: its disk has a name that tells its loop device from others, and `edit` may change more.
function lane.demo(source, id, edit)
    local text = fs.read(source):gsub("disk%.img", "disk-" .. id .. ".img")
    return edit and edit(text) or text
end

-- Replaces what must be there, once.
function lane.replace(text, old, new)
    local from, to = text:find(old, 1, true)
    assert(from, "the demo has changed: " .. old)
    return text:sub(1, from - 1) .. new .. text:sub(to + 1)
end

local function loops(id)
    local found = {}
    for _, path in ipairs(fs.glob "/sys/block/loop*/loop/backing_file") do
        local ok, backing = pcall(fs.read, path)
        if ok and backing:find("disk-" .. id .. ".img", 1, true) then found[#found + 1] = "loop device " .. path end
    end
    return found
end

local function processes()
    local found = {}
    for _, process in ipairs(proc.list()) do
        if process.pid ~= 1 and process.state ~= "Z" then found[#found + 1] = "process " .. table.concat(process.command, " ") end
    end
    return found
end

local function links()
    local found = {}
    for _, link in ipairs(net.links()) do if link.name ~= "lo" then found[#found + 1] = "link " .. link.name end end
    return found
end

local function mounts()
    local found = {}
    for _, mount in ipairs(fs.mounts()) do found[#found + 1] = mount.id .. " " .. mount.target end
    return table.concat(found, "\n")
end

-- What is still there after three seconds.
local function leftovers(id, directory, mounted)
    local found
    for _ = 1, 60 do
        found = loops(id)
        for _, list in ipairs { processes(), links() } do table.move(list, 1, #list, #found + 1, found) end
        if #found == 0 then break end
        sys.sleep "50ms"
    end
    if mounts() ~= mounted then found[#found + 1] = "mounts" end
    if proc.capture { "nft", "list", "tables" } ~= "" then found[#found + 1] = "a firewall table" end
    for _, name in ipairs(fs.list(directory .. "/cwd")) do found[#found + 1] = "file " .. name end
    return found
end

-- Starts it; `body(directory)` runs the demo in the lane and returns a process handle. The result comes by `receive`.
function lane.start(directory, id, body)
    return ns.spawn({ "mount", "net", "pid", "uts", "ipc" }, function(parent)
        fs.mount { type = "proc", target = "/proc" }
        fs.mount { type = "sysfs", target = "/sys" }
        net.link "lo":up()
        fs.mkdir(directory .. "/cwd")
        local mounted = mounts()
        local process = body(directory)
        local ok, ending = pcall(process.wait, process, { timeout = "30s" })
        if not ok then ending = { signal = "it hung" } end
        process:release()
        local function read(name) return fs.exists(directory .. "/" .. name) and fs.read(directory .. "/" .. name) or "" end
        parent:send {
            code = ending.code, signal = ending.signal, left = leftovers(id, directory, mounted),
            output = read "output", errors = read "errors", trace = read "trace",
        }
    end)
end

local deadly = { 132, 133, 134, 135, 136, 139 }

-- What is wrong with a result; nil where all is well.
function lane.complaint(result)
    if #result.left > 0 then return "left behind: " .. table.concat(result.left, ", ") end
    if result.signal == "it hung" then return "it hung" end
    local killed = result.trace:match "killed by SIG(%u+)"
    for _, name in ipairs { "ILL", "TRAP", "SEGV", "ABRT", "BUS", "FPE" } do
        if result.signal == name or killed == name then return "a trap, " .. name end
    end
    for _, status in ipairs(deadly) do if result.code == status then return "a trap, status " .. status end end
    if result.errors:find "Fatal error" then return "a trap" end
    if result.code == 0 then return not result.output:find "== The end" and "status 0 without reaching the end" or nil end
    return nil
end

return lane
