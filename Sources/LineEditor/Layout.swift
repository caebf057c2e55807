internal import CEdit

/// Where text lies on the screen: what libedit works out for itself and tells nobody.
struct Layout {
    let columns: Int
    private(set) var row = 0
    private(set) var column = 0

    init(columns: Int) { self.columns = max(columns, 1) }

    mutating func place(_ characters: some Sequence<UInt32>) {
        for character in characters {
            switch character {
            case 10: (row, column) = (row + 1, 0)
            case 9: advance(8 - column % 8)
            case 0..<32, 127: advance(2)
            default: advance(Self.width(character))
            }
        }
    }

    private mutating func advance(_ width: Int) {
        if column + width > columns { (row, column) = (row + 1, 0) }
        column += width
        if column >= columns { (row, column) = (row + 1, 0) }
    }

    /// What does not print shows as its number.
    private static func width(_ character: UInt32) -> Int {
        let width = Int(wcwidth(wchar_t(truncatingIfNeeded: character)))
        return width >= 0 ? width : character > 0xffff ? 8 : 7
    }
}
