internal import CEdit
internal import Glibc
internal import Kernel

/// The keys beyond libedit's own: editrc(5) names the commands.
extension LineEditor {
    /// The character that stands for the beginning of a paste: APC, which no keyboard has.
    static let pasteKey: UInt32 = 0x9f

    func bindKeys(_ keys: Keys, hasUnicode: Bool) {
        unsafe withWide(wide(keys.rawValue)) { unsafe _ = ce_set_keys(editor, $0) }
        unsafe add("tupper-complete", "Complete the word before the cursor.") { editor, _ in
            unsafe LineEditor.of(editor)?.completeWord() ?? UInt8(CC_ERROR)
        }
        unsafe add("tupper-paste", "Take what the terminal marks as pasted.") { editor, _ in
            unsafe LineEditor.of(editor)?.paste() ?? UInt8(CC_ERROR)
        }
        bindOwn(for: keys)
        for (key, command) in [
            ("\\e[3~", "ed-delete-next-char"),
            ("\\e[1~", "ed-move-to-beg"), ("\\e[4~", "ed-move-to-end"), ("\\e[H", "ed-move-to-beg"),
            ("\\e[F", "ed-move-to-end"), ("\\e[1;5C", "em-next-word"), ("\\e[1;5D", "ed-prev-word"),
        ] {
            bind(key, command, inCommandMode: keys == .vi)
        }
        // Without this such a letter would be taken for a Meta key.
        if !hasUnicode {
            for letter in UInt32(0xa0)...0xff {
                unsafe withWide([letter]) { key in
                    unsafe withWide(wide("ed-insert")) { unsafe _ = ce_bind(editor, 0, key, $0) }
                }
            }
        }
    }

    /// Carries out a file of editrc(5), line by line: libedit crashes on lines that are longer than its own memory for one.
    func carryOut(_ file: String) {
        guard
            let bytes = try? Descriptor.open(Path(file), O_RDONLY | O_NONBLOCK | O_NOCTTY).readToEnd(
                limit: 1 << 20)
        else { return }
        for line in bytes.split(separator: 10) where line.count <= 1000 && !line.contains(0) {
            let text = line.drop { $0 == 32 || $0 == 9 }
            guard let first = text.first, first != UInt8(ascii: "#") else { continue }
            unsafe withWide(WideText.characters(Array(text))) { unsafe ce_carry_out(editor, $0) }
        }
    }

    /// The settings file may have changed over to the other keys, which takes all bindings back.
    func bindAgain(after keys: Keys) {
        guard let name = unsafe ce_keys(editor) else { return }
        let now: Keys = unsafe name.pointee == wchar_t(UInt8(ascii: "v")) ? .vi : .emacs
        if now != keys { bindOwn(for: now) }
    }

    private func bindOwn(for keys: Keys) {
        let paste = String(Character(Unicode.Scalar(UInt8(Self.pasteKey))))
        for inCommandMode in keys == .vi ? [false, true] : [false] {
            bind(paste, "tupper-paste", inCommandMode: inCommandMode)
            bind("^R", "em-inc-search-prev", inCommandMode: inCommandMode)
        }
        bind("^I", "tupper-complete")
    }

    private func wide(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }

    private func bind(_ key: String, _ command: String, inCommandMode: Bool = false) {
        unsafe withWide(wide(key)) { key in
            unsafe withWide(wide(command)) { unsafe _ = ce_bind(editor, inCommandMode ? 1 : 0, key, $0) }
        }
    }

    private func add(_ name: String, _ summary: String, _ function: ce_function) {
        // libedit keeps both texts.
        unsafe kept(name) { name in
            unsafe kept(summary) { unsafe _ = ce_add_function(editor, name, $0, function) }
        }
    }

    private func completeWord() -> UInt8 {
        let before = WideText.bytes(line.before)
        let completion = complete(before)
        let start = min(max(completion.start, 0), before.count)
        let typed = before[start...]
        guard let first = completion.candidates.first else { return UInt8(CC_REFRESH_BEEP) }
        if completion.candidates.count == 1 {
            replace(typed, with: first.text + Array(first.suffix.utf8))
            return UInt8(CC_REFRESH)
        }
        let common = completion.commonText
        if common.count > typed.count {
            replace(typed, with: common)
            return UInt8(CC_REFRESH)
        }
        showBelow(completion.listing(columns: columns, rows: max(rows - 4, 4)))
        return UInt8(CC_NORM)
    }

    private func replace(_ typed: ArraySlice<UInt8>, with text: [UInt8]) {
        let count = WideText.characters(Array(typed)).count
        if count > 0 { unsafe el_deletestr(editor, Int32(clamping: count)) }
        insert(WideText.characters(text))
    }

    /// Takes everything up to the terminal's mark for the end of a paste into the line.
    private func paste() -> UInt8 {
        let mark = Array("\u{1b}[201~".utf8)
        var text: [UInt8] = []
        // A terminal that never says so must not take the keyboard away for good.
        while !text.suffix(mark.count).elementsEqual(mark) {
            guard let byte = nextByte(timeout: 10_000) else { break }
            text.append(byte)
            if unread.isEmpty { unread = Keyboard.readAhead(limit: 4096) }
        }
        if text.suffix(mark.count).elementsEqual(mark) { text.removeLast(mark.count) }
        // A terminal sends its Enter key for the end of a line; NUL would end the text.
        text = text.map { $0 == 13 ? 10 : $0 }.filter { $0 != 0 }
        insert(WideText.characters(text))
        return UInt8(CC_REFRESH)
    }
}

/// Calls `body` with text that stays for good.
private func kept(_ text: String, _ body: (UnsafePointer<wchar_t>) -> Void) {
    let characters = text.unicodeScalars.map(\.value) + [0]
    let memory = UnsafeMutablePointer<UInt32>.allocate(capacity: characters.count)
    unsafe memory.initialize(from: characters, count: characters.count)
    unsafe body(UnsafeRawPointer(memory).assumingMemoryBound(to: wchar_t.self))
}
