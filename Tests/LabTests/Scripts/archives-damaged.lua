-- Compressed archives: damage is told, and what other compressors put between their data is passed over.
ns.unshare { "mount" }
local place <close> = fs.tmpfs "/mnt"
fs.mkdir "/mnt/src"
local noise = {}
for i = 1, 5000 do noise[i] = string.char((i * i // 7 + i) % 256) end
fs.write("/mnt/src/file", table.concat(noise))
local function unpack(bytes)
    fs.write("/mnt/archive", bytes)
    fs.mkdir "/mnt/out"
    local ok, err = pcall(fs.unpack, "/mnt/archive", "/mnt/out")
    local same = ok and fs.exists "/mnt/out/file" and fs.read "/mnt/out/file" == table.concat(noise)
    fs.delete "/mnt/out"
    return same, tostring(err)
end
fs.pack("/mnt/src", "/mnt/a.tar")
fs.pack("/mnt/src", "/mnt/a.tar.gz")
fs.pack("/mnt/src", "/mnt/a.tar.zst")
local gzip, zstd = fs.read "/mnt/a.tar.gz", fs.read "/mnt/a.tar.zst"
assert(unpack(gzip) and unpack(gzip .. ("\0"):rep(5000)))
-- The last eight bytes are the checksum and the length.
for back = 1, 8 do
    local at = #gzip - back + 1
    local same, err = unpack(gzip:sub(1, at - 1) .. string.char(gzip:byte(at) ~ 1) .. gzip:sub(at + 1))
    assert(not same and err:find "damaged", err)
end
local same, err = unpack(gzip:sub(1, -5))
assert(not same and err:find "truncated", err)
same, err = unpack(gzip .. "more")
assert(not same and err:find "damaged", err)
local skipped = "\x5a\x2a\x4d\x18\4\0\0\0note"
assert(unpack(skipped .. skipped .. zstd .. skipped))
-- The other compressors: a bit in the middle, a checksum at the end, and half of it.
for _, ending in ipairs { "bz2", "xz", "lz4", "zst" } do
    local path = "/mnt/b.tar." .. ending
    -- libarchive and the program zstd both write checksums; so does lz4 for its frames.
    if ending == "zst" then proc.run { "zstd", "-qf", "--check", "/mnt/a.tar", "-o", path } else fs.pack("/mnt/src", path) end
    local whole = fs.read(path)
    assert(unpack(whole), ending)
    for _, at in ipairs { #whole // 2, #whole - 8 } do
        local wrong, told = unpack(whole:sub(1, at - 1) .. string.char(whole:byte(at) ~ 16) .. whole:sub(at + 1))
        assert(not wrong and (told:find "damaged" or told:find "truncated"), ending .. " at " .. at .. ": " .. told)
    end
    local wrong, told = unpack(whole:sub(1, #whole // 2))
    assert(not wrong and told:find "truncated", ending .. ": " .. told)
end
-- Several members of gzip are one archive, and damage in the second is told.
local plain = fs.read "/mnt/a.tar"
fs.write("/mnt/1", plain:sub(1, 700)) fs.write("/mnt/2", plain:sub(701))
local first, second = proc.capture { "gzip", "-cn", "/mnt/1" }, proc.capture { "gzip", "-cn", "/mnt/2" }
assert(unpack(first .. second) and not unpack(first .. second:sub(1, -9)))
same, err = unpack(first .. second:sub(1, -6) .. "\0" .. second:sub(-4))
assert(not same and err:find "damaged", err)
