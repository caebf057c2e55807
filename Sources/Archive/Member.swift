internal import CArchive
internal import Glibc
internal import Kernel

/// What an archive says of one member: the fields of its header, checked.
@safe struct Member {
    let entry: OpaquePointer
    let path: MemberPath
    /// S_IFREG and so on; 0 for a hard link.
    let type: UInt32
    let mode: UInt32
    let user: UInt32
    let group: UInt32
    let modified: timespec
    let size: Int64
    /// What a hard link is another name of.
    let hardLink: MemberPath?

    /// The name as the archive has it.
    var name: [UInt8] { path.original }

    init(_ entry: OpaquePointer) throws(ArchiveError) {
        let name = unsafe bytes(archive_entry_pathname(entry)) ?? []
        unsafe self.entry = unsafe entry
        path = try MemberPath(name, of: name, as: "its name")
        if let target = unsafe bytes(archive_entry_hardlink(entry)) {
            hardLink = try MemberPath(target, of: name, as: "the hard link's target")
            type = 0
        } else {
            hardLink = nil
            type = unsafe archive_entry_filetype(entry)
        }
        mode = unsafe archive_entry_perm(entry) & 0o7777
        guard let user = unsafe UInt32(exactly: archive_entry_uid(entry)),
            let group = unsafe UInt32(exactly: archive_entry_gid(entry)), user != .max, group != .max
        else { throw ArchiveError(name, "its owner's number is out of range") }
        (self.user, self.group) = (user, group)
        modified = unsafe timespec(
            tv_sec: archive_entry_mtime(entry),
            tv_nsec: max(0, min(999_999_999, archive_entry_mtime_nsec(entry))))
        size = unsafe archive_entry_size(entry)
    }

    /// A symbolic link's text.
    var linkText: [UInt8] { unsafe bytes(archive_entry_symlink(entry)) ?? [] }
    /// A device's number.
    var device: UInt { unsafe archive_entry_rdev(entry) }

    /// Extended attributes, ACLs among them in the kernel's form. `all` or only the `user.` ones.
    func attributes(all: Bool, _ accounts: Accounts.Numbers) throws(ArchiveError) -> [Attribute] {
        var found: [Attribute] = []
        if unsafe archive_entry_xattr_reset(entry) > 0 {
            var (key, value, size): (UnsafePointer<CChar>?, UnsafeRawPointer?, Int) = (nil, nil, 0)
            while unsafe archive_entry_xattr_next(entry, &key, &value, &size) == ARCHIVE_OK {
                let name = decoded(unsafe bytes(key) ?? [])
                guard all || name.starts(with: Array("user.".utf8)) else { continue }
                let content = unsafe Array(UnsafeRawBufferPointer(start: value, count: size))
                found.append(Attribute(name: name, value: content))
            }
        }
        guard unsafe archive_entry_acl_types(entry) != 0 else { return found }
        for isDefault in [false, true] {
            if let list = try unsafe AccessList.read(entry, isDefault: isDefault, of: name, accounts) {
                found.append(list)
            }
        }
        return found
    }
}

/// An attribute's name without the percent signs that libarchive and GNU tar write for what pax's records cannot hold.
private func decoded(_ name: [UInt8]) -> [UInt8] {
    var (result, rest): ([UInt8], ArraySlice<UInt8>) = ([], name[...])
    while let first = rest.popFirst() {
        let digits = rest.prefix(2)
        if first == 37, digits.count == 2, digits.first != 43,
            let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), byte != 0
        {
            result.append(byte)
            rest = rest.dropFirst(2)
        } else {
            result.append(first)
        }
    }
    return result
}

/// An extended attribute, xattr(7).
struct Attribute {
    let name: [UInt8]
    let value: [UInt8]
}

/// POSIX ACLs, acl(5), between libarchive's entries and the kernel's `system.posix_acl_*` attributes.
enum AccessList {
    static let accessName = Array("system.posix_acl_access".utf8)
    static let defaultName = Array("system.posix_acl_default".utf8)
    private static let tags: [(archive: Int32, kernel: UInt16)] = [
        (ARCHIVE_ENTRY_ACL_USER_OBJ, 0x01), (ARCHIVE_ENTRY_ACL_USER, 0x02),
        (ARCHIVE_ENTRY_ACL_GROUP_OBJ, 0x04), (ARCHIVE_ENTRY_ACL_GROUP, 0x08),
        (ARCHIVE_ENTRY_ACL_MASK, 0x10), (ARCHIVE_ENTRY_ACL_OTHER, 0x20),
    ]

    /// An entry's list as an attribute; nil where it has none.
    ///
    /// GNU tar writes names without numbers: they are looked up in the accounts, as GNU tar does.
    static func read(
        _ entry: OpaquePointer, isDefault: Bool, of member: [UInt8], _ accounts: Accounts.Numbers
    ) throws(ArchiveError) -> Attribute? {
        let wanted = isDefault ? ARCHIVE_ENTRY_ACL_TYPE_DEFAULT : ARCHIVE_ENTRY_ACL_TYPE_ACCESS
        guard unsafe archive_entry_acl_reset(entry, wanted) > 0 else { return nil }
        var rows: [(tag: UInt16, bits: UInt16, id: UInt32)] = []
        var (type, bits, tag, id): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
        var name: UnsafePointer<CChar>?
        while unsafe archive_entry_acl_next(entry, wanted, &type, &bits, &tag, &id, &name) == ARCHIVE_OK {
            guard let row = tags.first(where: { $0.archive == tag }) else { continue }
            let isNamed = row.kernel == 0x02 || row.kernel == 0x08
            var number = isNamed ? UInt32(bitPattern: id) : .max
            if isNamed, id < 0 {
                let text = unsafe bytes(name) ?? []
                let known = row.kernel == 0x02 ? accounts.user(text) : accounts.group(text)
                guard let known else {
                    let kind = row.kernel == 0x02 ? "user" : "group"
                    let words = String(decoding: text, as: UTF8.self)
                    throw ArchiveError(
                        member, "its access list names the \(kind) \"\(words)\", which has no number here")
                }
                number = known
            }
            rows.append((row.kernel, UInt16(bits & 7), number))
        }
        rows.sort { ($0.tag, $0.id) < ($1.tag, $1.id) }
        var value: [UInt8] = [2, 0, 0, 0]
        for row in rows {
            value += [UInt8(row.tag), 0, UInt8(row.bits), 0]
            value += (0..<4).map { UInt8(truncatingIfNeeded: row.id >> ($0 * 8)) }
        }
        return Attribute(name: isDefault ? defaultName : accessName, value: value)
    }

    /// Gives an entry the list that an attribute holds.
    static func write(_ attribute: Attribute, to entry: OpaquePointer) {
        let type =
            attribute.name == defaultName ? ARCHIVE_ENTRY_ACL_TYPE_DEFAULT : ARCHIVE_ENTRY_ACL_TYPE_ACCESS
        var rest = attribute.value.dropFirst(4)
        while rest.count >= 8 {
            let row = Array(rest.prefix(8))
            rest = rest.dropFirst(8)
            guard let tag = tags.first(where: { $0.kernel == UInt16(row[0]) | UInt16(row[1]) << 8 }) else {
                continue
            }
            let id = (0..<4).reduce(UInt32(0)) { $0 | UInt32(row[4 + $1]) << UInt32($1 * 8) }
            _ = unsafe archive_entry_acl_add_entry(
                entry, type, Int32(row[2]), tag.archive, Int32(bitPattern: id), nil)
        }
    }
}
