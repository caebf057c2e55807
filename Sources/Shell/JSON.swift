internal import LuaHost

extension Value {
    /// As JSON on one line: a table with the keys 1, 2, 3, ... is an array, any other an object. Bytes that are not
    /// UTF-8 become `{"base64": "..."}`; what JSON lacks, as a number that is not finite, becomes null.
    var json: String {
        switch self {
        case .absent: return "null"
        case .boolean(let flag): return flag ? "true" : "false"
        case .integer(let number): return "\(number)"
        case .number(let number): return number.isFinite ? "\(number)" : "null"
        case .bytes(let bytes):
            guard let text = String(validating: bytes, as: UTF8.self) else {
                return "{\"base64\":\"\(base64(bytes))\"}"
            }
            return jsonString(text)
        case .table(let entries):
            let isList = entries.enumerated().allSatisfy { $0.element.key == .integer(Int64($0.offset) + 1) }
            if isList { return "[" + entries.map(\.value.json).joined(separator: ",") + "]" }
            let fields = entries.map { "\(jsonString($0.key.keyText)):\($0.value.json)" }
            return "{" + fields.joined(separator: ",") + "}"
        }
    }

    /// A key of an object.
    private var keyText: String {
        switch self {
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .boolean(let flag): "\(flag)"
        case .absent, .table: ""
        }
    }
}

/// Text as a JSON string (RFC 8259). No tag and no comment of HTML can begin in it, so that it stands safely in a page.
private func jsonString(_ text: String) -> String {
    var output = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": output += "\\\""
        case "\\": output += "\\\\"
        case "\n": output += "\\n"
        case "\t": output += "\\t"
        case _ where scalar.value < 32 || [127, 0x2028, 0x2029].contains(scalar.value), "<", ">", "&":
            let digits = String(scalar.value, radix: 16)
            output += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
        default: output.unicodeScalars.append(scalar)
        }
    }
    return output + "\""
}

/// Bytes as text of RFC 4648, section 4.
private func base64(_ bytes: [UInt8]) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var output: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let padded = Array(group) + [UInt8](repeating: 0, count: 3 - group.count)
        let number = padded.reduce(0) { $0 << 8 | Int($1) }
        let digits = [18, 12, 6, 0].map { letters[number >> $0 & 63] }
        output += digits.prefix(group.count + 1) + [UInt8](repeating: 61, count: 3 - group.count)
    }
    return String(decoding: output, as: UTF8.self)
}
