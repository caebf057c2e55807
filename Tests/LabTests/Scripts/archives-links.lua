-- Links in archives: followed inside the directory as if it were "/", and a hard link is made whole or not at all.
ns.unshare { "mount" }
local place <close> = fs.tmpfs "/mnt"
fs.mkdir "/mnt/src"
local function sh(text) proc.run { "sh", "-euc", "cd /mnt/src; " .. text } end
local function unpack(archive)
    fs.mkdir "/mnt/out"
    return pcall(fs.unpack, archive or "/mnt/a.tar", "/mnt/out")
end
-- A merged /usr: later members lie behind a link of the same archive, and replace what has its other name.
sh [[mkdir -p usr/lib lib.d/deep; echo 1 > usr/lib/a; ln -s usr/lib lib; tar cf ../a.tar lib usr
    tar rf ../a.tar --transform 's,^lib.d,lib,;s,^two$,lib/a,' --mode 750 lib.d/deep
    echo 2 > two; tar rf ../a.tar --transform 's,^two$,lib/a,' two
    tar rf ../a.tar --transform 's,^lib.d,usr/lib,' --mode 711 lib.d/deep]]
assert(unpack())
assert(fs.read "/mnt/out/usr/lib/a" == "2\n" and fs.stat "/mnt/out/lib".target == "usr/lib")
assert(fs.stat "/mnt/out/usr/lib/deep".mode == "0711", "the last member counts, by whatever name")
fs.delete "/mnt/out"
-- A hard link whose two names are one file leaves it alone.
sh [[rm -rf *; mkdir usr; echo kept > usr/a; ln -s usr bin; ln usr/a b; ln usr/a x
    tar cf ../a.tar --transform 's,^x$,bin/a,' bin usr/a x b]]
assert(unpack() and fs.read "/mnt/out/usr/a" == "kept\n" and fs.stat "/mnt/out/b".links == 2)
-- The archive once more, over its own files.
assert(unpack() and fs.read "/mnt/out/b" == "kept\n")
fs.delete "/mnt/out"
-- A hard link without its target makes neither that one's directories nor its own.
sh [[rm -rf *; mkdir -p a/b c/d; echo x > a/b/target; ln a/b/target c/d/name; tar cf ../a.tar a/b/target c/d/name
    tar f ../a.tar --delete a/b/target]]
local ok, err = unpack()
assert(not ok and err.code == "ENOENT" and err.path == "c/d/name" and tostring(err):find("a/b/target", 1, true), err)
assert(#fs.list "/mnt/out" == 0)
fs.delete "/mnt/out"
-- A link that leads nowhere inside is named, with the reason.
sh [[rm -rf *; mkdir -p l.d; echo x > l.d/f; ln -s /no/where l; tar cf ../a.tar l
    tar rf ../a.tar --transform 's,^l.d,l,' l.d/f]]
ok, err = unpack()
assert(not ok and err.code == "ENOENT" and tostring(err):find([[the symbolic link "l"]], 1, true) and err.hint, err)
assert(#fs.list "/mnt/out" == 1)
