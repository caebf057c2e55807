-- What this program has open is in nobody's reach by way of /proc/self/fd: neither of a program that an image names, nor
-- of the interpreter that the program's first line names, which the kernel looks for before it closes anything
-- (CVE-2024-21626).
local sandbox = require "sandbox"
ns.unshare { "mount" }
fs.tmpfs("/mnt", { mode = "0755" })
local root = "/mnt/root"
for _, path in ipairs { "bin", "proc", "out" } do fs.mkdir(root .. "/" .. path) end
fs.copy("/bin/busybox", root .. "/bin/busybox")
fs.symlink("busybox", root .. "/bin/sh")
-- A program of the host's, in a directory that everything on the way to may lead to.
fs.mkdir "/mnt/host"
fs.copy("/bin/busybox", "/mnt/host/touch")

-- What a process has open: a list of lines, as "7 /run/tupper".
local function open_files(pid)
    local lines = {}
    for _, name in ipairs(fs.list(("/proc/%s/fd"):format(pid))) do
        local found, to = pcall(proc.capture, { "readlink", ("/proc/%s/fd/%s"):format(pid, name) })
        if found and tonumber(name) > 2 and not to:find "^/proc/" then lines[#lines + 1] = name .. " " .. to:gsub("\n", "") end
    end
    return lines
end

-- There is something to be reached: a box that is being made has directories of the host open.
do
    local maker <close> = proc.fork(function()
        sandbox.run { root = root, command = { "sh" }, setup = function() sys.sleep(60) end }
    end)
    local directories = 0
    for _ = 1, 200 do
        directories = 0
        for _, process in ipairs(proc.list()) do
            for _, line in ipairs(process.parent == maker.pid and open_files(process.pid) or {}) do
                local path = line:match "^%d+ (/[^(]+)$"
                if path and fs.exists(path) and fs.stat(path).type == "directory" then directories = directories + 1 end
            end
        end
        if directories > 0 then break end
        sys.sleep "5ms"
    end
    assert(directories > 0)
    -- Killed, it could not take away what it made.
    maker:signal "TERM"
    pcall(maker.wait, maker)
end

local evil = root .. "/evil"
local ways = {
    interpreter = function(path) fs.write(evil, ("#!%s /out/reached"):format(path), { mode = "0755" }) end,
    link = function(path) fs.symlink(path, evil) end,
}
for name, way in pairs(ways) do
    for number = 3, 30 do
        for _, up in ipairs { "../..", "../../..", "../../../..", "../../../../.." } do
            pcall(fs.remove, evil)
            way(("/proc/self/fd/%d/%s/mnt/host/touch"):format(number, up))
            local ran, result = pcall(sandbox.run, { root = root, command = { "/evil", "/out/reached" }, masked = false })
            local known = { ENOENT = true, ENOTDIR = true, ELOOP = true, [126] = ran, [127] = ran }
            assert(known[result.code], ("%s by %d %s: %s"):format(name, number, up, result.code or result))
            assert(not fs.exists(root .. "/out/reached"))
        end
    end
end

-- The same for Lua's own ways to start a program, for which the image brings the shell.
pcall(fs.remove, evil)
fs.mkdir(root .. "/dev")
local box = ns.spawn({ "mount", "pid" }, function(parent)
    fs.mount { type = "proc", target = "/proc", root = root }
    dev.populate(root)
    fs.pivot(root)
    fs.remove "/bin/sh"
    for number = 3, 20 do
        for _, up in ipairs { "../..", "../../..", "../../../.." } do
            fs.write("/bin/sh", ("#!/proc/self/fd/%d/%s/mnt/host/touch /out/reached"):format(number, up), { mode = "0755" })
            os.execute "true"
            local printed = io.popen "true"
            if printed then
                printed:read "a"
                printed:close()
            end
            assert(not fs.exists "/out/reached")
        end
    end
    fs.remove "/bin/sh"
    fs.symlink("busybox", "/bin/sh")
    local function seen(line)
        local printed = io.popen(line)
        local text = printed:read "a"
        printed:close()
        return text
    end
    assert(select(3, os.execute "exit 7") == 7 and os.execute() and not pcall(os.execute, {}) and not pcall(io.popen))
    parent:send(seen "/bin/busybox ls /proc/self/fd")
    -- This program's own file either (CVE-2019-5736): who runs it is told first that it is busy, but not on a mount that
    -- refuses writing.
    parent:send(seen "/bin/busybox chmod 777 /proc/1/exe 2>&1; /bin/busybox touch /proc/1/exe 2>&1")
end)
assert(box:receive() == "0\n1\n2\n3\n")
local told = box:receive()
assert(select(2, told:gsub("Read%-only file system", "")) == 2, told)
assert(box:wait().code == 0)

-- Nor do those serve that the caller has left open, near or far away.
for _, number in ipairs { 5, 40, 300 } do
    pcall(fs.remove, evil)
    ways.interpreter(("/proc/self/fd/%d/mnt/host/touch"):format(number))
    fs.write("/mnt/inner.lua", [[
        local ran, result = pcall(require "sandbox".run, { root = "/mnt/root", command = { "/evil" } })
        os.exit(ran and result.code < 126 and 1 or 0)]])
    local shell = ('exec %d</; exec "$@"'):format(number)
    proc.run { "bash", "-c", shell, "bash", "/proc/" .. proc.self() .. "/exe", "script", "/mnt/inner.lua" }
    assert(not fs.exists(root .. "/out/reached"))
end

-- A process whose program cannot be run goes on with all that it had, however much that is.
fs.write("/mnt/broken", "#!/mnt/nowhere\n", { mode = "0755" })
fs.mkdir "/mnt/tree"
fs.write("/mnt/tree/file", "seen")
-- What the caller left open, far from the rest, does not survive the first.
pcall(proc.exec, { "/mnt/broken" })
for _, many in ipairs { 1, 30, 255, 700 } do
    local trees = {}
    for number = 1, many do trees[number] = fs.tree "/mnt/tree" end
    -- With holes, and one that is far away.
    for number = 1, many, 7 do if number > 1 then trees[number]:release() end end
    local before = open_files(proc.self())
    for _ = 1, 3 do
        local ran, problem = pcall(proc.exec, { "/mnt/broken" })
        assert(not ran and problem.code == "ENOENT")
    end
    assert(table.concat(open_files(proc.self()), "\n") == table.concat(before, "\n"), many)
    trees[many]:attach("/mnt/place", { mkdir = true })
    assert(fs.read "/mnt/place/file" == "seen")
    fs.unmount("/mnt/place", { detach = true })
    -- One that can be run is given nothing of it.
    local child = proc.fork(function(parent)
        fs.write("/mnt/listed", "")
        parent:send(#open_files(proc.self()))
        proc.exec { "sh", "-c", "ls /proc/self/fd >/mnt/listed" }
    end)
    assert(child:receive() >= many * 6 // 7 and child:wait().code == 0)
    assert(fs.read "/mnt/listed" == "0\n1\n2\n3\n")
    for number = 1, many do trees[number]:release() end
end
-- So does one that may have few files open from then on, and what it tells is heard.
for _, few in ipairs { 3, 6, 10 } do
    local limited = ns.spawn({ "mount" }, function()
        proc.exec { "/mnt/broken", limits = { open_files = few } }
    end)
    local ended, problem = pcall(limited.wait, limited)
    assert(not ended and problem.code == "ENOENT", tostring(problem))
end
