import Testing

@testable import LineEditor

@Suite("Wide text")
struct WideTextTests {
    @Test(
        "any bytes come back as they were",
        arguments: [
            Array("grün 漢字 🙂".utf8), [0xff, 0xfe], [0xc3], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf5, 0x80],
            [0x61, 0xe4, 0x62], [0xc0, 0x80], [],
        ] as [[UInt8]])
    func roundTrip(_ bytes: [UInt8]) {
        #expect(WideText.bytes(WideText.characters(bytes)) == bytes)
    }

    @Test("a character of several bytes is one, a stray byte a surrogate")
    func characters() {
        #expect(WideText.characters([0x61, 0xc3, 0xa4, 0xff]) == [0x61, 0xe4, 0xdcff])
    }
}
