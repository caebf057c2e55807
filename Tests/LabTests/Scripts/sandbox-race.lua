-- Somebody else who may write to a root, as a box that made it, moves /proc away while sandboxes are made of it, and back:
-- what is protected in there is protected wherever it comes to stand.
local sandbox = require "sandbox"
ns.unshare { "mount" }
fs.tmpfs("/mnt", { mode = "0755" })
local root = "/mnt/root"
for _, path in ipairs { "bin", "proc", "away", "sys", "far", "out" } do fs.mkdir(root .. "/" .. path) end
fs.copy("/bin/busybox", root .. "/bin/sh")
fs.symlink("sh", root .. "/bin/cat")
-- renameat2(2), RENAME_EXCHANGE, at intervals that meet every step once.
fs.write("/mnt/racer.pl", [[
    my $number = $ARGV[0] eq "x86_64" ? 316 : 276;
    my @places = map { "/mnt/root/$_" } qw(proc away sys far);
    while (1) {
        syscall($number, -100, $places[$_], -100, $places[$_ + 1], 2) for 0, 2;
        select undef, undef, undef, 0.0001 * rand 8;
    }]])
local racer <close> = ns.spawn({ "mount" }, function() proc.exec { "perl", "/mnt/racer.pl", sys.uname().machine } end)
local seen = 0
for _ = 1, 2000 do
    fs.write(root .. "/out/report", "")
    local ran, problem = pcall(sandbox.run, { root = root, command = { "/bin/sh", "-c", [[
        for at in /proc /away; do
            test -e $at/self && echo is $at
            (: >>$at/sys/kernel/hostname) 2>/dev/null && echo written
            test -s $at/keys && echo read
            test -n "$(cat $at/interrupts 2>/dev/null)" && echo read
        done >/out/report
        for at in /sys /far; do test -e $at/firmware/acpi && echo read; done >>/out/report]] } })
    local report = fs.read(root .. "/out/report")
    assert(not report:find "written" and not report:find "read", report)
    if ran and report:find "is /away" then seen = seen + 1 end
    -- One that finds no /proc where it should be ends instead.
    assert(ran or problem.code == "ENOENT", tostring(problem))
    if seen >= 20 then break end
end
assert(seen >= 20, "nothing was moved")
