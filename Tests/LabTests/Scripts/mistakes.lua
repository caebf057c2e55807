-- What a person mistypes or writes as in a shell: the error says what was meant.
local tupper = "/proc/" .. proc.self() .. "/exe"
local place = os.tmpname()

local function says(text, ...)
    fs.write(place, text)
    local words = proc.capture { "sh", "-c", tupper .. " script " .. place .. " 2>&1; true" }
    for _, wanted in ipairs { ... } do
        if wanted:sub(1, 1) == "!" then
            assert(not words:find(wanted:sub(2), 1, true), text .. " --> " .. words)
        else
            assert(words:find(wanted, 1, true), text .. " --> " .. words)
        end
    end
end

-- Functions, methods, fields and globals; what a script has of its own is none of them.
says("fs.moutns()", ":1: attempt to call a nil value (field 'moutns')\n  hint: did you mean fs.mounts?\nstack traceback:")
says("fs.umount '/x'", "did you mean fs.unmount?")
says("local f = net\nf.brige 'x'", ":2: ", "did you mean net.bridge?")
says("ns.unshare { 'mount' } fs.tmpfs('/mnt'):releas()", "did you mean mount:release?")
says("ns.unshare { 'mount' } print(fs.tmpfs('/mnt').taget.x)", "did you mean mount.target?")
says("porc.self()", "did you mean proc?")
says("reqiure 'sandbox'", "did you mean require?")
says("fs.moutns = nil local mine = {} mine.mouts()", "!hint")
says("local _ = fs.moutns local mine = {} mine.bridge()", "!hint")
says("fs.somethingelse()", "!hint")

-- Words of a command as arguments.
says("proc.run('ls', '-l')", "a list in braces wanted, got a string\n  hint: proc.run{ \"ls\", \"-l\" }")
says("proc.capture 'ls'", "a list in braces wanted, got a string\n  hint: proc.capture{ \"ls\" }")
says("ns.unshare('mount', 'net')", "hint: ns.unshare{ \"mount\", \"net\" }")
says("proc.run({ 'ls' }, 1, 2)", "!hint")

-- Kinds of namespace as other tools have them.
says("ns.unshare { 'mnt' }", "\"mnt\" is no kind of namespace, did you mean \"mount\"?")
says("ns.id 'network'", "argument 1 (kind)", "did you mean \"net\"?")
says("ns.spawn({ 'usre' }, print)", "hint: did you mean \"user\"?")

-- An error that is a number is told as that number; one of <close> in the name of what releases, and with its line.
says("error(42)", "42\n", "!without words")
says("ns.unshare { 'mount' }\nlocal m <close> = fs.tmpfs '/mnt'\nfs.tmpfs '/mnt'\nlocal x = 1", ":4: mount:release: umount")
says([[ns.unshare { 'mount' }
    local m <close> = fs.tmpfs '/mnt'
    fs.tmpfs '/mnt'
    error "first"
]], "mount:release: umount", "closed after the error: " .. place .. ":4: first")
os.remove(place)
