-- Files and ports that a process may touch, as root and as an ordinary user, met by programs that are not ours.
local function refused(fn, ...)
    local ok, err = pcall(fn, ...)
    assert(not ok, "not refused")
    return err
end
assert(landlock.version() >= 1)
ns.unshare { "mount", "net" }
net.link "lo":up()
fs.tmpfs("/mnt", { mode = "0777" })
for _, name in ipairs { "open", "closed" } do
    fs.mkdir("/mnt/" .. name)
    fs.chmod("/mnt/" .. name, "0777")
    fs.write("/mnt/" .. name .. "/file", name)
    fs.chmod("/mnt/" .. name .. "/file", "0666")
end
local base = { "/usr", "/bin", "/lib", "/lib64", "/etc", "/proc", "/dev/null" }
local function run(script, rules, user)
    rules.read = rules.read or base
    return proc.capture { "sh", "-c", "{ " .. script .. "; } 2>&1; true", landlock = rules, user = user,
        no_new_privileges = true }
end
for _, user in ipairs { "0:0", "1000:1000" } do
    assert(run("cat /mnt/open/file", { write = { "/mnt/open" } }, user) == "open")
    assert(run("cat /mnt/closed/file", { write = { "/mnt/open" } }, user):find "Permission denied")
    assert(run("ls /mnt/closed", { write = { "/mnt/open" } }, user):find "Permission denied")
    assert(run("echo x >/mnt/open/new && cat /mnt/open/new && rm /mnt/open/new", { write = { "/mnt/open" } }, user) == "x\n")
    assert(run("echo x >/mnt/closed/file", { write = { "/mnt/open" } }, user):find "Permission denied")
    assert(run("mv /mnt/open/file /mnt/closed/moved; ln /mnt/closed/file /mnt/open/link", { write = { "/mnt/open" } }, user)
        :find "denied")
    -- A single file, and one that can be read only.
    assert(run("echo y >/mnt/open/file; cat /mnt/open/file; ls /mnt/open", { write = { "/mnt/open/file" } }, user)
        :find "^y\n.*denied")
    assert(run("cat /mnt/open/file; echo z >/mnt/open/file", { read = { "/mnt/open", table.unpack(base) } }, user)
        :find "^y\n.*denied")
    fs.write("/mnt/open/file", "open")
    assert(not fs.exists "/mnt/closed/moved" and not fs.exists "/mnt/open/link")
end
-- Ports.
if landlock.version() >= 4 then
    local connect = [[perl -MSocket -e 'socket(S, AF_INET, SOCK_STREAM, 0);
        connect(S, sockaddr_in($ARGV[0], inet_aton("127.0.0.1"))); print $!+0' ]]
    assert(run(connect .. 80, { connect = { 80 } }) == "111" and run(connect .. 81, { connect = { 80 } }) == "13")
    assert(run(connect .. 81, {}) == "111")
end
-- The interpreter itself, for good; more rules only narrow.
local told = proc.fork(function(parent)
    proc.no_new_privileges()
    landlock.restrict { read = { "/mnt" } }
    landlock.restrict { read = { "/mnt/open", "/etc" } }
    parent:send { fs.read "/mnt/open/file", refused(fs.read, "/etc/passwd").code, refused(fs.read, "/mnt/closed/file").code,
        refused(fs.write, "/mnt/open/file", "x").code }
end):receive()
assert(told[1] == "open" and told[2] == "EACCES" and told[3] == "EACCES" and told[4] == "EACCES")
told = proc.fork(function(parent)
    cap.drop "SYS_ADMIN"
    parent:send(refused(landlock.restrict, {}).hint)
end):receive()
assert(told:find "no_new_privileges")
assert(refused(landlock.restrict, { read = { "/mnt/missing" } }).code == "ENOENT")
assert(tostring(refused(landlock.restrict, { reed = {} })):find "did you mean 'read'")
assert(tostring(refused(landlock.restrict, { bind = { 65536 } })):find "0 to 65535")
